import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { apiCalls } from '../../../shared/contract/api.ts';
import type {
  BackendHandlers,
  CallName,
  Page,
  PageEvents,
  PageQuestions,
} from '../../../shared/contract/api.ts';
import { Fail, failureOf } from '../../../shared/contract/failure.ts';
import { connectBackend, serveBackend } from '../../../shared/contract/rpc.ts';
import type { Transport } from '../../../shared/contract/transport.ts';

type Message = string | Uint8Array;

/** One end of a wire in this process: what it sends is kept, what it hears a test says. */
function end(): Transport & { readonly sent: Message[]; hear(message: Message): void; drop(): void } {
  const sent: Message[] = [];
  const closed: (() => void)[] = [];
  let listener: (message: Message) => void = () => undefined;
  return {
    sent,
    send: (message) => void sent.push(message),
    onMessage: (given) => {
      listener = given;
    },
    onClose: (given) => void closed.push(given),
    close: () => undefined,
    hear: (message) => listener(message),
    drop: () => closed.forEach((given) => given()),
  };
}

const CALLS = Object.keys(apiCalls) as CallName[];

/** A backend whose every call is a spy. */
function spies(): Record<CallName, ReturnType<typeof vi.fn>> {
  return Object.fromEntries(CALLS.map((name) => [name, vi.fn(async () => null)])) as Record<
    CallName,
    ReturnType<typeof vi.fn>
  >;
}

async function call(wire: ReturnType<typeof end>, name: string, input: unknown): Promise<unknown> {
  const id = `i${Math.random()}`;
  wire.hear(JSON.stringify({ t: 'q', m: name, a: [input], i: id }));
  const find = (): Record<string, unknown> | undefined =>
    wire.sent
      .filter((one) => typeof one === 'string')
      .map((one) => JSON.parse(one) as Record<string, unknown>)
      .find((one) => one['t'] === 's' && one['i'] === id);
  await vi.waitFor(() => expect(find()).toBeDefined(), { interval: 1 });
  return find()?.['r'];
}

const SPEC = { function: 'ip_rcv_core' };
/** One good input of every call: a call that is missing here fails the first test. */
const GOOD: { readonly [K in CallName]: unknown } = {
  appInfo: {},
  forgetSecrets: {},
  hosts: {},
  connect: { host: 'web' },
  connectDemo: {},
  cancelConnect: { session: 's1' },
  reconnect: { session: 's1' },
  disconnect: { session: 's1' },
  survey: { session: 's1' },
  functions: { session: 's1' },
  functionTable: { session: 's1' },
  functionGroups: { session: 's1', pivot: 'module' },
  matchFunctions: { session: 's1', query: 'ip rcv' },
  signatures: { session: 's1', entries: [0, 1] },
  functionDetails: { session: 's1', name: 'vmlinux:ip_rcv' },
  probePoints: { session: 's', kind: 'tracepoint' },
  tracepointFields: { session: 's', name: 'skb:kfree_skb' },
  fellowFunctions: { session: 's1', name: 'vmlinux:ip_rcv' },
  structs: { session: 's1', name: 'sk_buff' },
  namedTypes: { session: 's1', name: 'enum skb_drop_reason' },
  structNames: { session: 's1', query: 'sk_b', limit: 50 },
  structMembers: { session: 's1', module: 'vmlinux', type: 1 },
  structAt: { session: 's1', module: 'vmlinux', type: 1, offset: 0 },
  structUsers: { session: 's1', module: 'vmlinux', type: 1 },
  compareStructs: {
    before: { session: 's1', module: 'vmlinux', type: 1 },
    after: { session: 's2', module: 'vmlinux', type: 1 },
  },
  diffFunctions: { before: 's1', after: 's2' },
  diffStructs: { before: 's1', after: 's2' },
  openBtf: { file: 'vmlinux.btf', packed: 'H4sIAAAAAAAAAw==' },
  watchCounters: { session: 's1', on: true },
  networkNamespaces: { session: 's1' },
  deviceFacts: { session: 's1', ifindex: 4, netns: 4026531840 },
  probeCost: { session: 's1', spec: SPEC },
  prepareProbe: { session: 's1', spec: SPEC },
  startProbe: { session: 's1', spec: SPEC },
  stopProbe: { run: 1 },
  credit: { run: 1, bytes: 256 },
  wireshark: { linktype: 1, bytes: '00ff' },
  profiles: {},
  saveProfile: {
    profile: { skblens: 'investigation', version: 1, name: 'n', host: 'web', probe: SPEC },
  },
  deleteProfile: { name: 'n' },
};

describe('the backend’s end', () => {
  test.each(CALLS)('%s: a good input arrives with its defaults, any other never does', async (name) => {
    const wire = end();
    const backend = spies();
    serveBackend(wire, () => backend as unknown as BackendHandlers);
    expect(await call(wire, name, GOOD[name])).toEqual({ ok: null });
    expect(backend[name]).toHaveBeenCalledTimes(1);
    const extra = { ...(GOOD[name] as object), extra: 1 };
    for (const bad of [undefined, null, 'x', 1, [], extra])
      expect(await call(wire, name, bad)).toMatchObject({
        failure: { code: 'invalid-call', values: { call: name } },
      });
    for (const key of Object.keys(GOOD[name] as object)) {
      const without = Object.fromEntries(Object.entries(GOOD[name] as object).filter(([one]) => one !== key));
      expect(await call(wire, name, without)).toMatchObject({ failure: { code: 'invalid-call' } });
      for (const wrong of [null, {}, [], '', -1, 1.5, 'x'.repeat(5000)]) {
        if (['session', 'name'].includes(key) && wrong === '') continue;
        const input = { ...(GOOD[name] as object), [key]: wrong };
        expect([key, wrong, await call(wire, name, input)]).toMatchObject([
          key,
          wrong,
          { failure: { code: 'invalid-call' } },
        ]);
      }
    }
    const allowedEmpty = backend[name].mock.calls.length;
    expect(allowedEmpty).toBe(1);
  });

  test('a probe’s defaults are filled in before the backend sees it', async () => {
    const wire = end();
    const backend = spies();
    serveBackend(wire, () => backend as unknown as BackendHandlers);
    await call(wire, 'startProbe', GOOD.startProbe);
    expect(backend.startProbe.mock.calls[0]?.[0]).toMatchObject({
      spec: { function: 'ip_rcv_core', filter: 'none', count: null, perSecond: 2000 },
    });
  });

  test('what is thrown crosses with code, values and detail; a defect says what it was', async () => {
    const wire = end();
    const backend = spies();
    serveBackend(wire, () => backend as unknown as BackendHandlers);
    backend.survey.mockRejectedValueOnce(new Fail('host-invalid', { host: 'a b' }, 'as it was said'));
    expect(await call(wire, 'survey', GOOD.survey)).toMatchObject({
      failure: { code: 'host-invalid', values: { host: 'a b' }, detail: 'as it was said' },
    });
    backend.survey.mockImplementationOnce(() => {
      throw new TypeError('x is not a function');
    });
    expect(await call(wire, 'survey', GOOD.survey)).toMatchObject({
      failure: { code: 'internal-error', values: { message: 'x is not a function' } },
    });
    backend.survey.mockRejectedValueOnce('just text');
    expect(await call(wire, 'survey', GOOD.survey)).toMatchObject({
      failure: { code: 'internal-error', values: { message: 'just text' } },
    });
  });

  test('no message makes it throw, nor reach what is not in the contract', async () => {
    const wire = end();
    const backend = spies();
    serveBackend(wire, () => backend as unknown as BackendHandlers);
    const rejected = vi.fn();
    process.on('unhandledRejection', rejected);
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '[]', '{"t":"q"}', '{"t":"s"}')),
        (text) => {
          wire.hear(text);
        },
      ),
    );
    for (const name of [
      'constructor',
      'toString',
      '__proto__',
      '__defineGetter__',
      '$close',
      'hasOwnProperty',
    ])
      wire.hear(JSON.stringify({ t: 'q', m: name, a: ['x'], i: name }));
    wire.hear(Uint8Array.of(1, 2, 3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off('unhandledRejection', rejected);
    expect(rejected).not.toHaveBeenCalled();
    for (const answer of wire.sent) expect(JSON.parse(answer as string)).not.toHaveProperty('r');
    expect(await call(wire, 'profiles', {})).toEqual({ ok: null });
  });

  test('a question that nobody will answer any more is refused, and events after the end are dropped', async () => {
    const wire = end();
    let page: Page | null = null;
    serveBackend(wire, (given) => {
      page = given;
      return spies() as unknown as BackendHandlers;
    });
    const asked = (page as Page | null)?.ask('hostKey', { host: 'h', type: 't', fingerprint: 'f', file: '' });
    wire.drop();
    await expect(asked).rejects.toThrow(/closed/);
    const before = wire.sent.length;
    (page as Page | null)?.event('sessionLost', { session: 's', failure: new Fail('cancelled').failure });
    expect(wire.sent.length).toBe(before);
  });
});

describe('the page’s end', () => {
  const connected = () => {
    const wire = end();
    const lost = vi.fn();
    const backend = connectBackend(
      wire,
      { sessionLost: lost } as unknown as PageEvents,
      {
        hostKey: async () => {
          throw new Fail('cancelled');
        },
      } as unknown as PageQuestions,
      () => undefined,
    );
    return { wire, backend, lost };
  };

  test('when the wire closes, calls in flight and all later ones say so', async () => {
    const { wire, backend } = connected();
    const pending = [backend.profiles({}), backend.survey({ session: 's' })];
    wire.drop();
    for (const outcome of await Promise.allSettled([...pending, backend.profiles({})])) {
      if (outcome.status === 'fulfilled') expect.fail('it was answered');
      expect(failureOf(outcome.reason).code).toBe('connection-lost');
    }
  });

  test('answers that are none, and events that are not known, are dropped', async () => {
    const { wire, backend, lost } = connected();
    for (const text of [
      '',
      'null',
      '{"t":"q","m":"constructor","a":[],"i":"x"}',
      '{"t":"q","m":"nothing","a":[]}',
    ])
      wire.hear(text);
    wire.hear(JSON.stringify({ t: 'q', m: 'sessionLost', a: [{ session: 's' }] }));
    await vi.waitFor(() => expect(lost).toHaveBeenCalledExactlyOnceWith({ session: 's' }));
    const pending = backend.profiles({});
    await vi.waitFor(() =>
      expect(wire.sent.some((one) => (one as string).includes('"profiles"'))).toBe(true),
    );
    const sent = wire.sent.find((one) => (one as string).includes('"profiles"')) as string;
    const { i } = JSON.parse(sent) as { i: string };
    wire.hear(JSON.stringify({ t: 's', i, r: { ok: [] } }));
    expect(await pending).toEqual([]);
  });

  test('a question that the page cannot answer fails on the other side, it does not hang', async () => {
    const { wire } = connected();
    const answer = await call(wire, 'hostKey', { host: 'h' });
    expect(answer).toMatchObject({ failure: { code: 'cancelled' } });
  });
});
