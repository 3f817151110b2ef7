/**
 * Which rows of a long list are in the page. A list has a fixed pool of row elements, just enough to
 * cover its height; row `index` is always drawn by element `index % pool`, so an element keeps its
 * row while it stays in view, and nothing is created or removed by scrolling.
 */
export interface VirtualWindow {
  /** The first row that is in the page. */
  readonly first: number;
  /** How many row elements there are. */
  readonly pool: number;
}

/** Chromium gives no element more than 33,554,428 px of height: no more rows than this can be reached. */
export const MAX_HEIGHT = 33_000_000;

/** @param top @param height what is in view, in px */
export function windowOf(top: number, height: number, rowHeight: number, count: number): VirtualWindow {
  const pool = Math.ceil(height / rowHeight) + 1;
  const last = Math.max(0, count - pool);
  return { first: Math.min(last, Math.max(0, Math.floor(top / rowHeight))), pool };
}

/** The row that element `slot` draws; may be beyond the end of a list that is shorter than its pool. */
export function rowInSlot(slot: number, { first, pool }: VirtualWindow): number {
  return first + ((((slot - first) % pool) + pool) % pool);
}

/** The scroll position nearest to `top` at which `row` is wholly in view. */
export function topToReveal(row: number, top: number, height: number, rowHeight: number): number {
  const start = row * rowHeight;
  if (start < top) return start;
  if (start + rowHeight > top + height) return start + rowHeight - height;
  return top;
}
