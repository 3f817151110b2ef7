import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventFilter } from '../../../renderer/state/event-filter.ts';
import { EventRing } from '../../../renderer/state/event-ring.ts';
import { recordBytes } from './record-bytes.ts';

const isOdd = (verdict: number): boolean => verdict % 2 === 1;

describe('EventFilter', () => {
  test('lets through by verdict, and says how many it ever let through', () => {
    const ring = new EventRing(100);
    ring.push(recordBytes(0, 10, (seq) => seq % 3));
    const filter = new EventFilter(ring, isOdd);
    expect([...filter.snapshot()]).toEqual([1, 4, 7]);
    ring.push(recordBytes(10, 3, () => 1));
    filter.extend();
    expect([filter.length, filter.appended, filter.at(5), filter.at(6), filter.at(-1)]).toEqual([
      6, 6, 12, -1, -1,
    ]);
  });

  test('drops what the ring has evicted, and keeps a snapshot as it was', () => {
    const ring = new EventRing(4);
    ring.push(recordBytes(0, 4, () => 1));
    const filter = new EventFilter(ring, isOdd);
    const before = filter.snapshot();
    ring.push(recordBytes(4, 2, () => 1));
    filter.extend();
    expect([...filter.snapshot()]).toEqual([2, 3, 4, 5]);
    expect([...before]).toEqual([0, 1, 2, 3]);
  });

  test('agrees with filtering the whole ring anew, at every step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 12 }),
        (capacity, sizes) => {
          const ring = new EventRing(capacity);
          const filter = new EventFilter(ring, isOdd);
          let pushed = 0;
          for (const size of sizes) {
            ring.push(recordBytes(pushed, size, (seq) => (seq * 7) % 5));
            pushed += size;
            filter.extend();
            expect([...filter.snapshot()]).toEqual([...new EventFilter(ring, isOdd).snapshot()]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

test('a display filter is looked through in slices, and what it hides is not lost', () => {
  const ring = new EventRing(8192);
  ring.push(recordBytes(0, 5000, () => 1));
  const filter = new EventFilter(
    ring,
    () => true,
    (record) => record.seq % 1000 === 0,
  );
  expect([filter.done, filter.length]).toEqual([false, ring.read(0)?.seq === 0 ? 3 : 2]);
  for (let i = 0; !filter.done && i < 10; i++) filter.extend();
  expect([...filter.snapshot()].map((number) => (ring.read(number)?.seq ?? 1) % 1000)).toEqual(
    Array<number>(filter.length).fill(0),
  );
  expect(filter.length).toBe(5);
  expect(ring.size).toBe(5000);
});
