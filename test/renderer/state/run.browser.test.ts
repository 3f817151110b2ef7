import { describe, expect, test } from 'vitest';
import { Run } from '../../../renderer/state/run.svelte.ts';
import { recordBytes } from './record-bytes.ts';

const AS_EXPECTED = 0;
const ETHERNET = 1;
const CORRUPT = 9;

function take(
  run: Run,
  from: number,
  count: number,
  verdictOf: (seq: number) => number = () => AS_EXPECTED,
): void {
  run.take(recordBytes(from, count, verdictOf));
  run.show();
}

const rows = (run: Run): number[] => Array.from({ length: run.rowCount }, (_, row) => run.numberAt(row));

describe('Run', () => {
  test('shows the first event, then the first that is not as expected, until the user chooses', () => {
    const run = new Run(1, 100);
    take(run, 1, 3);
    expect([run.record?.seq, run.follow]).toEqual([1, true]);
    take(run, 4, 4, (seq) => (seq === 6 ? ETHERNET : AS_EXPECTED));
    expect([run.record?.seq, run.follow]).toEqual([6, true]);
    take(run, 8, 2, () => ETHERNET);
    expect(run.record?.seq).toBe(6);
    run.select(0);
    take(run, 10, 2, () => ETHERNET);
    expect([run.record?.seq, run.follow]).toEqual([1, false]);
  });

  test('stands still from a selection on, and counts what it does not show', () => {
    const run = new Run(1, 100);
    take(run, 1, 10);
    run.select(4);
    take(run, 11, 7);
    expect([run.rowCount, run.unseen, run.selectedRow]).toEqual([10, 7, 4]);
    run.resume();
    expect([run.rowCount, run.unseen, run.selectedRow]).toEqual([17, 0, 4]);
  });

  test('keeps a copy of the selected event when the ring has let go of it, and keeps the rows of a still table', () => {
    const run = new Run(1, 5);
    take(run, 1, 5);
    run.select(1);
    take(run, 6, 5);
    expect(run.record?.seq).toBe(2);
    expect(run.record?.bytes).toEqual(Uint8Array.of(0x45, 2));
    expect(rows(run)).toEqual([0, 1, 2, 3, 4]);
    expect(run.ring.read(run.numberAt(1))).toBeNull();
    run.resume();
    expect([rows(run), run.evicted, run.selectedRow]).toEqual([[5, 6, 7, 8, 9], 5, -1]);
  });

  test('filters by verdict; a selection that is hidden comes back with its verdict', () => {
    const run = new Run(1, 100);
    take(run, 1, 9, (seq) => [AS_EXPECTED, ETHERNET, CORRUPT][seq % 3] ?? 0);
    run.select(3);
    expect(run.record?.verdict).toBe(ETHERNET);
    run.toggleVerdict(ETHERNET);
    expect([run.rowCount, run.selectedRow, run.record?.seq]).toEqual([6, -1, 4]);
    run.toggleVerdict(ETHERNET);
    expect([run.rowCount, run.selectedRow]).toEqual([9, 3]);
    run.onlyVerdict(CORRUPT);
    expect(rows(run)).toEqual([1, 4, 7]);
    run.onlyVerdict(CORRUPT);
    expect(run.rowCount).toBe(9);
    expect([...run.counts].slice(0, 2)).toEqual([3, 3]);
  });

  test('clearing forgets rows, counts and selection, and follows again', () => {
    const run = new Run(1, 100);
    take(run, 1, 9, () => CORRUPT);
    run.select(2);
    run.clear();
    expect([run.rowCount, run.follow, run.record, run.counts[CORRUPT]]).toEqual([0, true, null, 0]);
    take(run, 10, 1);
    expect([rows(run), run.record?.seq]).toEqual([[9], 10]);
  });
});
