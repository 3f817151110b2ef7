import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRecording, tagOf } from '../../../../electron/backend/demo/recording.ts';
import { openDemoTarget } from '../../../../electron/backend/demo/target.ts';
import { createBackend } from '../../../../electron/backend/index.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import { runCommand } from '../../../../electron/backend/ssh/command.ts';
import { decodeBatch } from '../../../../shared/capture/batch.ts';
import { RECORD_BYTES, readRecord } from '../../../../shared/capture/record.ts';
import type { EventRecord } from '../../../../shared/capture/record.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import type { Page, PageEvents, RunState } from '../../../../shared/contract/api.ts';
import { VERDICT_KINDS } from '../../../../shared/packet/verdict-kinds.ts';
import { probeSpec } from '../../../../shared/probe/spec.ts';
import { RECORDING, writeFastRecording } from './fast-recording.ts';

const never = { hostKey: async () => expect.fail('nothing was to be asked') };

let directory = '';
let demo: Awaited<ReturnType<typeof openDemoTarget>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-demo-test-'));
  writeFileSync(
    join(directory, 'config'),
    'Host web\n User me\n Port 2222\nHost odd\n KnownHostsCommand /bin/cat\n',
  );
  demo = await openDemoTarget(writeFastRecording(join(directory, 'recording.gz'), 10));
});
afterAll(async () => {
  await demo.close();
  await rm(directory, { recursive: true });
});

async function failure(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => failureOf(error),
  );
}

/** A page that keeps all it is told. */
function collectingPage() {
  const events: { name: keyof PageEvents; payload: unknown }[] = [];
  const records: EventRecord[] = [];
  const page: Page = {
    event: (name, payload) => void events.push({ name, payload }),
    batch: (bytes) => {
      const batch = decodeBatch(bytes) ?? expect.fail('no batch');
      const view = new DataView(batch.records.buffer, batch.records.byteOffset, batch.records.byteLength);
      for (let i = 0; i < batch.count; i++) records.push(readRecord(view, i * RECORD_BYTES));
    },
    ask: async () => expect.fail('nothing was to be asked'),
  };
  const states = (run: number): RunState[] =>
    events
      .filter(({ name }) => name === 'runState')
      .map(({ payload }) => payload as { run: number; state: RunState })
      .filter((payload) => payload.run === run)
      .map(({ state }) => state);
  return { page, events, records, states };
}

function open(page: Page) {
  return createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: join(directory, 'profiles'),
    cacheDirectory: join(directory, 'cache'),
    ssh: { configFile: join(directory, 'config'), identityFiles: [], port: null },
    demo,
  }).open(page);
}

/** The resources that keep this process alive and are sockets. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => /TCP.*Wrap/.test(name)).length;

/** How many there are once those of earlier tests have gone. */
async function settledSockets(): Promise<number> {
  for (let last = sockets(), since = Date.now(); ;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (sockets() !== last) [last, since] = [sockets(), Date.now()];
    else if (Date.now() - since > 1500) return last;
  }
}

describe('the recording', () => {
  const whole = gunzipSync(readFileSync(RECORDING)).toString('utf8').split('\n');
  const write = (bytes: Uint8Array | string): string => {
    const file = join(directory, `recording-${Math.random()}`);
    writeFileSync(file, typeof bytes === 'string' ? gzipSync(bytes) : bytes);
    return file;
  };

  test('says which kernel it is of, and when', async () => {
    const { info } = await readRecording(RECORDING);
    expect(info.kernel).toMatch(/^\d+\.\d+/);
    expect(info.recorded).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(demo.recording).toEqual(info);
  });

  test.each([
    ['cut off', () => readFileSync(RECORDING).subarray(0, 100_000)],
    ['not gzip', () => Buffer.from('{"recording":1}')],
    ['empty', () => Buffer.alloc(0)],
    ['no header', () => ''],
    ['another header', () => `{"recording":2}\n${whole[1]}`],
    ['a header with more', () => `${whole[0]?.replace('}', ',"x":1}')}\n`],
    ['a date that is none', () => whole[0]?.replace(/"recorded":"[^"]*"/, '"recorded":"yesterday"') ?? ''],
    ['a line that is no JSON', () => `${whole[0]}\n{"command"`],
    [
      'a chunk that is no base64',
      () => `${whole[0]}\n{"command":"x","input":"y","chunks":[[0,"*"]],"interruptedAt":null,"exit":0}`,
    ],
    [
      'a command without its exit',
      () => `${whole[0]}\n{"command":"x","input":"y","chunks":[],"interruptedAt":null}`,
    ],
  ])('%s: refused with its name, whole', async (_what, make) => {
    const file = write(make());
    expect(await failure(readRecording(file))).toMatchObject({
      code: 'recording-missing',
      message: expect.stringContaining(file) as string,
    });
    expect((await failure(openDemoTarget(file))).code).toBe('recording-missing');
  });

  test('a program is found whatever its tag and its limits', async () => {
    const recording = await readRecording(RECORDING);
    const line = whole.find((one) => one.includes('ip_rcv_core') && one.includes('bpftrace -q')) ?? '{}';
    const { command, input } = JSON.parse(line) as { command: string; input: string };
    const tag = tagOf(input) ?? expect.fail('no tag');
    expect(recording.find(command, input.replaceAll(tag, 'k12345678'))).not.toBeNull();
    expect(recording.find(command, input.replace('ip_rcv_core', 'ip_rcv_other'))).toBeNull();
    expect(recording.find('/bin/sh', input)).toBeNull();
  });
});

describe('the server', () => {
  test('answers what was not recorded with 127, and runs nothing', async () => {
    const connection = await connect(await demo.start(), never);
    const proof = join(directory, 'executed');
    const target = { connection, sudo: false, onCommand: () => undefined };
    const result = await runCommand(target, `touch ${proof}`, 'test', { seconds: 5, bytes: 1000 });
    expect(result).toMatchObject({ status: 127, stderr: '/bin/sh: not in this recording\n' });
    const channel = await connection.exec(`touch ${proof}`);
    let said = '';
    channel.onStdout(() => undefined);
    channel.onStderr((chunk) => (said += chunk.toString()));
    expect(await channel.exit).toEqual({ code: 127, signal: null });
    expect(said).toContain('not in this recording');
    expect(existsSync(proof)).toBe(false);
    connection.close();
  });

  test.each([
    ['a length that is none', 'abc\nxxxx'],
    ['a negative length', '-5\nxxxx'],
    ['binary', Buffer.from([0xff, 0x0a, 0, 1, 2, 0x0a])],
    ['too much', Buffer.alloc(2 << 20, 0x61)],
  ])('%s after the guard ends that command alone', async (_what, bytes) => {
    const connection = await connect(await demo.start(), never);
    const channel = await connection.exec(
      `exec /bin/sh -c 'echo nonce boot; eval "$(dd bs=1 count=3 2>/dev/null)"'`,
    );
    channel.onStdout(() => undefined);
    channel.onStderr(() => undefined);
    channel.write('abc');
    channel.write(bytes);
    channel.end();
    const ended = await Promise.race([
      channel.exit.then(() => 'ended'),
      new Promise((resolve) => setTimeout(resolve, 300, 'waits for more')),
    ]);
    expect(['ended', 'waits for more']).toContain(ended);
    const target = { connection, sudo: false, onCommand: () => undefined };
    const after = await runCommand(target, 'nothing', 'test', { seconds: 5, bytes: 1000 });
    expect(after.status).toBe(127);
    connection.close();
  });

  test('lets in nobody but its own key', async () => {
    const config = await demo.start();
    const stranger = await openDemoTarget(RECORDING);
    const { identityFiles } = await stranger.start();
    expect((await failure(connect({ ...config, identityFiles }, never))).code).toBe('authentication-failed');
    await stranger.close();
  });

  test('closed, it leaves no key behind, and can be started again', async () => {
    const other = await openDemoTarget(RECORDING);
    const [first] = (await other.start()).identityFiles;
    expect(existsSync(first ?? '')).toBe(true);
    await other.close();
    expect(existsSync(first ?? '')).toBe(false);
    await other.close();
    (await connect(await other.start(), never)).close();
    await other.close();
  });
});

describe('the reference investigation', () => {
  test('finds Ethernet where IP was expected, in the words of the contract', async () => {
    const { page, records, states, events } = collectingPage();
    const { handlers, close } = open(page);
    expect(await handlers.appInfo({})).toMatchObject({ shell: 'browser', demo: demo.recording });
    const info = await handlers.connectDemo({});
    expect(info).toMatchObject({ host: 'demo', user: 'root', replay: demo.recording });
    const survey = await handlers.survey({ session: info.session });
    expect(survey.facts.release).toBe(demo.recording.kernel);
    const spec = probeSpec.parse({ function: 'ip_rcv_core', filter: 'bad-ip-header', count: 3 });
    const prepared = await handlers.prepareProbe({ session: info.session, spec });
    expect(prepared.script).toContain('ip_rcv_core');
    expect(prepared.signature).toContain('struct sk_buff *skb');
    const { run } = await handlers.startProbe({ session: info.session, spec });
    await expect.poll(() => states(run).at(-1)?.kind, { timeout: 25_000 }).toBe('stopped');
    expect(states(run)[0]?.kind).toBe('starting');
    expect(states(run).at(-1)).toMatchObject({ reason: 'count', totals: { received: 3 } });
    expect(records).toHaveLength(3);
    for (const record of records) {
      expect(VERDICT_KINDS[record.verdict]).toBe('ethernet-where-ip-expected');
      expect(record.headerAt).toBe(14);
    }
    const commands = events.filter(({ name }) => name === 'commandRan').map(({ payload }) => payload);
    expect(commands.at(-1)).toMatchObject({ session: info.session, purpose: 'probe' });
    // What was shown before is what ran, to the letter.
    expect(JSON.stringify(commands.at(-1))).toContain(JSON.stringify(prepared.script).slice(1, -1));
    expect(await failure(handlers.stopProbe({ run }))).toMatchObject({ code: 'run-unknown' });
    await close();
    expect(await failure(handlers.survey({ session: info.session }))).toMatchObject({
      code: 'not-connected',
    });
  });

  test('counters rise, and stop when nobody watches', async () => {
    const { page, events } = collectingPage();
    const { handlers, close } = open(page);
    const { session } = await handlers.connectDemo({});
    const readings = () =>
      events
        .filter(({ name }) => name === 'counters')
        .map(({ payload }) => payload as { reading: { values: Record<string, number> } });
    await Promise.all([true, true].map((on) => handlers.watchCounters({ session, on })));
    await expect.poll(() => readings().length, { timeout: 10_000 }).toBeGreaterThan(2);
    const values = readings().map(({ reading }) => reading.values['Ip.InHdrErrors'] ?? -1);
    expect(values.at(-1)).toBeGreaterThanOrEqual(values[0] ?? Infinity);
    await handlers.watchCounters({ session, on: false });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = readings().length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(readings().length).toBe(before);
    await close();
  });

  test('what the recording does not hold is said as such', async () => {
    const { page, states } = collectingPage();
    const { handlers, close } = open(page);
    const { session } = await handlers.connectDemo({});
    const spec = probeSpec.parse({
      function: 'ip_rcv_core',
      filter: 'bad-ip-header',
      perSecond: 17,
      expect: 'ipv6',
    });
    const outcome = await handlers.startProbe({ session, spec }).then(
      async ({ run }) => {
        await expect.poll(() => states(run).at(-1)?.kind, { timeout: 10_000 }).toMatch(/failed|stopped/);
        const last = states(run).at(-1);
        return last?.kind === 'failed' ? last.failure.code : last?.kind;
      },
      (error: unknown) => failureOf(error).code,
    );
    expect(['not-recorded', 'stopped']).toContain(outcome);
    expect(await failure(handlers.probePoints({ session, kind: 'tracepoint', query: '' }))).toMatchObject({
      code: 'not-recorded',
    });
    await close();
  });
});

describe('when the page goes', () => {
  test('its sessions, runs and counters end, and no socket stays', async () => {
    const before = await settledSockets();
    const { page, states } = collectingPage();
    const { handlers, close } = open(page);
    const { session } = await handlers.connectDemo({});
    await handlers.watchCounters({ session, on: true });
    const spec = probeSpec.parse({ function: 'ip_rcv_core', filter: 'bad-ip-header' });
    const { run } = await handlers.startProbe({ session, spec });
    expect(sockets()).toBeGreaterThan(before);
    await close();
    expect(states(run).at(-1)?.kind).toBe('stopped');
    await expect.poll(sockets, { timeout: 5000 }).toBe(before);
  });

  test('in the middle of connecting, nothing is opened', async () => {
    const before = await settledSockets();
    const { page, events } = collectingPage();
    const { handlers, close } = open(page);
    const connecting = failure(handlers.connectDemo({}));
    await expect.poll(() => events.length).toBeGreaterThan(0);
    await close();
    expect((await connecting).code).toBe('cancelled');
    await expect.poll(sockets, { timeout: 5000 }).toBe(before);
  });

  test('in the middle of the survey, nothing is left open', async () => {
    const before = await settledSockets();
    const { page, events } = collectingPage();
    const { handlers, close } = open(page);
    const connecting = failure(handlers.connectDemo({}));
    await expect.poll(() => events.some(({ name }) => name === 'commandRan'), { timeout: 5000 }).toBe(true);
    await close();
    expect((await connecting).code).toBe('cancelled');
    await expect.poll(sockets, { timeout: 5000 }).toBe(before);
  });
});

test('calls about what does not exist say so', async () => {
  const { handlers, close } = open(collectingPage().page);
  const spec = probeSpec.parse({ function: 'f' });
  for (const call of [
    handlers.survey({ session: 's' }),
    handlers.functions({ session: 's', query: '' }),
    handlers.watchCounters({ session: 's', on: true }),
    handlers.prepareProbe({ session: 's', spec }),
    handlers.startProbe({ session: 's', spec }),
  ])
    expect((await failure(call)).code).toBe('not-connected');
  expect((await failure(handlers.stopProbe({ run: 1 }))).code).toBe('run-unknown');
  expect(await handlers.disconnect({ session: 's' })).toBeNull();
  expect(await handlers.credit({ run: 1, bytes: 1 })).toBeNull();
  expect((await failure(handlers.connect({ host: '-oProxyCommand=id' }))).code).toBe('host-invalid');
  expect(await handlers.hosts({})).toEqual([
    { host: 'web', source: join(directory, 'config'), resolved: 'me@web:2222' },
    {
      host: 'odd',
      source: join(directory, 'config'),
      resolved: expect.stringMatching(/knownhostscommand/i) as string,
    },
  ]);
  const without = createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: directory,
    cacheDirectory: directory,
    ssh: { configFile: null, identityFiles: [], port: null },
    demo: null,
  }).open(collectingPage().page);
  expect((await failure(without.handlers.connectDemo({}))).code).toBe('recording-missing');
  await Promise.all([close(), without.close()]);
});

test('no key of a demo is left in the temporary folder', async () => {
  const keys = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('skblens-demo-') && !name.includes('test'),
  );
  const before = new Set(keys);
  const one = await openDemoTarget(RECORDING);
  await one.start();
  await one.close();
  const after = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('skblens-demo-') && !name.includes('test'),
  );
  expect(after.filter((name) => !before.has(name))).toEqual([]);
});
