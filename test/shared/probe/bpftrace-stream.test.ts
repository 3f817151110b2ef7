import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { BpftraceStream } from '../../../shared/probe/bpftrace-stream.ts';
import type { KernelTotals } from '../../../shared/probe/stream.ts';
import { argumentsLine, bytesOf, packetLine } from './probe-lines.ts';
import type { LineState } from './probe-lines.ts';
import { probeProgram } from './probe-program.ts';

const TAG = 'k0badf00d';
const program = probeProgram(TAG);

/** What bookworm (6.1, bpftrace 0.17) printed for an Ethernet frame in an ipip tunnel, but for the tag. */
const BYTES =
  '0076c0d14000400460ec0a6202010a620202' +
  '02005e20000202005e200001080045000054e223400040013fbf0a6201010a630202' +
  '080054db01de00018f1a036b0000000044ed0b0000000000101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637';
const WORDS = BYTES.padEnd(256, '0').slice(0, 256);
const STATE: LineState = {
  ...{ ns: 79631103938n, pid: 340, skb: 0xffff8d7c246c4e00n, ifindex: 5, deviceType: 768, netns: 4026531840 },
  ...{ mark: 0xfffffff0, hash: 0x80000001, transport: 278, ipSummed: 3, pktType: 5 },
  ...{ packet: WORDS, device: 'lab-tunnel', comm: 'python3' },
};
const line = (more: LineState = {}): string => `${packetLine(TAG, { ...STATE, ...more })}\n`;
const LINE = line();

function collect(chunks: readonly string[], from: ConstructorParameters<typeof BpftraceStream>[0] = program) {
  const events: EventRecord[] = [];
  const strays: string[] = [];
  const totals: KernelTotals[] = [];
  const labels: string[] = [];
  let attached = 0;
  let lost = 0;
  const stream = new BpftraceStream(from, {
    attached: () => attached++,
    event: (record) => events.push({ ...record, bytes: record.bytes.slice() }),
    labels: (first, texts) => {
      expect(first).toBe(labels.length + 1);
      labels.push(...texts);
    },
    totals: (one) => totals.push(one),
    lost: (count) => (lost += count),
    stray: (text) => strays.push(text),
  });
  for (const chunk of chunks) stream.push(bytesOf(chunk));
  stream.end();
  return { events, strays, totals, labels, attached, lost, gaps: stream.gaps, ended: stream.ended };
}

describe('the stream of a packet program', () => {
  test('a line becomes a record with its sk_buff state and its window', () => {
    const { events, strays } = collect([LINE]);
    expect(strays).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      ...{ seq: 1, cpu: 0, ns: 79631103938n, pid: 340, flags: FLAG_SKB | FLAG_DEVICE, window: -18 },
      ...{ len: 98, dataLen: 0, protocol: 0x0800, headroom: 258, macHeader: 0, networkHeader: 0 },
      ...{ transportHeader: 20, deviceType: 768, netns: 4026531840, mark: 0xfffffff0, hash: 0x80000001 },
      ...{ ipSummed: 3, pktType: 5, skb: 0xffff8d7c246c4e00n, point: 0, edge: 'entry', reason: null },
      ...{ device: 'lab-tunnel', comm: 'python3', values: [], stackLabel: 0, callerLabel: 0 },
    });
    expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe(WORDS.slice(0, (18 + 98) * 2));
  });

  test('bytes before head and behind the linear part are not the packet: they are cut off', () => {
    const { events } = collect([line({ headroom: 4, dataLen: 58 })]);
    expect(events[0]?.window).toBe(-4);
    expect(events[0]?.bytes.length).toBe(4 + 40);
    expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe(WORDS.slice(28, 28 + 88));
  });

  test('headers that are not set, and places before data, are told as such', () => {
    const { events } = collect([line({ mac: 0xffff, transport: 0xffff, headroom: 278, offset: -20 })]);
    expect(events[0]).toMatchObject({
      macHeader: null,
      transportHeader: null,
      networkHeader: -20,
      headroom: 278,
    });
  });

  test('it reads the same in pieces of any size', () => {
    const text = `${TAG}\tB\n\n${LINE}${TAG}\tT\n@seen: 5\n@own: 2\n@matched: 1\n@limited: 0\n\n${LINE}`;
    const whole = collect([text]);
    expect(whole.events).toHaveLength(2);
    expect(whole.totals.at(-1)).toEqual({ seen: 5, own: 2, matched: 1, limited: 0 });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        const chunks: string[] = [];
        for (let at = 0, i = 0; at < text.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(text.slice(at, at + size));
          at += size;
        }
        expect(collect(chunks)).toEqual(whole);
      }),
    );
  });

  test('a comm with a newline and a tab forges nothing', () => {
    const { events, attached, strays } = collect([line({ comm: `x\n${TAG.slice(0, 4)}\tB\ty` })]);
    expect(attached).toBe(0);
    expect(events[0]?.comm).toBe('x');
    expect(strays).toEqual([`${TAG.slice(0, 4)}\tB\ty`]);
    expect(collect([line({ comm: 'a\tb' })]).events[0]?.comm).toBe('a\tb');
  });

  test('totals count only behind their own mark, and only once: bpftrace prints cleared maps again at exit', () => {
    const { totals, ended } = collect([
      `@seen: 99\n${TAG}\tT\n@seen: 5\n${TAG}\tE\n@seen: 7\n@own: 3\n@matched: 2\n@limited: 0\n@seen: 0\n@own: 0\n`,
    ]);
    expect(ended).toBe(true);
    expect(totals.at(-1)).toEqual({ seen: 7, own: 3, matched: 2, limited: 0 });
  });

  test('a gap in the sequence of a CPU is counted as lost', () => {
    expect(collect([LINE, line({ sequence: 5 }), line({ cpu: 1 })]).gaps).toBe(3);
    expect(collect([LINE, 'Lost 12 events\n']).lost).toBe(12);
  });

  test.each([
    ['words that end early', `${LINE.slice(0, 300)}\n`],
    ['a digit that is none', LINE.replace('ffff8d7c', 'fffg8d7c')],
    ['a point that is not there', line({ point: 1 })],
    ['an unknown kind', `${TAG}\tZ\t1\n`],
    ['a mark with more behind it', `${TAG}\tB x\n`],
    ['an endless line', `${TAG}\tP${'7'.repeat(10_000)}`],
  ])('%s is a stray line, not a record', (_name, text) => {
    const { events, strays } = collect([text, '\n', LINE]);
    expect(strays).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  test('any bytes at all: no throw, no record from damage, bounded', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 })), (chunks) => {
        const { events } = collect(chunks);
        expect(events).toEqual([]);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(LINE.length - 2), fc.integer({ min: 0, max: 255 }), (at, code) => {
        const mutant = LINE.slice(0, at) + String.fromCharCode(code) + LINE.slice(at + 1);
        for (const event of collect([mutant]).events) {
          expect(event.bytes.length).toBeLessThanOrEqual(128);
          expect(event.window).toBeGreaterThanOrEqual(-18);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a program with more to tell', () => {
  const [point] = program.points;
  const rich = probeProgram(
    TAG,
    { reason: true, caller: true },
    { fields: ['skb->dev->mtu', 'skb->truesize'], stacks: true },
  );

  test('fields, the drop reason and the caller', () => {
    const told = line({ fields: [1500n, -2n], reason: 0x30002, caller: 'ip_rcv_core+372' });
    const { events, labels } = collect([told, told]);
    expect(labels).toEqual([]);
    expect(events).toEqual([]);
    const read = collect([told, told], rich);
    expect(read.labels).toEqual(['ip_rcv_core+372']);
    expect(read.events).toHaveLength(2);
    expect(read.events[1]).toMatchObject({
      values: [1500n, -2n],
      reason: 0x30002,
      callerLabel: 1,
      comm: 'python3',
    });
  });

  test('the stack behind a record is numbered, without the frames of the probe itself, each text once', () => {
    const stack = (...frames: string[]): string =>
      `${TAG}\tS\n${frames.map((frame) => `        ${frame}\n`).join('')}\n${TAG}\ts\n`;
    const told = line({ fields: [0n, 0n], caller: 'f' });
    const text =
      told +
      stack(
        'bpf_prog_956f48695abdc7b8_ip_rcv_core+3690',
        'bpf_trampoline_6442545293+105',
        'ip_rcv+49',
        'process_backlog+129',
      ) +
      told +
      stack() +
      told +
      stack('ip_rcv+49', 'process_backlog+129');
    const { events, labels, strays } = collect([text], rich);
    expect(strays).toEqual([]);
    expect(labels).toEqual(['f', 'ip_rcv+49\nprocess_backlog+129']);
    expect(events.map(({ stackLabel }) => stackLabel)).toEqual([2, 0, 2]);
  });

  test('a frame without a record before it is a stray line', () => {
    expect(collect([`${TAG}\tS\n        ip_rcv+49\n`]).strays).toEqual(['        ip_rcv+49']);
  });

  test('a return tells the packet by address, and what was returned with its sign', () => {
    const both = probeProgram(
      TAG,
      {},
      {
        points:
          point === undefined
            ? []
            : [point, { ...point, edge: 'return', captures: 'arguments', parameters: ['net'] }],
      },
    );
    const text = `${LINE}${argumentsLine(TAG, { sequence: 2, point: 1, skb: 0xffff8d7c246c4e00n, returned: -22n, words: [7n] })}\n`;
    const { events } = collect([text], both);
    expect(events[1]).toMatchObject({
      ...{
        point: 1,
        edge: 'return',
        returned: -22n,
        skb: events[0]?.skb,
        flags: FLAG_ARGUMENTS,
        macHeader: null,
      },
    });
    expect(Buffer.from(events[1]?.bytes ?? []).toString('hex')).toBe('0000000000000007');
  });
});

test('the stream of a program of arguments gives eight bytes an argument', () => {
  const told = argumentsLine(TAG, { cpu: 3, ns: 42n, pid: 7, words: [0xdeadbeefn, -1n], comm: 'sshd' });
  const { events } = collect(
    [`${told}\n`],
    probeProgram(TAG, { captures: 'arguments', parameters: ['a', 'b'] }),
  );
  expect(events[0]).toMatchObject({ cpu: 3, ns: 42n, pid: 7, comm: 'sshd', flags: FLAG_ARGUMENTS });
  expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe('00000000deadbeefffffffffffffffff');
});
