import { FUZZY, matchKinds } from './name-index.ts';
import type { MatchKind } from './name-index.ts';

/** Longest name told apart by length. */
const longest = 255;

/** NameIndex gives EXACT (0) to FUZZY + 15 (20). */
const ranks = 21;

/**
 * Picks the best `limit` of the entries that `found` allows (a rank of NameIndex each, NO_MATCH = out): lower
 * rank first, then the shorter name, then the order of the entries. Counting, not sorting: the time does not
 * depend on how many match.
 */
export function pickBest(
  found: Uint8Array,
  lengthOf: (entry: number) => number,
  limit: number,
): { total: number; picked: Uint32Array } {
  const counts = new Uint32Array(ranks * (longest + 1) + 1);
  const keys = new Uint16Array(found.length);
  let total = 0;
  for (let n = 0; n < found.length; n++) {
    const rank = found[n] ?? 255;
    if (rank >= ranks) continue;
    const key = rank * (longest + 1) + Math.min(lengthOf(n), longest);
    keys[n] = key;
    counts[key + 1] = (counts[key + 1] ?? 0) + 1;
    total++;
  }
  for (let key = 1; key < counts.length; key++) counts[key] = (counts[key] ?? 0) + (counts[key - 1] ?? 0);
  const picked = new Uint32Array(Math.min(total, limit));
  for (let n = 0; n < found.length; n++) {
    if ((found[n] ?? 255) >= ranks) continue;
    const key = keys[n] ?? 0;
    const place = counts[key] ?? 0;
    counts[key] = place + 1;
    if (place < picked.length) picked[place] = n;
  }
  return { total, picked };
}

/** The name of a rank as NameIndex gives it: FUZZY and above are all `fuzzy`. */
export function matchKindOf(rank: number): MatchKind {
  return matchKinds[Math.min(rank, FUZZY)] ?? 'fuzzy';
}
