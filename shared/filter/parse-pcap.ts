/** Primitives of pcap-filter(7): [protocol] [direction] [type] id, and a few words that stand alone. */
import type { Direction, HostNode, Node, PortNode } from './ast.ts';
import { ETHER_TYPES, IP_PROTOCOLS, PORT_NAMES } from './numbers.ts';
import { FilterError } from './problem.ts';
import type { Span, Token } from './tokens.ts';
import type { TokenReader } from './token-reader.ts';

const UNSUPPORTED = new Set([
  'gateway', 'broadcast', 'multicast', 'protochain', 'inbound', 'outbound', 'ifname', 'rnr', 'rulenum', 'action',
  'atalk', 'aarp', 'decnet', 'iso', 'stp', 'ipx', 'netbeui', 'lat', 'moprc', 'mopdl', 'pppoed', 'pppoes', 'geneve',
  'wlan', 'llc', 'pim',
]); // prettier-ignore
const PROTOCOLS = new Set([...Object.keys(ETHER_TYPES), ...Object.keys(IP_PROTOCOLS), 'ether']);
const STARTS = new Set([
  ...PROTOCOLS, 'src', 'dst', 'host', 'net', 'port', 'portrange', 'proto', 'vlan', 'mpls', 'less', 'greater',
]); // prettier-ignore
const TYPES = ['host', 'net', 'port', 'portrange', 'proto'] as const;
type PrimitiveType = (typeof TYPES)[number];

/** Behind these a word is a name, whatever pcap-filter would take it for: `port == 5`, `dst->dev`. */
const NAME_BEFORE = new Set([
  '->', '.', '[', '==', '=', '!=', '<', '<=', '>', '>=', '<<', '>>', '&', '|', '^', '+', '-', '*', '/', '%',
  'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in', 'contains', 'like', 'bitwise_and',
]); // prettier-ignore

/** What a bare value after `and` or `or` goes on with: `port 80 or 443`. */
export interface Qualifiers {
  readonly protocol: string | null;
  readonly direction: Direction;
  readonly type: PrimitiveType;
}

/** Whether the next token begins a primitive. */
export function beginsPrimitive(reader: TokenReader): boolean {
  const token = reader.peek();
  if (token.kind !== 'word') return false;
  const known = STARTS.has(token.text) || UNSUPPORTED.has(token.text);
  return known && !NAME_BEFORE.has(reader.peekText(1));
}

/** The words that can begin a primitive, for completion. */
export function primitiveWords(): readonly string[] {
  return [...STARTS];
}

export interface Primitive {
  readonly node: Node;
  readonly qualifiers: Qualifiers | null;
}

export function parsePrimitive(reader: TokenReader): Primitive {
  const first = reader.take();
  const word = first.kind === 'word' ? first.text : '';
  if (UNSUPPORTED.has(word)) throw new FilterError(first, 'primitive-unsupported', { word });
  if (word === 'vlan' || word === 'mpls') {
    const id = reader.peek().kind === 'number' ? takeNumber(reader, word === 'vlan' ? 4095 : 0xfffff) : null;
    return { node: { kind: 'tag', of: word, id, ...reader.since(first) }, qualifiers: null };
  }
  if (word === 'less' || word === 'greater') {
    const value = BigInt(takeNumber(reader, 0xffffffff));
    const span = reader.since(first);
    const left: Node = { kind: 'name', text: 'skb.len', at: first.at, length: first.length };
    const right: Node = { kind: 'number', value, ...span };
    return {
      node: { kind: 'compare', operator: word === 'less' ? '<=' : '>=', left, right, ...span },
      qualifiers: null,
    };
  }
  const protocol = PROTOCOLS.has(word) ? word : null;
  if (protocol !== null) {
    const cast = takeCast(reader, protocol, first);
    if (cast !== null) return { node: cast, qualifiers: null };
  }
  const directed = protocol === null ? direction(reader, first) : directionAhead(reader);
  const named = typeNamed(reader, protocol === null && directed === null ? first : null);
  if (named === null && directed === null && protocol !== null && !isValue(reader.peek()))
    return { node: alone(protocol, first), qualifiers: null };
  const type = named ?? 'host';
  const qualifiers: Qualifiers = { protocol, direction: directed ?? 'either', type };
  return { node: parseValue(reader, qualifiers, first), qualifiers };
}

/** The id of a primitive whose qualifiers are known. */
export function parseValue(reader: TokenReader, qualifiers: Qualifiers, from: Span): Node {
  const { protocol, direction: way, type } = qualifiers;
  if (type === 'proto') {
    if (way !== 'either')
      throw new FilterError(from, 'direction-here', {
        word: way === 'both' ? 'src and dst' : way,
        found: type,
      });
    return protocolValue(reader, protocol, from);
  }
  if (type === 'port' || type === 'portrange') return portValue(reader, qualifiers, from);
  return hostValue(reader, qualifiers, from);
}

export function isValue(token: Token): boolean {
  return token.kind === 'number' || token.kind === 'address';
}

function takeCast(reader: TokenReader, protocol: string, from: Span): Node | null {
  const word = reader.peekText();
  if (word !== 'broadcast' && word !== 'multicast') return null;
  const of = `${protocol} ${word}`;
  reader.take();
  const span = reader.since(from);
  if (of === 'ether broadcast' || of === 'ether multicast' || of === 'ip multicast' || of === 'ip6 multicast')
    return { kind: 'cast', of, ...span };
  throw new FilterError(span, 'primitive-unsupported', { word: of });
}

/** `src`, `dst`, `src or dst`, `src and dst`; the first word has been taken. */
function direction(reader: TokenReader, first: Token): Direction | null {
  const word = first.kind === 'word' ? first.text : '';
  if (word !== 'src' && word !== 'dst') return null;
  const other = word === 'src' ? 'dst' : 'src';
  if (reader.peekText(1) !== other) return word;
  const joint = reader.peekText();
  const both = joint === 'and' || joint === '&&';
  if (!both && joint !== 'or' && joint !== '||') return word;
  reader.take();
  reader.take();
  return both ? 'both' : 'either';
}

function directionAhead(reader: TokenReader): Direction | null {
  const word = reader.peekText();
  return word === 'src' || word === 'dst' ? direction(reader, reader.take()) : null;
}

/** The word that names the type; `first` when that one may itself be it. */
function typeNamed(reader: TokenReader, first: Token | null): PrimitiveType | null {
  const text = first === null ? reader.peekText() : first.kind === 'word' ? first.text : '';
  const type = TYPES.find((one) => one === text);
  if (type === undefined) return null;
  if (first === null) reader.take();
  return type;
}

function alone(protocol: string, span: Span): Node {
  if (protocol === 'ether') throw new FilterError(span, 'end-missing', {}, ['host', 'src', 'dst', 'proto']);
  const type = ETHER_TYPES[protocol];
  if (type !== undefined) return { kind: 'ethertype', type, at: span.at, length: span.length };
  return {
    kind: 'protocol',
    family: protocol === 'icmp' || protocol === 'igmp' ? 'ip' : protocol === 'icmp6' ? 'ip6' : 'any',
    number: IP_PROTOCOLS[protocol] ?? 0,
    at: span.at,
    length: span.length,
  };
}

function protocolValue(reader: TokenReader, protocol: string | null, from: Span): Node {
  reader.takeIf('\\');
  const token = reader.take();
  const names = protocol === 'ether' ? ETHER_TYPES : IP_PROTOCOLS;
  const most = protocol === 'ether' ? 0xffff : 255;
  const number =
    token.kind === 'number' && token.value <= BigInt(most)
      ? Number(token.value)
      : token.kind === 'word' && Object.hasOwn(names, token.text)
        ? (names[token.text] ?? 0)
        : null;
  if (number === null) throw reader.unexpected(Object.keys(names), token);
  const span = reader.since(from);
  if (protocol === 'ether') return { kind: 'ethertype', type: number, ...span };
  if (protocol !== null && protocol !== 'ip' && protocol !== 'ip6')
    throw new FilterError(from, 'unexpected', { found: `${protocol} proto` }, ['ip proto', 'ip6 proto']);
  return { kind: 'protocol', family: protocol ?? 'any', number, ...span };
}

function portValue(reader: TokenReader, qualifiers: Qualifiers, from: Span): PortNode {
  const { protocol } = qualifiers;
  if (protocol !== null && protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp')
    throw new FilterError(from, 'unexpected', { found: `${protocol} port` }, [
      'tcp port',
      'udp port',
      'port',
    ]);
  const low = takePort(reader);
  const ranged = qualifiers.type === 'portrange' && reader.takeIf('-') !== null;
  const high = ranged ? takePort(reader) : low;
  const span = reader.since(from);
  if (high < low) throw new FilterError(span, 'range-reversed');
  return { kind: 'port', protocol: protocol ?? 'any', direction: qualifiers.direction, low, high, ...span };
}

function takePort(reader: TokenReader): number {
  const token = reader.take();
  if (token.kind === 'word' && Object.hasOwn(PORT_NAMES, token.text)) return PORT_NAMES[token.text] ?? 0;
  if (token.kind !== 'number') throw reader.unexpected(['443', ...Object.keys(PORT_NAMES)], token);
  if (token.value > 65535n) throw new FilterError(token, 'port-bad', { text: token.text });
  return Number(token.value);
}

function hostValue(reader: TokenReader, qualifiers: Qualifiers, from: Span): HostNode {
  const word = qualifiers.type === 'net' ? 'net' : 'host';
  const family = qualifiers.protocol ?? 'any';
  if (!(['any', 'ip', 'ip6', 'arp', 'rarp', 'ether'] as const).some((one) => one === family))
    throw new FilterError(from, 'unexpected', { found: `${family} ${word}` }, [
      word,
      `ip ${word}`,
      `ip6 ${word}`,
    ]);
  const { bytes, mask, span: written } = word === 'net' ? takeNet(reader) : takeHost(reader);
  const wanted = family === 'ether' ? 6 : family === 'ip6' ? 16 : family === 'any' ? null : 4;
  if (wanted === null ? bytes.length === 6 : bytes.length !== wanted)
    throw new FilterError(written, 'unexpected', { found: addressKind(bytes.length) }, [
      wanted === null ? 'ether host …' : addressKind(wanted),
    ]);
  return {
    kind: 'host',
    word,
    family: family as HostNode['family'],
    direction: qualifiers.direction,
    bytes,
    mask,
    ...reader.since(from),
  };
}

function addressKind(length: number): string {
  return length === 4 ? 'an IPv4 address' : length === 6 ? 'a MAC address' : 'an IPv6 address';
}

interface Written {
  readonly bytes: readonly number[];
  readonly mask: readonly number[];
  readonly span: Span;
}

function takeHost(reader: TokenReader): Written {
  const token = reader.take();
  if (token.kind === 'word') throw new FilterError(token, 'host-name', { name: token.text }, ['192.0.2.1']);
  if (token.kind !== 'address') throw reader.unexpected(['192.0.2.1', '2001:db8::1'], token);
  if (token.prefix !== null) throw new FilterError(token, 'unexpected', { found: token.text }, ['net']);
  return { bytes: token.bytes, mask: maskOf(token.bytes.length, token.bytes.length * 8), span: token };
}

/** `10`, `192.168`, `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`, `2001:db8::/32`. */
function takeNet(reader: TokenReader): Written {
  const token = reader.take();
  if (token.kind === 'number') {
    const bytes = [octet(token)];
    while (reader.peekText() === '.' && bytes.length < 3) {
      reader.take();
      const next = reader.take();
      if (next.kind !== 'number') throw reader.unexpected(['0'], next);
      bytes.push(octet(next));
    }
    const bits = bytes.length * 8;
    while (bytes.length < 4) bytes.push(0);
    let mask = maskOf(4, bits);
    if (reader.peekText() === '/' && reader.peek(1).kind === 'number') {
      reader.take();
      mask = maskOf(4, takeNumber(reader, 32));
    }
    return { bytes, mask, span: reader.since(token) };
  }
  if (token.kind !== 'address' || token.bytes.length === 6)
    throw reader.unexpected(['10.0.0.0/8', '2001:db8::/32'], token);
  if (token.prefix === null && reader.takeIf('mask') !== null) {
    const mask = reader.take();
    if (mask.kind !== 'address' || mask.bytes.length !== token.bytes.length || mask.prefix !== null)
      throw reader.unexpected(['255.255.255.0'], mask);
    return { bytes: token.bytes, mask: mask.bytes, span: reader.since(token) };
  }
  return {
    bytes: token.bytes,
    mask: maskOf(token.bytes.length, token.prefix ?? token.bytes.length * 8),
    span: token,
  };
}

function octet(token: Token & { readonly kind: 'number' }): number {
  if (token.value > 255n) throw new FilterError(token, 'address-bad', { text: token.text });
  return Number(token.value);
}

function takeNumber(reader: TokenReader, most: number): number {
  const token = reader.take();
  if (token.kind !== 'number' || token.value > BigInt(most)) throw reader.unexpected([`0..${most}`], token);
  return Number(token.value);
}

/** The first `bits` bits of `length` bytes. */
export function maskOf(length: number, bits: number): number[] {
  return Array.from({ length }, (_, index) => (0xff00 >> Math.max(0, Math.min(8, bits - 8 * index))) & 0xff);
}
