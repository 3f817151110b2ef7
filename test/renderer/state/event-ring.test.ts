import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG_ARGUMENTS, RECORD_BYTES } from '../../../shared/capture/record.ts';
import { EventRing, NO_VERDICT } from '../../../renderer/state/event-ring.ts';
import { recordBytes } from './record-bytes.ts';

describe('EventRing', () => {
  test('keeps the newest records under the numbers they were given', () => {
    const ring = new EventRing(5);
    ring.push(recordBytes(1, 3));
    ring.push(recordBytes(4, 4));
    expect([ring.first, ring.next, ring.size]).toEqual([2, 7, 5]);
    expect(ring.read(1)).toBeNull();
    expect(ring.read(2)?.seq).toBe(3);
    expect(ring.read(6)?.seq).toBe(7);
    expect(ring.read(7)).toBeNull();
  });

  test('takes a message longer than itself, and counts what it never held', () => {
    const ring = new EventRing(4);
    ring.push(recordBytes(1, 2));
    ring.push(recordBytes(3, 10));
    expect([ring.first, ring.next]).toEqual([8, 12]);
    expect([8, 9, 10, 11].map((number) => ring.read(number)?.seq)).toEqual([9, 10, 11, 12]);
  });

  test('leaves out a remainder that is no whole record', () => {
    const ring = new EventRing(4);
    ring.push(recordBytes(1, 2).subarray(0, RECORD_BYTES + 100));
    expect(ring.size).toBe(1);
  });

  test('goes on counting after it was cleared', () => {
    const ring = new EventRing(4);
    ring.push(recordBytes(1, 3));
    ring.clear();
    expect([ring.size, ring.read(2)]).toEqual([0, null]);
    ring.push(recordBytes(4, 1, () => 9));
    expect([ring.first, ring.next, ring.verdictOf(3), ring.read(3)?.seq]).toEqual([3, 4, 9, 4]);
  });

  test('has no verdict on a record of plain arguments', () => {
    const ring = new EventRing(4);
    ring.push(recordBytes(1, 1, () => 0, { flags: FLAG_ARGUMENTS }));
    expect(ring.verdictOf(0)).toBe(NO_VERDICT);
  });

  test('holds what a plain array would, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 8 }),
        (capacity, sizes) => {
          const ring = new EventRing(capacity);
          let pushed = 0;
          for (const size of sizes) {
            ring.push(recordBytes(pushed, size));
            pushed += size;
          }
          expect(ring.next).toBe(pushed);
          expect(ring.size).toBe(Math.min(pushed, capacity));
          for (let number = ring.first; number < ring.next; number++)
            if (ring.read(number)?.seq !== number) throw new Error(`record ${number} is another`);
        },
      ),
      { numRuns: 40 },
    );
  });
});
