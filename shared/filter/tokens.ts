import { FilterError } from './problem.ts';

/** Longest filter, in characters: spec.where holds no more. */
export const MOST_CHARACTERS = 2000;

export interface Span {
  readonly at: number;
  readonly length: number;
}

/** An address is kept as bytes: 4, 6 or 16. `prefix` is null where none was written. */
export type Token = Span &
  (
    | { readonly kind: 'word'; readonly text: string }
    | { readonly kind: 'number'; readonly value: bigint; readonly text: string }
    | { readonly kind: 'string'; readonly value: string }
    | {
        readonly kind: 'address';
        readonly bytes: readonly number[];
        readonly prefix: number | null;
        readonly text: string;
      }
    | { readonly kind: 'symbol'; readonly text: string }
    | { readonly kind: 'end' }
  );

/** Longest first: `>=` before `>`. */
const SYMBOLS = [
  '->', '&&', '||', '==', '!=', '<=', '>=', '<<', '>>', '..',
  '=', '<', '>', '!', '&', '|', '^', '+', '-', '*', '/', '%', '(', ')', '{', '}', '[', ']', ',', ':', '.', '\\',
]; // prettier-ignore

/** Words with hyphens; every other hyphen is a minus. */
const HYPHENED =
  /(?:ethernet-where-ip-expected|ip-where-ethernet-expected|vlan-where-ip-expected|as-expected|shifted-ip-header|wrong-ip-version|other-protocol|tun-packet-information|virtio-net-header|corrupt-ip-header|all-zero|tcp-(?:fin|syn|rst|push|ack|urg|ece|cwr)|icmp-(?:echoreply|unreach|sourcequench|redirect|echo|routeradvert|routersolicit|timxceed|paramprob|tstampreply|tstamp|ireqreply|ireq|maskreply|maskreq))(?![\w-])/y;
const WORD = /[A-Za-z_]\w*/y;
const HEXADECIMAL = /0[xX]([0-9a-fA-F]+)/y;
const DECIMAL = /\d+/y;
const MAC = /[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5}(?![\w:])/y;
const IPV4 = /\d+\.\d+\.\d+\.\d+(?![\w])/y;
const IPV6 =
  /(?=[0-9a-fA-F]{0,4}:[0-9a-fA-F]{0,4}:)(?:[0-9a-fA-F:]{2,40}:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{2,40})(?![\w])/y;
const PREFIX = /\/(\d+)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', "'": "'", '\\': '\\' };

/** The words, numbers, addresses and signs of a filter, `end` last. Throws FilterError; one pass, no backtracking. */
export function tokenize(text: string): Token[] {
  if (text.length > MOST_CHARACTERS)
    throw new FilterError({ at: MOST_CHARACTERS, length: text.length - MOST_CHARACTERS }, 'too-long', {
      most: MOST_CHARACTERS,
    });
  const tokens: Token[] = [];
  /** Colons between brackets part offset and size, and begin no address. */
  let brackets = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const token = readToken(text, at, brackets > 0, tokens.at(-1));
    if (token.kind === 'symbol') brackets += token.text === '[' ? 1 : token.text === ']' ? -1 : 0;
    tokens.push(token);
    at += token.length;
  }
  tokens.push({ kind: 'end', at: text.length, length: 0 });
  return tokens;
}

function readToken(text: string, at: number, inBrackets: boolean, before: Token | undefined): Token {
  const character = text[at] ?? '';
  if (character === '"' || character === "'") return readString(text, at, character);
  const member = before?.kind === 'symbol' && (before.text === '.' || before.text === '->');
  if (!member && !inBrackets && /[0-9a-fA-F:]/.test(character)) {
    const address = readAddress(text, at);
    if (address !== null) return address;
  }
  const hyphened = member ? null : match(HYPHENED, text, at);
  const word = hyphened ?? match(WORD, text, at);
  if (word !== null) return { kind: 'word', at, length: word[0].length, text: word[0] };
  if (/\d/.test(character)) return readNumber(text, at);
  const symbol = SYMBOLS.find((one) => text.startsWith(one, at));
  if (symbol !== undefined) return { kind: 'symbol', at, length: symbol.length, text: symbol };
  throw new FilterError({ at, length: 1 }, 'character', { character: JSON.stringify(character) });
}

function readNumber(text: string, at: number): Token {
  const hexadecimal = match(HEXADECIMAL, text, at);
  const digits = hexadecimal ?? match(DECIMAL, text, at);
  const whole = digits?.[0] ?? '';
  const span = { at, length: whole.length };
  const tail = match(WORD, text, at + whole.length);
  if (tail !== null)
    throw new FilterError({ at, length: whole.length + tail[0].length }, 'number-bad', {
      text: whole + tail[0],
    });
  if (hexadecimal === null && whole.length > 1 && whole.startsWith('0'))
    throw new FilterError(span, 'number-octal', { text: whole });
  if (whole.length > 40) throw new FilterError(span, 'number-large', { text: `${whole.slice(0, 20)}…` });
  const value = BigInt(whole);
  if (value >= 1n << 64n) throw new FilterError(span, 'number-large', { text: whole });
  return { kind: 'number', ...span, value, text: whole };
}

function readString(text: string, at: number, quote: string): Token {
  let value = '';
  let index = at + 1;
  for (; index < text.length && text[index] !== quote; index++) {
    if (text[index] !== '\\') {
      value += text[index] ?? '';
      continue;
    }
    const next = text[++index] ?? '';
    const hex = next === 'x' ? /^[0-9a-fA-F]{2}/.exec(text.slice(index + 1, index + 3)) : null;
    if (hex !== null) {
      value += String.fromCharCode(parseInt(hex[0], 16));
      index += 2;
    } else if (Object.hasOwn(ESCAPES, next)) value += ESCAPES[next] ?? '';
    else if (next !== '') throw new FilterError({ at: index - 1, length: 2 }, 'escape', { character: next });
  }
  if (index >= text.length) throw new FilterError({ at, length: text.length - at }, 'string-open', { quote });
  return { kind: 'string', at, length: index + 1 - at, value };
}

/** Null if no address begins here. */
function readAddress(text: string, at: number): Token | null {
  const mac = match(MAC, text, at);
  if (mac !== null)
    return {
      kind: 'address',
      at,
      length: mac[0].length,
      bytes: mac[0].split(':').map((part) => parseInt(part, 16)),
      prefix: null,
      text: mac[0],
    };
  const dotted = match(IPV4, text, at);
  const found = dotted ?? match(IPV6, text, at);
  if (found === null) return null;
  const bytes = dotted === null ? ipv6Bytes(found[0]) : ipv4Bytes(found[0]);
  if (bytes === null)
    throw new FilterError({ at, length: found[0].length }, 'address-bad', { text: found[0] });
  const slash = match(PREFIX, text, at + found[0].length);
  const whole = found[0] + (slash?.[0] ?? '');
  const prefix = slash === null ? null : Number(slash[1]);
  if (prefix !== null && prefix > bytes.length * 8)
    throw new FilterError({ at: at + found[0].length, length: slash?.[0].length ?? 1 }, 'prefix-bad', {
      text: prefix,
    });
  return { kind: 'address', at, length: whole.length, bytes, prefix, text: whole };
}

function ipv4Bytes(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.some((part) => part.length > 3 || Number(part) > 255)) return null;
  return parts.map(Number);
}

function ipv6Bytes(text: string): number[] | null {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const left = ipv6Groups(head);
  const right = tail === undefined ? [] : ipv6Groups(tail);
  if (left === null || right === null) return null;
  const missing = 16 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  return [...left, ...Array<number>(tail === undefined ? 0 : missing).fill(0), ...right];
}

function ipv6Groups(text: string): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const quad = index === parts.length - 1 ? ipv4Bytes(part) : null;
      if (quad?.length !== 4) return null;
      bytes.push(...quad);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const group = parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    } else return null;
  }
  return bytes;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
