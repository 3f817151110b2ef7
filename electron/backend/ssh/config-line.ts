/** One line of an ssh config that sets something. */
export interface Directive {
  /** As written: what a person is told. */
  readonly name: string;
  /** Lower case. */
  readonly keyword: string;
  /** What stands behind the keyword, for the options that take the rest of the line as it is. */
  readonly rest: string;
  /** The same in words, quotes and backslashes resolved, up to a comment. */
  readonly words: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** What is wrong with a line, in ssh's words; the caller names the file and the line. */
export class LineError extends Error {}

/**
 * A line as process_config_line_depth of OpenSSH's readconf.c takes it apart:
 *
 *     [blanks] keyword (blanks | [blanks] = [blanks]) words
 *
 * Null for a blank line or a comment. Throws LineError.
 */
export function parseLine(text: string, file: string, line: number): Directive | null {
  const nul = text.indexOf('\0');
  const trimmed = (nul < 0 ? text : text.slice(0, nul)).replace(/[ \t\r\n\f]+$/, '');
  const scanner = new Scanner(trimmed);
  let name = scanner.next();
  if (name === '') name = scanner.next();
  if (name === null || name === '' || name.startsWith('#')) return null;
  const rest = (scanner.rest ?? '').replace(/^[ \t\r\n]+/, '');
  if (rest === '') throw new LineError(`no argument after keyword "${name}"`);
  return { name, keyword: name.toLowerCase(), rest, words: splitWords(rest), file, line };
}

/** strdelim of OpenSSH's misc.c: words ended by blanks or one `=`, double quotes without escapes. */
export class Scanner {
  rest: string | null;

  constructor(text: string) {
    this.rest = text;
  }

  /** The next word, null at the end or where a quote is not closed. */
  next(): string | null {
    const text = this.rest;
    if (text === null) return null;
    const at = text.search(/[ \t\r\n"=]/);
    if (at < 0) {
      this.rest = null;
      return text;
    }
    if (text[at] === '"') {
      const joined = text.slice(0, at) + text.slice(at + 1);
      const close = joined.indexOf('"', at);
      this.rest = close < 0 ? null : joined.slice(close + 1).replace(/^[ \t\r\n]+/, '');
      return close < 0 ? null : joined.slice(0, close);
    }
    const wasEqual = text[at] === '=';
    let rest = text.slice(at + 1).replace(/^[ \t\r\n]+/, '');
    if (!wasEqual && rest.startsWith('=')) rest = rest.slice(1).replace(/^[ \t\r\n]+/, '');
    this.rest = rest;
    return text.slice(0, at);
  }
}

/** argv_split of OpenSSH's misc.c: single and double quotes, backslash before a quote, a backslash or a space. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let i = 0;
  for (;;) {
    while (text[i] === ' ' || text[i] === '\t') i++;
    if (i >= text.length || text[i] === '#') return words;
    let word = '';
    let quote = '';
    for (; i < text.length; i++) {
      const char = text[i] ?? '';
      const next = text[i + 1] ?? '';
      if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
        word += next;
        i++;
      } else if (quote === '' && (char === ' ' || char === '\t')) break;
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === quote) quote = '';
      else word += char;
    }
    if (quote !== '') throw new LineError('invalid quotes');
    words.push(word);
  }
}
