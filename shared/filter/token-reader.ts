import { FilterError } from './problem.ts';
import { tokenize } from './tokens.ts';
import type { Span, Token } from './tokens.ts';

/** Deepest nesting of parentheses and operators: it bounds the stack of everything that walks the tree. */
const MOST_DEEP = 100;

/** The tokens of a filter with a place in them. */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  /** The token `ahead` places on, without taking it; `end` at and behind the end. */
  peek(ahead = 0): Token {
    const token = this.#tokens[this.#index + ahead] ?? this.#tokens.at(-1);
    return token ?? { kind: 'end', at: 0, length: 0 };
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** The text of the next token if it is a symbol or a word, else ''. */
  peekText(ahead = 0): string {
    const token = this.peek(ahead);
    return token.kind === 'symbol' || token.kind === 'word' ? token.text : '';
  }

  takeIf(...texts: readonly string[]): Token | null {
    return texts.includes(this.peekText()) && this.peekText() !== '' ? this.take() : null;
  }

  /** From the first of `from` to the end of what was taken last. */
  since(from: Span): Span {
    const last = this.#tokens[this.#index - 1];
    const end = last === undefined ? from.at + from.length : last.at + last.length;
    return { at: from.at, length: Math.max(from.length, end - from.at) };
  }

  /** Runs `read` one level deeper. */
  deeper<T>(read: () => T): T {
    if (++this.#depth > MOST_DEEP) throw new FilterError(this.peek(), 'too-deep', { most: MOST_DEEP });
    const result = read();
    this.#depth--;
    return result;
  }

  /** The error of a token that cannot stand where it does. */
  unexpected(expected: readonly string[], token: Token = this.peek()): FilterError {
    if (token.kind === 'end') return new FilterError(token, 'end-missing', {}, expected);
    const found = this.#text.slice(token.at, token.at + Math.min(token.length, 40));
    return new FilterError(token, 'unexpected', { found }, expected);
  }
}
