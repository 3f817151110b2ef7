import { afterEach, describe, expect, test, vi } from 'vitest';
import { LossWatch } from '../../../../electron/backend/trace/loss-watch.ts';
import { startRun } from '../../../../electron/backend/trace/run.ts';
import type { Run } from '../../../../electron/backend/trace/run.ts';
import { explainBpftrace, noBpftrace } from '../../../../electron/backend/trace/refusals.ts';
import type { RunState, RunTotals } from '../../../../shared/contract/api.ts';
import { RECORD_BYTES, readRecord } from '../../../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../../../shared/packet/verdict-kinds.ts';
import { probeSpec } from '../../../../shared/probe/spec.ts';
import { BPFTRACE_COMMAND } from '../../../../shared/probe/bpftrace-program.ts';
import { probeProgram } from '../../../shared/probe/probe-program.ts';
import { packetLine } from '../../../shared/probe/probe-lines.ts';
import type { WrittenProgram } from '../../../../shared/probe/program.ts';
import { scripted } from '../scripted-connection.ts';
import type { ScriptedChannel } from '../scripted-connection.ts';

const TAG = 'k0badf00d';
const program = probeProgram(TAG, {}, { command: BPFTRACE_COMMAND, script: 'SCRIPT\n' });
/** An Ethernet frame at skb->data, as bookworm's bpftrace printed it. */
const BYTES =
  '0076c0d14000400460ec0a6202010a620202' +
  '02005e20000202005e200001080045000054e223400040013fbf0a6201010a630202080054db01de00018f1a036b';
const STATE = { ns: 79631103938n, pid: 340, ifindex: 5, deviceType: 768, netns: 4026531840 };
const line = (sequence: number): string =>
  `${packetLine(TAG, { ...STATE, sequence, packet: BYTES, device: 'lab-tunnel', comm: 'python3' })}\n`;

const MEGABYTE = 1 << 20;

interface Started {
  readonly run: Run;
  readonly channel: ScriptedChannel;
  readonly states: RunState[];
  readonly totals: () => RunTotals;
  readonly received: () => number;
  readonly batches: Uint8Array[];
  readonly printed: string[];
}

async function start(
  spec: Record<string, unknown> = {},
  first = '',
  more: Partial<WrittenProgram> = {},
): Promise<Started> {
  const connection = scripted();
  const states: RunState[] = [];
  const batches: Uint8Array[] = [];
  const printed: string[] = [];
  let last: RunTotals | null = null;
  let bytes = 0;
  const pending = startRun(
    connection.target,
    probeSpec.parse({ function: 'ip_rcv_core', filter: 'bad-ip-header', ...spec }),
    { program, arrival: null, where: [], ...more },
    {
      state: (state, totals) => {
        states.push(state);
        last = totals;
      },
      records: (records) => {
        bytes += records.length;
        if (batches.length < 10) batches.push(records);
      },
      labels: () => undefined,
      output: (lines) => printed.push(...lines),
    },
  );
  const channel = await connection.started();
  if (first !== '') channel.emit(first);
  const run = await pending;
  return {
    run,
    channel,
    states,
    batches,
    printed,
    received: () => bytes,
    totals: () => last ?? expect.fail('no state'),
  };
}

const kinds = ({ states }: Started): string[] => states.map(({ kind }) => kind);

afterEach(() => vi.useRealTimers());

test('starting, attached, records with their verdict, stopped: in this order', async () => {
  const started = await start();
  started.channel.emit(`${TAG}\tB\n${line(1)}${line(2)}`);
  started.run.stop('user');
  expect(started.channel.written()).toContain('i\n');
  started.channel.emit(`${TAG}\tE\n@seen: 5\n@own: 1\n@matched: 2\n@limited: 0\n`);
  started.channel.end(0);
  await started.run.ended;
  expect(kinds(started)).toEqual(['starting', 'attached', 'stopping', 'stopped']);
  expect(started.states.at(-1)).toMatchObject({ reason: 'user' });
  expect(started.totals()).toEqual({ seen: 5, own: 1, matched: 2, limited: 0, received: 2, lost: 0 });
  const [batch = new Uint8Array()] = started.batches;
  expect(batch.length).toBe(2 * RECORD_BYTES);
  const record = readRecord(new DataView(batch.buffer, batch.byteOffset), RECORD_BYTES);
  expect(record).toMatchObject({ seq: 2, headerAt: 14, device: 'lab-tunnel', comm: 'python3' });
  expect(VERDICT_KINDS[record.verdict]).toBe('ethernet-where-ip-expected');
});

test('a target that is faster than we are: "starting" still comes before "attached"', async () => {
  const started = await start({}, `${TAG}\tB\n`);
  expect(kinds(started)).toEqual(['starting', 'attached']);
  started.channel.end(0);
  await started.run.ended;
});

test('--count stops at exactly so many, however many come at once', async () => {
  const started = await start({ count: 3 });
  started.channel.emit(`${TAG}\tB\n${[1, 2, 3, 4, 5, 6].map(line).join('')}`);
  expect(started.channel.written()).toContain('i\n');
  started.channel.end(0);
  await started.run.ended;
  expect(started.states.at(-1)).toMatchObject({ kind: 'stopped', reason: 'count' });
  expect(started.totals().received).toBe(3);
  expect(started.received()).toBe(3 * RECORD_BYTES);
});

test('--for counts from the moment it is attached', async () => {
  const started = await start({ seconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(kinds(started)).toEqual(['starting']);
  const began = Date.now();
  started.channel.emit(`${TAG}\tB\n`);
  await vi.waitFor(() => expect(kinds(started)).toContain('stopping'), { timeout: 3000 });
  expect(Date.now() - began).toBeGreaterThan(900);
  started.channel.end(0);
  await started.run.ended;
  expect(started.states.at(-1)).toMatchObject({ kind: 'stopped', reason: 'time' });
});

test('what the kernel numbered and never came is lost, and so is what bpftrace reports', async () => {
  const gaps = await start();
  gaps.channel.emit(
    `${TAG}\tB\n${line(1)}${line(5)}${TAG}\tT\n@seen: 29\n@own: 0\n@matched: 20\n@limited: 0\n`,
  );
  expect(gaps.totals().lost).toBe(3);
  gaps.channel.emit('Lost 7 events\n');
  gaps.channel.complain('Lost 2 events\n');
  gaps.channel.emit(`${TAG}\tE\n`);
  gaps.channel.end(0);
  await gaps.run.ended;
  expect(gaps.totals().lost).toBe(9);
});

test('what stood in the buffer of the kernel as it ended is lost too, though no gap shows it', async () => {
  const started = await start();
  started.channel.emit(`${TAG}\tB\n${line(1)}${line(2)}`);
  started.run.stop('user');
  started.channel.emit(`${TAG}\tE\n@seen: 90\n@own: 0\n@matched: 80\n@limited: 70\n`);
  started.channel.end(0);
  await started.run.ended;
  expect(started.totals()).toMatchObject({ matched: 80, limited: 70, received: 2, lost: 8 });
});

test("bpftrace's own count, which has lost heartbeats in it, stands only for what is not known otherwise", async () => {
  const started = await start();
  started.channel.emit(`${TAG}\tB\n${line(1)}Lost 9 events\n${line(6)}`);
  const totals = '@seen: 7\n@own: 0\n@matched: 7\n@limited: 0\n';
  started.channel.emit(`${TAG}\tT\n${totals}`);
  expect(started.totals().lost).toBe(4);
  started.channel.emit(`${TAG}\tE\n${totals}`);
  started.channel.end(0);
  await started.run.ended;
  expect(started.totals()).toMatchObject({ matched: 7, received: 2, lost: 5 });
});

test('a kernel side that was killed is believed by its last totals: not every lost line was an event', async () => {
  const started = await start();
  started.channel.emit(`${TAG}\tB\n${line(1)}Lost 9 events\n`);
  started.channel.emit(`${TAG}\tT\n@seen: 7\n@own: 0\n@matched: 7\n@limited: 0\n`);
  started.run.stop('load');
  started.channel.end(137);
  await started.run.ended;
  expect(started.totals()).toMatchObject({ matched: 7, received: 1, lost: 6 });
});

test('what a filter on arrival leaves out is not lost', async () => {
  const started = await start({}, '', { arrival: () => false });
  started.channel.emit(
    `${TAG}\tB\n${line(1)}${line(2)}${TAG}\tE\n@seen: 2\n@own: 0\n@matched: 2\n@limited: 0\n`,
  );
  started.channel.end(0);
  await started.run.ended;
  expect(started.totals()).toMatchObject({ received: 0, lost: 0 });
});

describe('a page that gives no credit', () => {
  const flood = (channel: ScriptedChannel, megabytes: number): void => {
    const piece = Array.from({ length: 1000 }, (_, i) => line(i + 1)).join('');
    for (let sent = 0; sent < megabytes * MEGABYTE; sent += 1000 * RECORD_BYTES) {
      if (channel.pauses().paused) return;
      channel.emit(piece);
    }
  };

  test('pauses the channel at 4 MB, and credit lets it flow again', async () => {
    const started = await start();
    started.channel.emit(`${TAG}\tB\n`);
    flood(started.channel, 40);
    expect(started.channel.pauses()).toEqual({ count: 1, paused: true });
    expect(started.received()).toBeGreaterThan(4 * MEGABYTE);
    expect(started.received()).toBeLessThan(5 * MEGABYTE);
    started.run.credit(MEGABYTE);
    expect(started.channel.pauses().paused).toBe(true);
    started.run.credit(started.received());
    expect(started.channel.pauses().paused).toBe(false);
    started.run.credit(1e9);
    const before = started.received();
    flood(started.channel, 40);
    expect(started.channel.pauses()).toEqual({ count: 2, paused: true });
    expect(started.received() - before, 'credit for what was never sent is worth nothing').toBeLessThan(
      5 * MEGABYTE,
    );
    started.channel.end(null);
    await started.run.ended;
  });

  test('cannot keep a run from ending, and what comes until then is bounded and counted', async () => {
    const started = await start();
    started.channel.emit(`${TAG}\tB\n`);
    flood(started.channel, 40);
    started.run.stop('user');
    expect(started.channel.pauses().paused).toBe(false);
    flood(started.channel, 40);
    expect(started.channel.pauses().paused).toBe(false);
    expect(started.received()).toBeLessThan(10 * MEGABYTE);
    started.channel.end(0);
    await started.run.ended;
    const { received, lost } = started.totals();
    expect(received * RECORD_BYTES).toBe(started.received());
    expect(lost).toBeGreaterThan((25 * MEGABYTE) / RECORD_BYTES);
    expect(started.states.at(-1)?.kind).toBe('stopped');
  });
});

describe('a run that fails', () => {
  test.each([
    ['no bpftrace', 127, '/bin/sh: 1: bpftrace: not found\n', 'bpftrace-missing'],
    ['a replay without it', 127, 'bpftrace -q: not in this recording\n', 'not-recorded'],
    ['0.17, no such function', 1, 'ERROR: No BTF found for no_such_fn\n', 'function-unknown'],
    ['0.27, no such function', 1, 'stdin:1:1-17: ERROR: No matches for fentry x.\n', 'function-unknown'],
    [
      '0.17, not root',
      1,
      'ERROR: bpftrace currently only supports running as the root user.\n',
      'not-privileged',
    ],
    ['0.27, not root', 1, 'ERROR: Missing CAP_DAC_READ_SEARCH capability\n', 'not-privileged'],
    ['lockdown', 1, 'ERROR: Kernel lockdown is enabled and set to confidentiality\n', 'kernel-locked-down'],
    ['a line of the script', 1, 'stdin:3:2-9: ERROR: syntax error, unexpected }\n', 'probe-refused'],
    ['anything else', 1, 'ERROR: out of luck\n', 'probe-failed'],
    ['a signal', 137, '', 'probe-killed'],
  ])('%s', async (_what, status, said, code) => {
    const started = await start();
    started.channel.complain(said);
    started.channel.end(status);
    await started.run.ended;
    const last = started.states.at(-1);
    expect(last).toMatchObject({ kind: 'failed', failure: { code } });
    if (last?.kind === 'failed' && code === 'probe-failed')
      expect(last.failure.detail).toContain(said.trim());
  });

  test('the connection goes away: said so, with what had been counted', async () => {
    const started = await start();
    started.channel.emit(`${TAG}\tB\n${line(1)}`);
    started.channel.end(null);
    await started.run.ended;
    expect(started.states.at(-1)).toMatchObject({ kind: 'failed', failure: { code: 'connection-lost' } });
    expect(started.totals().received).toBe(1);
    expect(started.received()).toBe(RECORD_BYTES);
  });

  test('a stream that is not ours is not taken for a run', async () => {
    const started = await start();
    started.channel.emit('motd\n'.repeat(100_000) + line(1).replace(TAG, 'k00000000'));
    started.channel.end(0);
    await started.run.ended;
    const last = started.states.at(-1);
    expect(last).toMatchObject({
      kind: 'failed',
      failure: { code: 'probe-stream-damaged', values: { count: 100_001 } },
    });
    if (last?.kind === 'failed') expect(last.failure.detail?.length ?? 0).toBeLessThan(30_000);
    expect(started.received()).toBe(0);
  });

  test('bpftrace ends by itself after it had attached', async () => {
    const started = await start();
    started.channel.emit(`${TAG}\tB\n${TAG}\tE\n`);
    started.channel.end(0);
    await started.run.ended;
    expect(started.states.at(-1)).toMatchObject({ kind: 'stopped', reason: 'target' });
  });
});

test('the commands that list functions are explained alike', () => {
  const { target } = scripted();
  expect(explainBpftrace(target, 'ERROR: something', 2, 'bpftrace -l').failure).toMatchObject({
    code: 'command-failed',
    values: { status: 2, command: 'bpftrace -l' },
    detail: 'ERROR: something',
  });
  expect(noBpftrace(target, '', 'x').failure).toMatchObject({ code: 'bpftrace-missing', detail: null });
});

describe('what a script prints that is no longer ours', () => {
  const script = 'BEGIN { printf("hello\\n"); }';

  test('comes as text, line by line, and its end is the end of the run', async () => {
    const edited = { ...program, script };
    const started = await start({ script }, '', { program: edited });
    started.channel.emit('hel');
    started.channel.emit('lo\nworld');
    expect(kinds(started)).toEqual(['starting', 'attached']);
    started.channel.end(0);
    await started.run.ended;
    expect(started.printed).toEqual(['hello', 'world']);
    expect(started.states.at(-1)).toMatchObject({ kind: 'stopped', reason: 'target' });
  });

  test('is bounded, and its failure names the line of the script', async () => {
    const started = await start({ script }, '', { program: { ...program, script } });
    started.channel.emit(`${'x'.repeat(5000)}\n${'y\n'.repeat(30_000)}`);
    expect(started.printed).toHaveLength(20_001);
    expect(started.printed[0]).toHaveLength(1000);
    started.channel.complain('/dev/stdin:7:2-9: ERROR: Unknown identifier.\n');
    started.channel.end(1);
    await started.run.ended;
    expect(started.states.at(-1)).toMatchObject({
      kind: 'failed',
      failure: { code: 'probe-refused', values: { part: 'script:7', message: 'Unknown identifier' } },
    });
  });
});

test('what the kernel could not decide is decided on arrival', async () => {
  const started = await start({}, '', { arrival: (record) => record.cpu === 0 && record.seq % 2 === 0 });
  started.channel.emit(`${TAG}\tB\n${[1, 2, 3, 4].map(line).join('')}`);
  started.channel.end(0);
  await started.run.ended;
  expect(started.totals().received).toBe(2);
});

test('an entry that only tells which returns pass is not handed on', async () => {
  const points = [
    { ...program.points[0], edge: 'return', captures: 'arguments' },
    { ...program.points[0], hidden: true },
  ] as typeof program.points;
  const more = { program: { ...program, points }, arrival: ({ len }: { len: number }) => len > 100 };
  const started = await start({}, '', more);
  const entry = (sequence: number, skb: bigint, len: number): string =>
    `${packetLine(TAG, { ...STATE, sequence, skb, len, point: 1, packet: BYTES })}\n`;
  const back = (sequence: number, skb: bigint): string =>
    `${TAG}\tA${[BigInt(sequence) << 32n, 7n, 0n, skb, 0n].map((word) => word.toString(16).padStart(16, '0')).join('')}\tping\n`;
  started.channel.emit(`${TAG}\tB\n${entry(1, 5n, 200)}${entry(2, 6n, 50)}${back(3, 5n)}${back(4, 6n)}`);
  started.channel.end(0);
  await started.run.ended;
  const [batch = new Uint8Array()] = started.batches;
  expect(batch.length).toBe(RECORD_BYTES);
  expect(readRecord(new DataView(batch.buffer, batch.byteOffset), 0)).toMatchObject({
    edge: 'return',
    skb: 5n,
  });
});

test('a dry run attaches, records nothing, and says so', async () => {
  const started = await start({ dryRun: true }, `${TAG}\tB\n${line(1)}`);
  started.channel.emit(`${TAG}\tE\n`);
  started.channel.end(0);
  await started.run.ended;
  expect(started.states.at(-1)).toMatchObject({ kind: 'stopped', reason: 'dry-run' });
  expect(started.received()).toBe(0);
});

test('ten seconds of more lost than received end a probe; less does not', () => {
  const watch = new LossWatch();
  let totals = { lost: 0, came: 0 };
  const second = (lost: number, came: number): boolean => {
    totals = { lost: totals.lost + lost, came: totals.came + came };
    return watch.take(totals);
  };
  for (let i = 0; i < 9; i++) expect(second(500, 10)).toBe(false);
  expect(second(5, 10)).toBe(false);
  for (let i = 0; i < 9; i++) expect(second(500, 499)).toBe(false);
  expect(second(500, 499)).toBe(true);
});
