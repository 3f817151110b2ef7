import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { BpftraceStream } from '../../../shared/probe/bpftrace-stream.ts';
import type { KernelTotals } from '../../../shared/probe/bpftrace-stream.ts';
import { probeProgram } from './probe-program.ts';

const TAG = 'k0badf00d';
const program = probeProgram(TAG);

/** What bookworm (6.1, bpftrace 0.17) printed for an Ethernet frame in an ipip tunnel, but for the tag. */
const BYTES =
  '0076c0d14000400460ec0a6202010a620202' +
  '02005e20000202005e200001080045000054e223400040013fbf0a6201010a630202' +
  '080054db01de00018f1a036b0000000044ed0b0000000000101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637';
const WORDS = BYTES.padEnd(256, '0').slice(0, 256);
const LINE = `${TAG}\tP\t1\t0\t79631103938\t340\t258\t0\t98\t0\t0\t8\t258\t258\t0\t5\t768\t0\t4026531840\t${WORDS}\tlab-tunnel\tpython3\n`;

function collect(chunks: readonly string[], from = program) {
  const events: EventRecord[] = [];
  const strays: string[] = [];
  const totals: KernelTotals[] = [];
  let attached = 0;
  let lost = 0;
  const stream = new BpftraceStream(from, {
    attached: () => attached++,
    event: (record) => events.push({ ...record, bytes: record.bytes.slice() }),
    totals: (one) => totals.push(one),
    lost: (count) => (lost += count),
    stray: (line) => strays.push(line),
  });
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  return { events, strays, totals, attached, lost, gaps: stream.gaps, ended: stream.ended };
}

describe('the stream of a packet program', () => {
  test('a line becomes a record with its sk_buff state and its window', () => {
    const { events, strays } = collect([LINE]);
    expect(strays).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      seq: 1,
      cpu: 0,
      ns: 79631103938n,
      pid: 340,
      flags: FLAG_SKB | FLAG_DEVICE,
      window: -18,
      len: 98,
      dataLen: 0,
      protocol: 0x0800,
      headroom: 258,
      macHeader: 0,
      networkHeader: 0,
      deviceType: 768,
      netns: 4026531840,
      device: 'lab-tunnel',
      comm: 'python3',
    });
    expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe(WORDS.slice(0, (18 + 98) * 2));
  });

  test('bytes before head and behind the linear part are not the packet: they are cut off', () => {
    const near = LINE.replace('\t258\t0\t98\t0\t', '\t4\t0\t98\t58\t');
    const { events } = collect([near]);
    expect(events[0]?.window).toBe(-4);
    expect(events[0]?.bytes.length).toBe(4 + 40);
    expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe(WORDS.slice(28, 28 + 88));
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
    const forged = LINE.replace('\tpython3\n', `\tx\n${TAG.slice(0, 4)}\tB\ty\n`);
    const { events, attached, strays } = collect([forged]);
    expect(attached).toBe(0);
    expect(events[0]?.comm).toBe('x');
    expect(strays).toEqual([`${TAG.slice(0, 4)}\tB\ty`]);
  });

  test('totals count only behind their own mark, and only once: bpftrace prints cleared maps again at exit', () => {
    const { totals, ended } = collect([
      `@seen: 99\n${TAG}\tT\n@seen: 5\n${TAG}\tE\n@seen: 7\n@own: 3\n@matched: 2\n@limited: 0\n@seen: 0\n@own: 0\n`,
    ]);
    expect(ended).toBe(true);
    expect(totals.at(-1)).toEqual({ seen: 7, own: 3, matched: 2, limited: 0 });
  });

  test('a gap in the sequence of a CPU is counted as lost', () => {
    const second = LINE.replace('\tP\t1\t0\t', '\tP\t5\t0\t');
    const other = LINE.replace('\tP\t1\t0\t', '\tP\t1\t1\t');
    expect(collect([LINE, second, other]).gaps).toBe(3);
    expect(collect([LINE, 'Lost 12 events\n']).lost).toBe(12);
  });

  test.each([
    ['a short word field', LINE.replace(WORDS, WORDS.slice(2))],
    ['digits that are no hex', LINE.replace(WORDS, WORDS.replace('0', 'g'))],
    ['a missing number', LINE.replace('\t98\t', '\tx\t')],
    ['an unknown kind', `${TAG}\tZ\t1\n`],
    ['an endless line', `${TAG}\tP\t${'7'.repeat(10_000)}`],
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

test('the stream of a program of arguments gives eight bytes an argument', () => {
  const { events } = collect(
    [`${TAG}\tA\t1\t3\t42\t7\t00000000deadbeefffffffffffffffff\tsshd\n`],
    probeProgram(TAG, { captures: 'arguments', parameters: ['a', 'b'] }),
  );
  expect(events[0]).toMatchObject({ cpu: 3, ns: 42n, pid: 7, comm: 'sshd', flags: FLAG_ARGUMENTS });
  expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe('00000000deadbeefffffffffffffffff');
});
