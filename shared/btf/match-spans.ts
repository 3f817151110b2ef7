import { spelledAt } from './fuzzy.ts';
import { parseQuery } from './query.ts';

/** Where a word of a search was found in a text: characters `from` up to, without, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The parts of `name` that the words of a search line (parseQuery) matched, in order and without overlaps: each word
 * once, where it ranks best. With `spelt` also the letters of one that is only spelt letter by letter.
 */
export function matchSpans(name: string, line: string, spelt = false): readonly Span[] {
  const lower = name.toLowerCase();
  const spans: Span[] = [];
  for (const word of parseQuery(line).words) {
    const from = bestPlace(lower, word);
    if (from >= 0) spans.push({ from, to: from + word.length });
    else if (spelt) for (const at of spelledAt(lower, word)) spans.push({ from: at, to: at + 1 });
  }
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else merged.push(span);
  }
  return merged;
}

function bestPlace(name: string, word: string): number {
  const first = name.indexOf(word);
  for (let at = first; at !== -1; at = name.indexOf(word, at + 1))
    if (at === 0 || '_. '.includes(name[at - 1] ?? '')) return at;
  return first;
}
