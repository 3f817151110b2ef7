import type { NameIndex } from './name-index.ts';
import { pickBest } from './rank.ts';

/**
 * Indices of the names that hold each of `words` (lower case), best first: the worst of a name's matches decides, then
 * its length, then its place. For short lists that are searched beside the functions; without words all of them in their order.
 */
export function rankNames(index: NameIndex, words: readonly string[]): Uint32Array {
  const worst = new Uint8Array(index.size);
  for (const word of words)
    for (const [n, rank] of index.findWord(word).entries()) worst[n] = Math.max(worst[n] ?? 0, rank);
  return pickBest(worst, (n) => (words.length === 0 ? 0 : index.length(n)), index.size).picked;
}
