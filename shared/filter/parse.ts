/**
 * The filter language: comparisons over fields as in C and in Wireshark, and the primitives of pcap-filter(7).
 *
 *     filter     := or
 *     or         := and (('||' | 'or') and)*
 *     and        := unary (('&&' | 'and') unary)*
 *     unary      := ('!' | 'not') unary | primitive | comparison
 *     comparison := sum [('==' 'eq' '!=' 'ne' '<' 'lt' … 'contains' 'like') sum | 'in' list]
 *     list       := ('{' | '(') item (',' item)* ('}' | ')')     item := sum ['..' sum]
 *     sum        := bits with | ^ & << >> + - * / % in C's order among themselves, but before comparisons
 *     value      := number | string | address | name | slice | '-' value | '(' or ')'
 *     name       := word (('.' | '->') word | '[' number ']')*    slice := word '[' sum [':' number] ']'
 */
import type { Arithmetic, Comparison, Node, RangeNode } from './ast.ts';
import { SLICE_PROTOCOLS } from './numbers.ts';
import { beginsPrimitive, isValue, parsePrimitive, parseValue } from './parse-pcap.ts';
import type { Qualifiers } from './parse-pcap.ts';
import { FilterError } from './problem.ts';
import { TokenReader } from './token-reader.ts';
import type { Span } from './tokens.ts';

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': '==',
  '=': '==',
  eq: '==',
  '!=': '!=',
  ne: '!=',
  '<': '<',
  lt: '<',
  '<=': '<=',
  le: '<=',
  '>': '>',
  gt: '>',
  '>=': '>=',
  ge: '>=',
  contains: 'contains',
  like: 'like',
};
/** Arithmetic by how tightly it binds, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&', 'bitwise_and'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const OPERATORS = ['==', '!=', '<', '>', 'in', 'contains', 'like', '&&', '||'];
const VALUES = ['skb.len', 'ip.src', 'host', 'port', '('];

/** Reads a filter. Throws FilterError with the place of what is wrong. Blank text is an error too: nothing is missing more. */
export function parse(text: string): Node {
  return new Parser(text).whole();
}

class Parser {
  readonly #reader: TokenReader;
  /** Of the last primitive: a bare value behind `and` or `or` takes them. */
  #qualifiers: Qualifiers | null = null;

  constructor(text: string) {
    this.#reader = new TokenReader(text);
  }

  whole(): Node {
    const node = this.#or();
    if (this.#reader.peek().kind !== 'end') throw this.#reader.unexpected(['&&', '||']);
    return node;
  }

  #or(): Node {
    return this.#joined('or', ['||', 'or'], () => this.#and());
  }

  #and(): Node {
    return this.#joined('and', ['&&', 'and'], () => this.#unary());
  }

  #joined(kind: 'or' | 'and', joints: readonly string[], read: () => Node): Node {
    const first = read();
    if (!joints.includes(this.#reader.peekText())) return first;
    const terms = first.kind === kind ? [...first.terms] : [first];
    while (this.#reader.takeIf(...joints) !== null) {
      const next = read();
      if (next.kind === kind) terms.push(...next.terms);
      else terms.push(next);
    }
    return { kind, terms, ...this.#reader.since(first) };
  }

  #unary(): Node {
    const reader = this.#reader;
    const not = reader.peekText() === 'not' || reader.peekText() === '!' ? reader.take() : null;
    if (not !== null) {
      const term = reader.deeper(() => this.#unary());
      return { kind: 'not', term, ...reader.since(not) };
    }
    if (beginsPrimitive(reader)) {
      const { node, qualifiers } = parsePrimitive(reader);
      this.#qualifiers = qualifiers;
      return node;
    }
    const token = reader.peek();
    if (this.#qualifiers !== null && isValue(token) && !this.#operatorAhead())
      return parseValue(reader, this.#qualifiers, token);
    return this.#comparison();
  }

  /** Whether an operator follows the value at hand, so that it is one side of something. */
  #operatorAhead(): boolean {
    const next = this.#reader.peekText(1);
    return this.#isOperator(next);
  }

  #isOperator(text: string): boolean {
    return Object.hasOwn(COMPARISONS, text) || text === 'in' || LEVELS.some((level) => level.includes(text));
  }

  #comparison(): Node {
    const reader = this.#reader;
    const left = this.#level(0);
    const word = reader.peekText();
    if (word === 'in') {
      reader.take();
      const items = this.#list();
      return { kind: 'in', left, items, ...reader.since(left) };
    }
    const operator = Object.hasOwn(COMPARISONS, word) ? COMPARISONS[word] : undefined;
    if (operator === undefined) return left;
    reader.take();
    const right = this.#level(0);
    return { kind: 'compare', operator, left, right, ...reader.since(left) };
  }

  #list(): readonly (Node | RangeNode)[] {
    const reader = this.#reader;
    const open = reader.takeIf('{', '(');
    if (open === null) throw reader.unexpected(['{']);
    const close = open.kind === 'symbol' && open.text === '(' ? ')' : '}';
    const items: (Node | RangeNode)[] = [];
    if (reader.takeIf(close) !== null) throw new FilterError(reader.since(open), 'in-empty');
    do {
      const low = this.#level(0);
      if (reader.takeIf('..') === null) items.push(low);
      else items.push({ kind: 'range', low, high: this.#level(0), ...reader.since(low) });
    } while (reader.takeIf(',') !== null);
    this.#close(open, close);
    return items;
  }

  #level(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#value();
    let left = this.#level(level + 1);
    let depth = 0;
    for (
      let token = this.#reader.takeIf(...operators);
      token !== null;
      token = this.#reader.takeIf(...operators)
    ) {
      if (++depth > 50) throw new FilterError(token, 'too-deep', { most: 50 });
      const text = token.kind === 'symbol' || token.kind === 'word' ? token.text : '';
      const operator = (text === 'bitwise_and' ? '&' : text) as Arithmetic;
      const right = this.#level(level + 1);
      left = { kind: 'arithmetic', operator, left, right, ...this.#reader.since(left) };
    }
    return left;
  }

  #value(): Node {
    const reader = this.#reader;
    const token = reader.peek();
    switch (token.kind) {
      case 'number':
        reader.take();
        return { kind: 'number', value: token.value, at: token.at, length: token.length };
      case 'string':
        reader.take();
        return { kind: 'string', value: token.value, at: token.at, length: token.length };
      case 'address': {
        reader.take();
        const { bytes, prefix, at, length } = token;
        return { kind: 'address', bytes, prefix, at, length };
      }
      case 'word':
        if (Object.hasOwn(COMPARISONS, token.text) || ['and', 'or', 'not', 'in'].includes(token.text))
          throw reader.unexpected(VALUES);
        return this.#nameOrSlice();
      case 'symbol':
        if (token.text === '(') {
          reader.take();
          const inner = reader.deeper(() => this.#or());
          this.#close(token, ')');
          return { ...inner, ...reader.since(token) };
        }
        if (token.text === '-') {
          reader.take();
          const term = reader.deeper(() => this.#value());
          return { kind: 'negative', term, ...reader.since(token) };
        }
        throw reader.unexpected(VALUES);
      case 'end':
        throw reader.unexpected(VALUES);
    }
  }

  #close(open: Span & { readonly kind: string; readonly text?: string }, close: string): void {
    if (this.#reader.takeIf(close) !== null) return;
    if (this.#reader.peek().kind === 'end')
      throw new FilterError(open, 'close-missing', { open: open.text ?? '(' }, [close]);
    throw this.#reader.unexpected([close, ...OPERATORS]);
  }

  #nameOrSlice(): Node {
    const reader = this.#reader;
    const first = reader.take();
    let text = first.kind === 'word' ? first.text : '';
    if (reader.peekText() === '[' && SLICE_PROTOCOLS.some((one) => one === text))
      return this.#slice(text, first);
    for (;;) {
      const joint = reader.peekText();
      if (joint === '.' || joint === '->') {
        reader.take();
        const member = reader.take();
        if (member.kind !== 'word') throw reader.unexpected(['name'], member);
        text += joint + member.text;
      } else if (joint === '[') {
        reader.take();
        const index = reader.take();
        if (index.kind !== 'number' || index.value > 99999n) throw reader.unexpected(['0'], index);
        if (reader.takeIf(']') === null) throw reader.unexpected([']']);
        text += `[${index.value}]`;
      } else return { kind: 'name', text, ...reader.since(first) };
    }
  }

  #slice(protocol: string, first: Span): Node {
    const reader = this.#reader;
    const open = reader.take();
    const offset = reader.deeper(() => this.#level(0));
    let size = 1;
    if (reader.takeIf(':') !== null) {
      const token = reader.take();
      if (token.kind !== 'number' || ![1n, 2n, 4n].includes(token.value))
        throw new FilterError(token, 'slice-size');
      size = Number(token.value);
    }
    this.#close({ ...open, kind: 'symbol', text: '[' }, ']');
    return { kind: 'slice', protocol, offset, size, ...reader.since(first) };
  }
}
