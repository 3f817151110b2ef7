/** One measure, as `npm run -s bench -- NAME --json` prints it. */
export interface BenchLine {
  bench: string;
  ours: number;
  /** Null without a peer; then `ratio` is null too. */
  peer: number | null;
  peerName: string | null;
  /** How many times better than the peer: its time over ours, or our throughput over its. */
  ratio: number | null;
  unit: string;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
