/**
 * Which characters a text has, as a 32-bit set: a-z, digits by fives, `_` and the rest. A word can only be
 * spelt from a text whose set holds the word's set.
 */
export function characterSet(text: string, from = 0, to: number = text.length): number {
  let set = 0;
  for (let i = from; i < to; i++) set |= characterBit(text.charCodeAt(i));
  return set;
}

function characterBit(code: number): number {
  if (code >= 97 && code <= 122) return 1 << (code - 97);
  if (code >= 48 && code <= 57) return 1 << (26 + ((code - 48) >> 1));
  return 1 << 31;
}

/** No way to spell the word. */
export const NO_MATCH = 255;

const underscore = 95;

/**
 * How badly `word` is spelt by characters of text[from, to), in order: 0 (few jumps, each to the beginning of
 * a part of the name) up to 15; NO_MATCH when it is not. A character is taken where it goes on from the last
 * one, else at the next beginning of a part, else at the next place, so `iprc` fits `ip_rcv_core` as i, p, r
 * after `_`, c after `_`. Given up when there are more jumps than letters.
 */
export function spellingPenalty(text: string, from: number, to: number, word: string): number {
  return spell(text, from, to, word, null);
}

/** The places in `text` whose characters spell `word`, as spellingPenalty takes them; none when they do not. */
export function spelledAt(text: string, word: string): readonly number[] {
  const places: number[] = [];
  return spell(text, 0, text.length, word, places) === NO_MATCH ? [] : places;
}

function spell(text: string, from: number, to: number, word: string, places: number[] | null): number {
  const worst = Math.min(word.length + 1, 15);
  let penalty = 0;
  let at = from;
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    if (at < to && text.charCodeAt(at) === code) {
      places?.push(at);
      at++;
      continue;
    }
    const next = nextCharacter(text, at, to, code);
    if (next === -1) return NO_MATCH;
    const part = partBeginningWith(text, next, to, code);
    if (part !== -1 && canSpell(text, part + 1, to, word, i + 1)) {
      penalty += 1;
      at = part + 1;
    } else {
      penalty += i === 0 ? 2 : 3;
      at = next + 1;
    }
    places?.push(at - 1);
    if (penalty > worst) return NO_MATCH;
  }
  return penalty;
}

function nextCharacter(text: string, from: number, to: number, code: number): number {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === code) return i;
  return -1;
}

/** The next place, from `from` on, where a part of the name (after `_` or `.`) begins with the character. */
function partBeginningWith(text: string, from: number, to: number, code: number): number {
  for (let i = from; i < to; i++) {
    if (text.charCodeAt(i) !== code) continue;
    const before = i === 0 ? underscore : text.charCodeAt(i - 1);
    if (before === underscore || before === 46 || before === 10) return i;
  }
  return -1;
}

function canSpell(text: string, from: number, to: number, word: string, start: number): boolean {
  let at = from;
  for (let i = start; i < word.length; i++) {
    at = nextCharacter(text, at, to, word.charCodeAt(i)) + 1;
    if (at === 0) return false;
  }
  return true;
}
