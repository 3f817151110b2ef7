import type {
  AppInfo,
  BackendHandlers,
  HostEntry,
  HostKeyQuestion,
  Page,
  RecordingInfo,
} from '../../shared/contract/api.ts';
import { Fail } from '../../shared/contract/failure.ts';
import { KernelCache } from './target/btf-cache.ts';
import { ProfileStore } from './profiles/store.ts';
import { Session } from './session.ts';
import { defaultConfigFile, listAliases, resolveHost } from './ssh/config.ts';
import type { HostConfig, SshOverrides } from './ssh/config.ts';
import { connect } from './ssh/connection.ts';
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
}

/** The backend for one page, window or command: what it opened ends with it. */
export interface BackendClient {
  readonly handlers: BackendHandlers;
  close(): Promise<void>;
}

/** Everything skblens does, whatever shows it: an Electron window, a browser, a command line. Imports no Electron. */
export function createBackend(deps: BackendDeps): { open(page: Page): BackendClient } {
  const profiles = new ProfileStore(deps.profileDirectory);
  const cache = new KernelCache(deps.cacheDirectory);
  let lastRun = 0;
  let lastSession = 0;
  return { open };

  function open(page: Page): BackendClient {
    const sessions = new Map<string, Session>();
    const closing = new AbortController();

    const find = (id: string): Session => {
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
      const asker = { hostKey: (question: HostKeyQuestion) => page.ask('hostKey', question) };
      const connection = await connect(config, asker, closing.signal);
      page.event('progress', { session: id, what: 'survey', done: 0, total: null });
      const abandon = (): void => connection.close();
      closing.signal.addEventListener('abort', abandon, { once: true });
      try {
        const session = await Session.open(id, connection, replay, page, cache);
        sessions.set(id, session);
        if (closing.signal.aborted) throw new Fail('cancelled');
        return session.info;
      } catch (error) {
        throw closing.signal.aborted ? new Fail('cancelled') : error;
      } finally {
        closing.signal.removeEventListener('abort', abandon);
      }
    };

    const handlers: BackendHandlers = {
      appInfo: async () => ({ version: deps.version, shell: deps.shell, demo: deps.demo?.recording ?? null }),
      hosts: async () => hosts(deps.ssh),
      connect: async ({ host }) => openSession(await resolveHost(host, deps.ssh), null),
      connectDemo: async () => {
        if (deps.demo === null) throw new Fail('recording-missing', { message: 'none was built in' });
        return openSession(await deps.demo.start(), deps.demo.recording);
      },
      disconnect: async ({ session }) => {
        await sessions.get(session)?.close();
        sessions.delete(session);
        return null;
      },
      survey: async ({ session }) => find(session).survey,
      functions: async ({ session }) => find(session).functions(),
      structs: async ({ session, name }) => find(session).structs(name),
      watchCounters: async ({ session, on }) => {
        await find(session).watchCounters(on);
        return null;
      },
      prepareProbe: async ({ session, spec }) => find(session).prepare(spec),
      startProbe: async ({ session, spec }) => {
        const run = ++lastRun;
        await find(session).startProbe(run, spec);
        return { run };
      },
      stopProbe: async ({ run }) => {
        findRun(run).stop('user');
        return null;
      },
      credit: async ({ run, bytes }) => {
        for (const session of sessions.values()) session.run(run)?.credit(bytes);
        return null;
      },
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

    const close = async (): Promise<void> => {
      closing.abort();
      await Promise.all([...sessions.values()].map((session) => session.close()));
      sessions.clear();
    };
    return { handlers, close };
  }
}

/** The aliases of the ssh config; one that cannot be resolved is listed all the same, with the reason when it is used. */
async function hosts(ssh: SshOverrides): Promise<HostEntry[]> {
  const source = ssh.configFile ?? defaultConfigFile();
  const entries: HostEntry[] = [];
  for (const alias of await listAliases(ssh.configFile))
    entries.push({ host: alias, source, resolved: await describe(alias, ssh) });
  return entries;
}

async function describe(alias: string, ssh: SshOverrides): Promise<string> {
  try {
    const { user, hostName, port } = await resolveHost(alias, ssh);
    return `${user}@${hostName}${port === 22 ? '' : `:${port}`}`;
  } catch (error) {
    return error instanceof Fail ? error.failure.message : alias;
  }
}
