import { NO_MATCH, characterSet, spellingPenalty } from './fuzzy.ts';

/**
 * How a word was found in a name, best first: the whole name, its beginning, behind a `_`, `.` or space,
 * anywhere, only in the signature, only letter by letter.
 */
export const matchKinds = ['exact', 'prefix', 'part', 'substring', 'signature', 'fuzzy'] as const;

export type MatchKind = (typeof matchKinds)[number];

export const EXACT = 0;
export const PREFIX = 1;
export const PART = 2;
export const SUBSTRING = 3;
export const SIGNATURE = 4;
export const FUZZY = 5;

/**
 * Names to be searched as one types. All names stand in one lower-case text, each behind a newline, so that
 * one indexOf runs over all of them: under a millisecond for 60,000.
 */
export class NameIndex {
  readonly size: number;
  /** Names in lower case, each followed by a newline. */
  readonly text: string;
  /** Where the n-th name begins in `text`; one more entry for the end. */
  readonly starts: Uint32Array;
  #sets: Int32Array | null = null;

  /** Names with a newline in them (no compiler makes any) are searched with a space in its place. */
  constructor(names: readonly string[]) {
    this.size = names.length;
    this.starts = new Uint32Array(names.length + 1);
    const joined = names.length === 0 ? '' : `${names.join('\n')}\n`;
    const lower = joined.toLowerCase();
    const usual = lower.length === joined.length && !names.some((name) => name.includes('\n'));
    this.text = usual ? lower : names.map((name) => `${searchable(name)}\n`).join('');
    let at = 0;
    for (let n = 0; n < names.length; n++) {
      this.starts[n] = at;
      at = this.text.indexOf('\n', at) + 1;
    }
    this.starts[names.length] = at;
  }

  /** Length of the n-th name, in characters. */
  length(n: number): number {
    return (this.starts[n + 1] ?? 0) - (this.starts[n] ?? 0) - 1;
  }

  /**
   * For each name the best way it holds `word` (EXACT to SUBSTRING), NO_MATCH where it does not. `word` in
   * lower case.
   */
  findWord(word: string): Uint8Array {
    const found = new Uint8Array(this.size).fill(NO_MATCH);
    if (word.includes('\n')) return found;
    const { text, starts } = this;
    let n = 0;
    for (let at = text.indexOf(word); at !== -1;) {
      while ((starts[n + 1] ?? Infinity) <= at) n++;
      const start = starts[n] ?? 0;
      const end = (starts[n + 1] ?? 0) - 1;
      let next = at + 1;
      if (at === start) {
        found[n] = at + word.length === end ? EXACT : PREFIX;
        next = end;
      } else {
        const before = text.charCodeAt(at - 1);
        if (before === 95 || before === 46 || before === 32) {
          found[n] = PART;
          next = end;
        } else {
          found[n] = SUBSTRING;
        }
      }
      at = text.indexOf(word, next);
    }
    return found;
  }

  /** Sets `found` to `rank` for each name that holds `word` anywhere and has no better rank yet. */
  addHolding(word: string, found: Uint8Array, rank: number): void {
    if (word.includes('\n')) return;
    const { text, starts } = this;
    let n = 0;
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, starts[n + 1])) {
      while ((starts[n + 1] ?? Infinity) <= at) n++;
      if ((found[n] ?? 0) > rank) found[n] = rank;
    }
  }

  /**
   * Adds to `found` (of findWord) the names that only spell `word`: FUZZY plus the penalty, 0 to 15. A word
   * of one character spells nothing new.
   */
  addSpelt(word: string, found: Uint8Array): void {
    if (word.length < 2) return;
    const sets = this.#characterSets();
    const wanted = characterSet(word);
    const { text, starts } = this;
    for (let n = 0; n < this.size; n++) {
      if (found[n] !== NO_MATCH || ((sets[n] ?? 0) & wanted) !== wanted) continue;
      const penalty = spellingPenalty(text, starts[n] ?? 0, (starts[n + 1] ?? 0) - 1, word);
      if (penalty !== NO_MATCH) found[n] = FUZZY + penalty;
    }
  }

  #characterSets(): Int32Array {
    if (this.#sets !== null) return this.#sets;
    const sets = new Int32Array(this.size);
    for (let n = 0; n < this.size; n++) {
      sets[n] = characterSet(this.text, this.starts[n], (this.starts[n + 1] ?? 0) - 1);
    }
    this.#sets = sets;
    return sets;
  }
}

function searchable(name: string): string {
  const lower = name.toLowerCase().replaceAll('\n', ' ');
  return lower.length === name.length ? lower : name.replaceAll('\n', ' ');
}
