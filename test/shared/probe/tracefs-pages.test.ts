import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventRecord } from '../../../shared/capture/record.ts';
import type { KernelTotals } from '../../../shared/probe/stream.ts';
import { eachEvent, pageHeader } from '../../../shared/probe/tracefs-pages.ts';
import { PageRounds } from '../../../shared/probe/tracefs-rounds.ts';
import type { RawEvent } from '../../../shared/probe/tracefs-rounds.ts';
import { TracefsStream } from '../../../shared/probe/tracefs-stream.ts';
import { probeProgram } from './probe-program.ts';

/** What a script for both ends of ip_rcv_core, with skb->dev->mtu, sent from Debian sid (7.2) while it was pinged. */
const RECORDED = gunzipSync(readFileSync(new URL('tracefs-pages-7.2.gz', import.meta.url)));
const HEADER = { size: 4096, data: 16 };

function parse(chunks: readonly Uint8Array[]) {
  const { points, ...program } = probeProgram('k1234abcd');
  const events: EventRecord[] = [];
  const strays: string[] = [];
  const totals: KernelTotals[] = [];
  const stream = new TracefsStream(
    {
      ...{
        ...program,
        engine: 'tracefs',
        stacks: false,
        valuesOf: [[{ name: 'f0', guards: ['g0'] }], [null]],
      },
      points: points.flatMap((one) => [one, { ...one, edge: 'return', captures: 'arguments' } as const]),
    },
    {
      attached: () => undefined,
      event: (record) => events.push({ ...record, bytes: record.bytes.slice() }),
      labels: () => undefined,
      totals: (one) => totals.push(one),
      lost: () => undefined,
      stray: (line) => strays.push(line),
    },
  );
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  return { stream, events, strays, totals };
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

describe('the pages of a kernel', () => {
  test('become records, each as the kernel counted it, in order of time', () => {
    const { stream, events, strays, totals } = parse([RECORDED]);
    expect(strays).toEqual([]);
    expect([stream.ended, stream.gaps, stream.failure]).toEqual([true, 0, null]);
    expect(events).toHaveLength(totals.at(-1)?.matched ?? -1);
    expect(events.every(({ ns }, i) => i === 0 || ns >= (events[i - 1]?.ns ?? 0n))).toBe(true);
    const pings = events.filter(({ comm, edge }) => comm === 'ping' && edge === 'entry');
    expect(pings).toHaveLength(4);
    for (const one of pings) {
      expect(one).toMatchObject({ device: 'lo', deviceType: 772, len: 84, protocol: 0x800, cpu: 0 });
      expect(one).toMatchObject({ headroom: 16, networkHeader: 0, macHeader: -14, values: [65536n] });
      expect([...one.bytes.subarray(-one.window, -one.window + 4)]).toEqual([0x45, 0, 0, 84]);
      const after = events.find(
        ({ skb, seq, edge }) => skb === one.skb && seq > one.seq && edge === 'return',
      );
      expect(after?.returned).toBe(BigInt.asIntN(64, one.skb));
      expect(after?.values).toEqual([-(2n ** 63n)]);
    }
  });

  test('are read the same however they are cut on the way', () => {
    const whole = parse([RECORDED]);
    for (const size of [1000, 4095, 4097]) {
      const pieces = parse(cut(RECORDED, size));
      expect(pieces.events).toEqual(whole.events);
      expect(pieces.strays).toEqual([]);
    }
  });

  test('with any damage: what can be read is, and nothing is thrown', () => {
    const whole = parse([RECORDED]).events.length;
    const damage = fc.array(fc.tuple(fc.nat(RECORDED.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(damage, fc.nat(RECORDED.length), (places, end) => {
        const bytes = Uint8Array.from(RECORDED.subarray(0, end));
        for (const [at, byte] of places) if (at < end) bytes[at] = byte;
        expect(parse([bytes]).events.length).toBeLessThanOrEqual(2 * whole);
      }),
      { numRuns: 60 },
    );
  });
});

/** A page with its time and, one after the other, u32 words. */
function page(time: number, words: readonly number[], size = HEADER.size): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(time), true);
  view.setBigUint64(8, BigInt(words.length * 4), true);
  words.forEach((word, i) => view.setUint32(HEADER.data + i * 4, word, true));
  return bytes;
}

const head = (type: number, delta: number): number => ((delta << 5) | type) >>> 0;
/** An entry of type 7 of process 9. */
const entry = (delta: number): number[] => [head(2, delta), 7, 9];

function read(bytes: Uint8Array) {
  const found: number[][] = [];
  const view = new DataView(bytes.buffer);
  const whole = eachEvent(view, HEADER, (offset, from, to) => found.push([offset, from, to]));
  return { found, whole };
}

describe('the ring buffer', () => {
  test('short and long events, padding between them, longer deltas, a time of its own', () => {
    const words = [
      ...entry(5),
      ...[head(0, 10), 12, 7, 9],
      ...[head(29, 3), 8, 0],
      ...[head(30, 2), 1],
      ...entry(1),
      ...[head(31, 1000), 0],
      ...entry(0),
      ...[head(29, 0), 0, 0],
    ];
    expect(read(page(400, words))).toEqual({
      whole: true,
      found: [
        [5, 20, 28],
        [15, 36, 44],
        [5 + 10 + 3 + 2 ** 27 + 2 + 1, 68, 76],
        [600, 88, 96],
      ],
    });
  });

  test('an event that reaches beyond what was written ends the page', () => {
    expect(read(page(0, [...entry(1), head(28, 0), 1, 2]))).toEqual({ whole: false, found: [[1, 20, 28]] });
    expect(read(page(0, [head(0, 0), 0xffffffff])).whole).toBe(false);
    expect(read(page(0, [head(0, 0), 2])).whole).toBe(false);
    expect(read(page(0, [head(30, 0)])).whole).toBe(false);
    const long = page(0, []);
    new DataView(long.buffer).setUint32(8, 5000, true);
    expect(read(long)).toEqual({ whole: false, found: [] });
  });

  test('flags beside the length do not count as length', () => {
    const lost = page(0, entry(1));
    new DataView(lost.buffer).setUint32(8, 0x80000000 + 12, true);
    expect(read(lost)).toEqual({ whole: true, found: [[1, 20, 28]] });
  });

  test('any bytes: no event lies outside its page', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 300 }), fc.nat(300), (bytes, written) => {
        const copy = Uint8Array.from(bytes);
        const view = new DataView(copy.buffer);
        view.setBigUint64(8, BigInt(written), true);
        eachEvent(view, { size: copy.length, data: 16 }, (_, from, to) => {
          expect(from).toBeGreaterThan(16);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(Math.min(copy.length, 16 + written));
        });
      }),
    );
  });

  test('a header is taken only if it can be one', () => {
    expect(pageHeader(4096, 16)).toEqual(HEADER);
    for (const [size, data] of [
      [16, 16],
      [4096, 8],
      [2 ** 21, 16],
      [Number.NaN, 16],
      [4096, 16.5],
    ] as const)
      expect(pageHeader(size, data)).toBeNull();
  });
});

describe('several processors', () => {
  const times = (rounds: PageRounds, until: number | null): [bigint, number][] => {
    const found: [bigint, number][] = [];
    rounds.take(until, ({ ns, cpu }: RawEvent) => found.push([ns, cpu]));
    return found;
  };

  test('are put into one order; what may be followed by something older waits', () => {
    const rounds = new PageRounds(HEADER);
    expect(rounds.add(1, page(100, [...entry(10), ...entry(200)]))).toBe(true);
    expect(rounds.add(0, page(100, [...entry(5), ...entry(100), ...entry(250)]))).toBe(true);
    expect(times(rounds, 300)).toEqual([
      [105n, 0],
      [110n, 1],
      [205n, 0],
    ]);
    rounds.add(0, page(300, entry(7)));
    expect(times(rounds, null)).toEqual([
      [307n, 0],
      [310n, 1],
      [455n, 0],
    ]);
    expect(times(rounds, null)).toEqual([]);
  });

  test('a page of another size, or of entries too short to be any, is damaged', () => {
    const rounds = new PageRounds(HEADER);
    expect(rounds.add(0, page(0, entry(1), 2048))).toBe(false);
    expect(rounds.add(0, page(0, [head(1, 1), 7, ...entry(1)]))).toBe(false);
    expect(times(rounds, null)).toEqual([[2n, 0]]);
  });

  test('do not wait without end', () => {
    const rounds = new PageRounds(HEADER);
    const full = page(0, Array.from({ length: 340 }, () => entry(1)).flat());
    for (let i = 0; i < 400 && !rounds.full; i++) rounds.add(i & 1, full);
    expect(rounds.full).toBe(true);
  });
});
