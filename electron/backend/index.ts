import type { AppInfo, BackendHandlers, Page, RecordingInfo } from '../../shared/contract/api.ts';
import { Fail } from '../../shared/contract/failure.ts';
import { readWithWireshark } from './local/tshark.ts';
import { KernelCache } from './target/btf-cache.ts';
import { compareStructs, diffKernelFunctions, diffKernelStructs } from './target/kernel-diff.ts';
import { keptHostKernel, openHostKernel } from './target/host-kernel.ts';
import type { HostKernel } from './target/host-kernel.ts';
import type { KernelTypes } from './target/kernel-types.ts';
import { openSentFile } from './target/opened-btf.ts';
import type { OpenedBtf } from './target/opened-btf.ts';
import { ProfileStore } from './profiles/store.ts';
import type { SecretStore } from './secret-store.ts';
import { Session } from './session.ts';
import { resolveHost } from './ssh/config.ts';
import type { HostConfig, SshOverrides } from './ssh/config.ts';
import { connect } from './ssh/connection.ts';
import { listHosts } from './ssh/host-list.ts';
import { pageAsker } from './ssh/page-asker.ts';
import { listPoints } from './trace/point-list.ts';
import type { Run } from './trace/run.ts';

/** The demo target: an SSH server on loopback that replays a recording. */
export interface DemoTarget {
  readonly recording: RecordingInfo;
  /** Starts it if need be; how to connect to it, its host key known. */
  start(): Promise<HostConfig>;
}

export interface BackendDeps {
  readonly version: string;
  readonly shell: AppInfo['shell'];
  readonly profileDirectory: string;
  /** Where downloaded kernels are kept. */
  readonly cacheDirectory: string;
  readonly ssh: SshOverrides;
  readonly demo: DemoTarget | null;
  /** Absent where nothing is kept beyond a run: in a browser, and on the command line. */
  readonly secrets?: SecretStore;
}

/** The backend for one page, window or command: what it opened ends with it. */
export interface BackendClient {
  readonly handlers: BackendHandlers;
  close(): Promise<void>;
}

/** What a caller in the same process may have beside: the types of a session's kernel themselves. */
export interface InProcessClient extends BackendClient {
  types(this: void, session: string): Promise<KernelTypes>;
  /** The kernel of a host without a session: by a command or two, or `offline`, as it was when last asked. */
  hostKernel(this: void, host: string, offline: boolean): Promise<HostKernel>;
}

/** Everything skblens does, whatever shows it: an Electron window, a browser, a command line. Imports no Electron. */
export function createBackend(deps: BackendDeps): { open(page: Page): InProcessClient } {
  const profiles = new ProfileStore(deps.profileDirectory);
  const cache = new KernelCache(deps.cacheDirectory);
  let lastRun = 0;
  let lastSession = 0;
  const passphrases = new Map<string, string>();
  return { open };

  function open(page: Page): InProcessClient {
    const sessions = new Map<string, Session>();
    const connecting = new Map<string, AbortController>();
    /** BTF files that were opened without a host. */
    const files = new Map<string, OpenedBtf>();
    const closing = new AbortController();

    /** What is known of a kernel stays known while its connection is lost. */
    const typesOf = async (id: string): Promise<KernelTypes> =>
      files.get(id)?.types ?? sessions.get(id)?.knownTypes ?? find(id).types();
    const find = (id: string): Session => {
      if (files.has(id)) throw new Fail('btf-only');
      const session = sessions.get(id);
      if (session === undefined || session.closed) throw new Fail('not-connected', { session: id });
      return session;
    };
    const findRun = (id: number): Run => {
      for (const session of sessions.values()) {
        const run = session.run(id);
        if (run) return run;
      }
      throw new Fail('run-unknown', { run: id });
    };
    const openSession = async (
      config: HostConfig,
      replay: RecordingInfo | null,
    ): Promise<Session['info']> => {
      const id = `s${++lastSession}`;
      page.event('progress', { session: id, what: 'connect', done: 0, total: null });
      const cancel = new AbortController();
      const signal = AbortSignal.any([closing.signal, cancel.signal]);
      connecting.set(id, cancel);
      try {
        const asker = pageAsker(page, id, passphrases, deps.secrets);
        const connection = await connect(config, asker, signal);
        page.event('progress', { session: id, what: 'survey', done: 0, total: null });
        const abandon = (): void => connection.close();
        signal.addEventListener('abort', abandon, { once: true });
        const session = await Session.open(id, connection, replay, page, cache, asker);
        signal.removeEventListener('abort', abandon);
        sessions.set(id, session);
        if (signal.aborted) throw new Fail('cancelled');
        return session.info;
      } catch (error) {
        await sessions.get(id)?.close();
        sessions.delete(id);
        throw signal.aborted ? new Fail('cancelled') : error;
      } finally {
        connecting.delete(id);
      }
    };

    const handlers: BackendHandlers = {
      appInfo: async () => ({
        version: deps.version,
        shell: deps.shell,
        demo: deps.demo?.recording ?? null,
        ...(deps.secrets && { keptSecrets: await deps.secrets.count().catch(() => 0) }),
      }),
      forgetSecrets: async () => {
        await deps.secrets?.forgetAll();
        return null;
      },
      hosts: async () => listHosts(deps.ssh),
      connect: async ({ host }) => openSession(await resolveHost(host, deps.ssh), null),
      connectDemo: async () => {
        if (deps.demo === null) throw new Fail('recording-missing', { message: 'none was built in' });
        return openSession(await deps.demo.start(), deps.demo.recording);
      },
      cancelConnect: async ({ session }) => {
        connecting.get(session)?.abort();
        return null;
      },
      reconnect: async ({ session }) => {
        const lost = sessions.get(session);
        if (lost === undefined) throw new Fail('not-connected', { session });
        await lost.reconnect();
        return null;
      },
      disconnect: async ({ session }) => {
        files.delete(session);
        await sessions.get(session)?.close();
        sessions.delete(session);
        return null;
      },
      survey: async ({ session }) => find(session).survey,
      functions: async ({ session, query }) => (await typesOf(session)).functions.search(query),
      functionTable: async ({ session }) => {
        const { functions } = await typesOf(session);
        setTimeout(() => functions.prepareSearch(), 200).unref();
        return functions.table();
      },
      functionGroups: async ({ session, pivot }) => (await typesOf(session)).functions.groups(pivot),
      matchFunctions: async ({ session, query, limit }) =>
        (await typesOf(session)).functions.match(query, limit),
      signatures: async ({ session, entries }) => {
        const { functions } = await typesOf(session);
        return entries.map((entry) => (entry < functions.size ? functions.signature(entry) : ''));
      },
      functionDetails: async ({ session, name }) => {
        const details = (await typesOf(session)).functions.details(name);
        const host = sessions.get(session)?.info.host ?? session;
        if (details === null) throw new Fail('function-unknown', { function: name, host });
        return details;
      },
      probePoints: async ({ session, kind, query }) =>
        listPoints(kind, query, {
          tracepoints: async () => find(session).tracepoints.names(),
          types: () => typesOf(session),
          bpftrace: sessions.get(session)?.survey.facts.bpftrace,
        }),
      tracepointFields: async ({ session, name }) => find(session).tracepoints.fields(name),
      fellowFunctions: async ({ session, name }) => (await typesOf(session)).functions.fellows(name),
      structs: async ({ session, name }) => (await typesOf(session)).structs.layouts(name),
      namedTypes: async ({ session, name }) => (await typesOf(session)).structs.namedTypes(name),
      structNames: async ({ session, query, limit }) => (await typesOf(session)).structs.named(query, limit),
      structMembers: async ({ session, ...place }) => (await typesOf(session)).structs.body(place),
      structAt: async ({ session, offset, ...place }) => (await typesOf(session)).structs.at(place, offset),
      structUsers: async ({ session, ...place }) => (await typesOf(session)).structs.users(place),
      compareStructs: async ({ before, after }) =>
        compareStructs(
          { types: await typesOf(before.session), place: before },
          { types: await typesOf(after.session), place: after },
        ),
      diffFunctions: async ({ before, after }) =>
        diffKernelFunctions(await typesOf(before), await typesOf(after)),
      diffStructs: async ({ before, after }) =>
        diffKernelStructs(await typesOf(before), await typesOf(after)),
      openBtf: async ({ file, packed, base }) => {
        const opened = await openSentFile(packed, file, files.get(base ?? '') ?? null);
        const session = `s${++lastSession}`;
        files.set(session, opened);
        const name = [...opened.files.keys()].join(' + ').slice(0, 255);
        const bytes = [...opened.files.values()].reduce((sum, one) => sum + one.length, 0);
        return {
          session,
          host: name,
          user: '',
          address: '',
          port: 0,
          hostKey: '',
          replay: null,
          btf: { file: name, bytes },
        };
      },
      watchCounters: async ({ session, on, netns }) => {
        await find(session).watchCounters(on, netns ?? null);
        return null;
      },
      networkNamespaces: async ({ session }) => find(session).networkNamespaces(),
      deviceFacts: async ({ session, ifindex, netns }) => find(session).deviceFacts(ifindex, netns),
      probeCost: async ({ session, spec }) => find(session).probeCost(spec),
      prepareProbe: async ({ session, spec }) => find(session).prepare(spec),
      startProbe: async ({ session, spec }) => {
        return find(session).startProbe(++lastRun, spec);
      },
      stopProbe: async ({ run }) => {
        findRun(run).stop('user');
        return null;
      },
      credit: async ({ run, bytes }) => {
        for (const session of sessions.values()) session.run(run)?.credit(bytes);
        return null;
      },
      wireshark: async ({ linktype, bytes }) => readWithWireshark(linktype, Buffer.from(bytes, 'hex')),
      profiles: async () => profiles.list(),
      saveProfile: async ({ profile }) => {
        await profiles.save(profile);
        return null;
      },
      deleteProfile: async ({ name }) => {
        await profiles.remove(name);
        return null;
      },
    };

    const hostKernel = async (host: string, offline: boolean): Promise<HostKernel> => {
      const config = await resolveHost(host, deps.ssh);
      if (offline) return keptHostKernel(config, cache);
      const session = `s${++lastSession}`;
      const asker = pageAsker(page, session, passphrases, deps.secrets);
      const connection = await connect(config, asker, closing.signal);
      closing.signal.addEventListener('abort', () => connection.close(), { once: true });
      const said = (command: string, purpose: string): void =>
        page.event('commandRan', { session, command, purpose });
      return openHostKernel(connection, said, asker, cache);
    };

    const close = async (): Promise<void> => {
      closing.abort();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      sessions.clear();
      files.clear();
    };
    return { handlers, types: typesOf, hostKernel, close };
  }
}
