import {
  compareStructs,
  diffKernelFunctions,
  diffKernelStructs,
} from '../../../electron/backend/target/kernel-diff.ts';
import { encodeBatch } from '../../../shared/capture/batch.ts';
import {
  FLAG_DEVICE,
  FLAG_SKB,
  emptyRecord,
  PACKET_BYTES,
  RECORD_BYTES,
  writeRecord,
} from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import type {
  BackendHandlers,
  Page,
  PreparedProbe,
  RunTotals,
  Survey,
} from '../../../shared/contract/api.ts';
import { filterNames } from '../../../renderer/state/filter-names.ts';
import { compileWhere } from '../../../shared/filter/compile.ts';
import { engineWhy } from '../../../shared/probe/engine-why.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { serveBackend } from '../../../shared/contract/rpc.ts';
import type { Transport } from '../../../shared/contract/transport.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import { verdictCode } from '../../../shared/packet/verdict.ts';
import { verdictInput } from '../../../shared/probe/record-verdict.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { Profile } from '../../../shared/profile/schema.ts';
import { fakeFunctions } from './fake-functions.ts';
import { fakeKernel } from './fake-kernel.ts';
import type { FakeKernel } from './fake-kernel.ts';
import { greet } from './connecting.ts';
import { pointDetails, probePoints } from './probe-points.ts';
import { fakeTarget, targetState } from './target-state.ts';
import type { FakeTarget } from './target-state.ts';
import { arp, corrupt, echoRequest, ethernetFrame, ipv6 } from './packets.ts';

/**
 * A backend for working on the page and for its browser tests: it answers every call of the
 * contract and speaks the real wire, but there is no target behind it. Never part of the product.
 */
export interface FakeOptions {
  /** Events a second of a running probe. */
  readonly rate: number;
  readonly functions: number;
  /** Host names; some behave as connecting.ts says. */
  readonly hosts: readonly string[];
  /** The files of the ssh config, in turn; one if not given. */
  readonly sources?: readonly string[];
  /** Secrets in the keychain. */
  readonly kept?: number;
}

export interface FakeBackend {
  readonly transport: Transport;
  readonly credited: () => number;
  readonly ran: string[];
  /** The page as the backend sees it, to tell and to ask anything. */
  readonly page: () => Page;
  /** Ends a session as a lost connection does; the first one unless it is named. */
  lose(session?: string): void;
  /** Ends the backend itself, as a crash of its process does. */
  end(): void;
}

export function fakeBackend(options: FakeOptions): FakeBackend {
  const channel = new MessageChannel();
  const [here, there] = [wrap(channel.port1), wrap(channel.port2)];
  const state = { credited: 0 };
  const ran: string[] = [];
  const hosts = new Map<string, string>();
  let page: Page | null = null;
  serveBackend(there, (made) => {
    page = made;
    return handlersFor(made, options, state, ran, hosts);
  });
  return {
    transport: here,
    end: () => channel.port1.dispatchEvent(new Event('close')),
    credited: () => state.credited,
    ran,
    page: () => {
      if (!page) throw new Error('no page yet');
      return page;
    },
    lose: (session = 's1') =>
      page?.event('sessionLost', {
        session,
        failure: new Fail('connection-lost', {
          host: hosts.get(session) ?? '',
          message: 'no answer for 15 s',
        }).failure,
      }),
  };
}

function handlersFor(
  page: Page,
  options: FakeOptions,
  state: { credited: number },
  ran: string[],
  /** By session. */
  connected: Map<string, string>,
): BackendHandlers {
  const profiles = new Map<string, Profile>();
  const stops = new Map<number, () => void>();
  const cancelled = new EventTarget();
  let runs = 0;
  const fake = fakeTarget();
  const recording = { kernel: '6.1.0-42-cloud-amd64', bpftrace: '0.17.0', recorded: '2026-11-20' };
  const command = (session: string, text: string, purpose: string): void =>
    page.event('commandRan', { session, command: text, purpose });
  const kernelFunctions = fakeFunctions(options.functions);
  const kernel = fakeKernel();
  const newer = fakeKernel(true);
  /** The first session has one kernel, all others have a newer one. */
  const kernelOf = (session: string): FakeKernel => (session === 's1' ? kernel : newer);

  const open = async (host: string, replay: boolean) => {
    const session = `s${connected.size + 1}`;
    connected.set(session, host);
    page.event('progress', { session, what: 'survey', done: 0, total: null });
    for (const text of ['uname -rm', 'bpftrace --info', 'cat /sys/kernel/security/lockdown'])
      command(session, text, 'survey');
    return {
      session,
      host,
      user: 'root',
      address: replay ? '127.0.0.1' : '192.0.2.40',
      port: 22,
      hostKey: 'SHA256:0vZ4aXlKqEwM3xT2nBhRk8cYpJ6sUoQf1dGiWmLy7Vs',
      replay: replay ? recording : null,
    };
  };

  return {
    appInfo: async () => ({
      version: '0.1.0',
      shell: 'browser',
      demo: recording,
      keptSecrets: options.kept ?? 0,
    }),
    forgetSecrets: async () => null,
    hosts: async () =>
      options.hosts.map((host, index) => ({
        host,
        resolved: `root@192.0.2.${40 + index}`,
        source: options.sources?.[index % options.sources.length] ?? '/home/me/.ssh/config',
      })),
    connect: async ({ host }) => {
      await greet(page, `s${connected.size + 1}`, host, cancelled);
      return open(host, false);
    },
    connectDemo: async () => open('demo', true),
    cancelConnect: async ({ session }) => {
      cancelled.dispatchEvent(new Event(session));
      return null;
    },
    reconnect: async ({ session }) => {
      page.event('sessionLink', { session, state: { kind: 'connecting', attempt: 1 } });
      page.event('sessionLink', { session, state: { kind: 'resumed' } });
      return null;
    },
    disconnect: async () => null,
    survey: async () => surveyOf(),
    functions: async ({ session }) => {
      command(session, "bpftrace -lv 'kfunc:*'", 'functions');
      return kernelFunctions.search('');
    },
    functionTable: async () => {
      setTimeout(() => kernelFunctions.prepareSearch(), 200);
      return kernelFunctions.table();
    },
    functionGroups: async ({ pivot }) => kernelFunctions.groups(pivot),
    matchFunctions: async ({ query, limit }) => kernelFunctions.match(query, limit),
    signatures: async ({ entries }) => entries.map((entry) => kernelFunctions.signature(entry)),
    functionDetails: async ({ name }) => {
      const details = kernelFunctions.details(name);
      if (!details) throw new Fail('function-unknown', { function: name, host: 'edge-01' });
      return details;
    },
    ...probePoints(kernelFunctions, (session) => connected.get(session) === 'demo'),
    fellowFunctions: async ({ name }) => kernelFunctions.fellows(name),
    structs: async ({ name }) => kernel.structs.layouts(name),
    namedTypes: async ({ name }) => kernel.structs.namedTypes(name),
    structNames: async ({ query, limit }) => kernel.structs.named(query, limit),
    structMembers: async (place) => kernel.structs.body(place),
    structAt: async ({ offset, ...place }) => kernel.structs.at(place, offset),
    structUsers: async (place) => kernel.structs.users(place),
    compareStructs: async ({ before, after }) =>
      compareStructs(
        { types: kernelOf(before.session), place: before },
        { types: kernelOf(after.session), place: after },
      ),
    diffFunctions: async ({ before, after }) => diffKernelFunctions(kernelOf(before), kernelOf(after)),
    diffStructs: async ({ before, after }) => diffKernelStructs(kernelOf(before), kernelOf(after)),
    openBtf: async ({ file, packed, base }) => {
      ran.push(`openBtf ${file} ${packed.length}${base === undefined ? '' : ` on ${base}`}`);
      if (file.startsWith('damaged')) throw new Fail('btf-damaged', { origin: file, message: 'too short' });
      return {
        ...{ session: `file-${file}`, host: file, user: '', address: '', port: 0, hostKey: '', replay: null },
        btf: { file, bytes: 5_200_000 },
      };
    },
    ...targetState(page, fake, command),
    prepareProbe: async ({ spec }) => {
      const entry = kernelFunctions.details(spec.function) ?? pointDetails(spec.function);
      if (!entry) throw new Fail('function-unknown', { function: spec.function, host: 'edge-01' });
      if (spec.filter !== 'none' && !entry.signature.includes('sk_buff'))
        throw new Fail('function-without-sk_buff', { function: spec.function, filter: spec.filter });
      return {
        engine: 'bpftrace',
        ...pointsOf(spec, entry),
        why: engineWhy('trampolines', { version: '0.17.0' }),
        where: partsOf(spec, entry),
        script: scriptOf(spec),
        command: 'bpftrace -B line -q /dev/stdin',
        signature: entry.signature,
        feedsItself: spec.script !== null && !spec.script.includes('$own = 1'),
        expects: 'ipv4 header at skb->data',
      };
    },
    startProbe: async ({ session, spec }) => {
      const run = ++runs;
      command(session, `bpftrace -B line -q /dev/stdin <<'EOF'\n${scriptOf(spec)}EOF`, 'probe');
      stops.set(run, produce(page, fake, session, run, spec, options.rate));
      const entry = kernelFunctions.details(spec.function);
      return { run, engine: 'bpftrace', ...pointsOf(spec, entry), reasons: {}, feedsItself: false };
    },
    stopProbe: async ({ run }) => {
      stops.get(run)?.();
      stops.delete(run);
      return null;
    },
    credit: async ({ bytes }) => {
      state.credited += bytes;
      return null;
    },
    wireshark: async ({ linktype, bytes }) => ({
      text: `Raw packet data (${linktype})\nInternet Protocol, bogus version (${bytes.slice(0, 1)})`,
      protocols: ['raw', 'ip'],
    }),
    profiles: async () => [...profiles.values()],
    saveProfile: async ({ profile }) => {
      ran.push(`save ${profile.name}`);
      profiles.set(profile.name, profile);
      return null;
    },
    deleteProfile: async ({ name }) => {
      profiles.delete(name);
      return null;
    },
  };
}

/** Sends events until it is stopped; returns the stop. */
function produce(
  page: Page,
  fake: FakeTarget,
  session: string,
  run: number,
  spec: ProbeSpec,
  rate: number,
): () => void {
  const totals: { -readonly [K in keyof RunTotals]: number } = {
    seen: 0,
    matched: 0,
    received: 0,
    limited: 0,
    lost: 0,
    own: 0,
  };
  let seq = 0;
  let owed = 0;
  let last = Date.now();
  const tell = (state: Parameters<Page['event']>[1] extends never ? never : 'attached' | 'stopping'): void =>
    page.event('runState', {
      run,
      session,
      state: state === 'attached' ? { kind: 'attached', seconds: 1.8 } : { kind: 'stopping' },
      totals: { ...totals },
    });
  page.event('runState', { run, session, state: { kind: 'starting' }, totals: { ...totals } });
  setTimeout(() => tell('attached'), 120);

  const send = (): void => {
    const now = Date.now();
    owed += ((now - last) * rate) / 1000;
    last = now;
    const count = Math.min(Math.floor(owed), 20_000);
    owed -= count;
    if (count === 0) return;
    const records = new Uint8Array(count * RECORD_BYTES);
    const view = new DataView(records.buffer);
    for (let index = 0; index < count; index++) {
      const record = recordOf(++seq, spec);
      record.ns = BigInt(Math.round(fake.uptime() * 1e9)) + BigInt(index);
      const input = verdictInput(record, spec);
      if (input) {
        const judged = verdictCode(input);
        record.verdict = VERDICT_KINDS.indexOf(judged.kind);
        record.headerAt = judged.headerAt;
      }
      const first = record.bytes[-record.window] ?? 0;
      if (record.verdict !== 0) fake.errors++;
      if (record.verdict !== 0 && first >= 0x45 && first <= 0x4f) fake.checksumErrors++;
      writeRecord(view, index * RECORD_BYTES, record);
    }
    totals.received += count;
    totals.matched += count;
    totals.seen += count * 7;
    totals.own += 2;
    page.batch(encodeBatch(run, records));
  };
  const timer = setInterval(send, 20);
  const telling = setInterval(() => {
    tell('attached');
    const load = { load: 1.42, loadAtAttach: 0.8, cpus: 4, busyPercent: 31, ourPercent: 2.4 };
    page.event('runLoad', { run, session, load: { ...load, engine: 'bpftrace' } });
  }, 1000);
  return () => {
    clearInterval(timer);
    clearInterval(telling);
    tell('stopping');
    setTimeout(
      () =>
        page.event('runState', {
          run,
          session,
          state: { kind: 'stopped', reason: 'user', totals: { ...totals } },
          totals: { ...totals },
        }),
      300,
    );
  };
}

function recordOf(seq: number, spec: ProbeSpec): EventRecord {
  const turn = seq % 12;
  const bad = spec.filter === 'bad-ip-header';
  const packet = bad
    ? ethernetFrame(seq, turn === 7 ? 0x0a : 0x02)
    : turn === 3
      ? ethernetFrame(seq)
      : turn === 5
        ? ethernetFrame(seq, 0x45)
        : turn === 8
          ? corrupt(seq)
          : turn === 9
            ? ipv6()
            : turn === 10
              ? arp()
              : turn === 11
                ? new Uint8Array(40)
                : echoRequest(seq);
  const before = new Uint8Array(16);
  before.set([0, 0, 0x08, 0], 12);
  const bytes = new Uint8Array(Math.min(PACKET_BYTES, before.length + packet.length));
  bytes.set(before);
  bytes.set(packet.subarray(0, bytes.length - before.length), before.length);
  return {
    ...emptyRecord(bytes),
    seq,
    flags: FLAG_SKB | FLAG_DEVICE,
    values: spec.fields.map((_, at) => BigInt(1500 + at)),
    skb: 0xffff8880041c0000n + BigInt(seq % 8) * 256n,
    cpu: seq % 2,
    ns: 81_230_000_000_000n + BigInt(seq) * 100_000_000n,
    pid: seq % 3 === 0 ? 0 : 1432,
    headerAt: null,
    window: -before.length,
    macLen: 0,
    len: packet.length,
    dataLen: 0,
    protocol: 0x0800,
    deviceType: 768,
    hardHeaderLength: 0,
    pktType: 0,
    ifindex: 7,
    netns: 4026532281,
    headroom: 66,
    macHeader: 0,
    networkHeader: 0,
    device: 'ipip-r',
    comm: seq % 3 === 0 ? 'swapper/0' : 'ksoftirqd/1',
  };
}

function pointsOf(
  spec: ProbeSpec,
  entry: { readonly signature: string } | null,
): Pick<PreparedProbe, 'points' | 'fields'> {
  const captures = entry === null || entry.signature.includes('sk_buff') ? 'packet' : 'arguments';
  const point = { name: spec.function, kind: 'function', edge: 'entry', captures } as const;
  return { points: [{ ...point, pointer: 'data', parameters: [] }], fields: spec.fields };
}

/** Where the parts of a filter run, as the real engine would say. */
function partsOf(spec: ProbeSpec, entry: { readonly signature: string } | null): PreparedProbe['where'] {
  const { points, fields } = pointsOf(spec, entry);
  const parameters = [{ name: 'skb', type: 'struct sk_buff *' }];
  const names = filterNames(spec, points, fields, parameters);
  return compileWhere(spec.where, names, { engine: 'bpftrace', argument: (name) => `args->${name}` }).parts;
}

function surveyOf(): Survey {
  return {
    items: [
      { id: 'kernel', state: 'ok', value: '6.1.0-42-cloud-amd64 (edge-01)', remedy: '' },
      { id: 'architecture', state: 'ok', value: 'x86_64', remedy: '' },
      { id: 'btf', state: 'ok', value: '/sys/kernel/btf/vmlinux, 5200000 bytes', remedy: '' },
      { id: 'bpftrace', state: 'ok', value: '0.17.0, BTF probes are called kfunc', remedy: '' },
      { id: 'privilege', state: 'ok', value: 'root', remedy: '' },
      {
        id: 'tracefs',
        state: 'warn',
        value: 'not readable',
        remedy: 'Mount it: mount -t tracefs tracefs /sys/kernel/tracing.',
      },
      { id: 'lockdown', state: 'ok', value: 'none', remedy: '' },
      {
        id: 'own-traffic',
        state: 'ok',
        value: '192.0.2.1:51122 - 192.0.2.40:22',
        remedy: '',
      },
    ],
    facts: {
      hostname: 'edge-01',
      release: '6.1.0-42-cloud-amd64',
      machine: 'x86_64',
      btfBytes: 5_200_000,
      bpftrace: { version: '0.17.0', major: 0, minor: 17 },
      uid: 0,
      tracefs: null,
      lockdown: 'none',
      connection: {
        clientAddress: '192.0.2.1',
        clientPort: 51122,
        serverAddress: '192.0.2.40',
        serverPort: 22,
      },
      clockOffset: '1795363200000000000',
    },
  };
}

function scriptOf(spec: ProbeSpec): string {
  return `/* skblens: ${spec.function}, filter ${spec.filter} */
BEGIN { printf("k attached\\n"); }
kfunc:vmlinux:${spec.function} {
  $s = args->skb;
  $p = $s->data;
  if (${spec.filter === 'none' ? '1' : '(*(uint8 *)$p & 0xf) < 5 || (*(uint8 *)$p >> 4) != 4'}) {
    @matched = count();
    printf("k %llu %d %d %s\\n", nsecs, cpu, pid, comm);
  }
}
interval:s:1 { print(@matched); }
`;
}

function wrap(port: MessagePort): Transport {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.onmessage = (event: MessageEvent<string | Uint8Array>) => listener(event.data);
    },
    onClose: (listener) => port.addEventListener('close', listener),
    close: () => port.close(),
  };
}
