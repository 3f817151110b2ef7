import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowInSlot, topToReveal, windowOf } from '../../../renderer/ui/virtual-window.ts';

describe('windowOf and rowInSlot', () => {
  test('every row in view has exactly one element, and keeps it while it stays in view', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 10, max: 60 }),
        fc.nat(),
        (count, height, rowHeight, where) => {
          const top = where % Math.max(1, count * rowHeight - height);
          const seen = windowOf(top, height, rowHeight, count);
          const rows = Array.from({ length: seen.pool }, (_, slot) => rowInSlot(slot, seen));
          expect(new Set(rows).size).toBe(seen.pool);
          for (const [slot, row] of rows.entries()) expect(row % seen.pool).toBe(slot);
          const firstShown = Math.floor(top / rowHeight);
          const lastShown = Math.min(count - 1, Math.ceil((top + height) / rowHeight) - 1);
          for (let row = firstShown; row <= lastShown; row++) expect(rows).toContain(row);
        },
      ),
    );
  });

  test('the pool does not grow with the list', () => {
    expect(windowOf(0, 440, 22, 1_000_000).pool).toBe(windowOf(0, 440, 22, 3).pool);
  });
});

describe('topToReveal', () => {
  test('moves as little as it can', () => {
    expect(topToReveal(10, 0, 440, 22)).toBe(0);
    expect(topToReveal(20, 0, 440, 22)).toBe(22);
    expect(topToReveal(3, 200, 440, 22)).toBe(66);
  });
});
