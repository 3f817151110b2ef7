import { ipv4Text, ipv6Text, macText } from '../packet/cursor.ts';
import type { Direction, HostNode, Node, PortNode, RangeNode } from './ast.ts';
import { ETHER_TYPES, IP_PROTOCOLS } from './numbers.ts';
import { maskOf } from './parse-pcap.ts';

/** How tightly what a node prints binds; more binds tighter. Arithmetic as in parse.ts. */
const BINDS = { or: 1, and: 2, not: 3, compare: 4, in: 4, '|': 5, '^': 6, '&': 7, '<<': 8, '>>': 8, '+': 9, '-': 9, '*': 10, '/': 10, '%': 10, value: 11 } as const; // prettier-ignore

/** Writes a filter so that parse() reads the same tree again. */
export function print(node: Node): string {
  switch (node.kind) {
    case 'or':
    case 'and':
      return node.terms
        .map((term) => within(term, BINDS[node.kind] + 1))
        .join(node.kind === 'or' ? ' || ' : ' && ');
    case 'not':
      return `!${within(node.term, BINDS.value)}`;
    case 'compare':
      return `${within(node.left, BINDS['|'])} ${node.operator} ${within(node.right, BINDS['|'])}`;
    case 'in':
      return `${within(node.left, BINDS['|'])} in {${node.items.map(item).join(', ')}}`;
    case 'arithmetic': {
      const own = BINDS[node.operator];
      return `${within(node.left, own)} ${node.operator} ${within(node.right, own + 1)}`;
    }
    case 'negative':
      return `-${within(node.term, BINDS.value)}`;
    case 'name':
      return node.text;
    case 'number':
      return node.value.toString();
    case 'string':
      return quoted(node.value);
    case 'address':
      return addressText(node.bytes) + (node.prefix === null ? '' : `/${node.prefix}`);
    case 'slice':
      return `${node.protocol}[${within(node.offset, BINDS['|'])}${node.size === 1 ? '' : `:${node.size}`}]`;
    case 'host':
      return hostText(node);
    case 'port':
      return portText(node);
    case 'protocol':
      return protocolText(node.family, node.number);
    case 'ethertype':
      return nameOf(ETHER_TYPES, node.type) ?? `ether proto 0x${node.type.toString(16)}`;
    case 'tag':
      return node.id === null ? node.of : `${node.of} ${node.id}`;
    case 'cast':
      return node.of;
  }
}

/** `node` as part of something that binds `least` tight. */
function within(node: Node, least: number): string {
  const text = print(node);
  return binding(node) < least ? `(${text})` : text;
}

function binding(node: Node): number {
  switch (node.kind) {
    case 'or':
    case 'and':
    case 'not':
    case 'compare':
    case 'in':
      return BINDS[node.kind];
    case 'arithmetic':
      return BINDS[node.operator];
    case 'negative':
    case 'name':
    case 'number':
    case 'string':
    case 'address':
    case 'slice':
      return BINDS.value;
    // A primitive stands alone: beside an operator it would be read as a name.
    default:
      return BINDS.not;
  }
}

function item(node: Node | RangeNode): string {
  return node.kind === 'range'
    ? `${within(node.low, BINDS['|'])} .. ${within(node.high, BINDS['|'])}`
    : within(node, BINDS['|']);
}

function quoted(text: string): string {
  const escaped = text.replace(/[\\"]/g, (one) => `\\${one}`);
  return `"${escaped.replace(/[\n\t]/g, (one) => (one === '\n' ? '\\n' : '\\t'))}"`;
}

export function addressText(bytes: readonly number[]): string {
  const array = Uint8Array.from(bytes);
  return bytes.length === 4
    ? ipv4Text(array, 0)
    : bytes.length === 6
      ? macText(array, 0)
      : ipv6Text(array, 0);
}

function directed(direction: Direction): string {
  return direction === 'either' ? '' : direction === 'both' ? 'src and dst ' : `${direction} `;
}

function hostText(node: HostNode): string {
  const family = node.family === 'any' ? '' : `${node.family} `;
  const head = `${family}${directed(node.direction)}${node.word} ${addressText(node.bytes)}`;
  if (node.word === 'host') return head;
  const bits = node.mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  const plain = maskOf(node.mask.length, bits).every((byte, index) => byte === node.mask[index]);
  return plain ? `${head}/${bits}` : `${head} mask ${addressText(node.mask)}`;
}

function portText({ protocol, direction, low, high }: PortNode): string {
  const head = `${protocol === 'any' ? '' : `${protocol} `}${directed(direction)}`;
  return low === high ? `${head}port ${low}` : `${head}portrange ${low}-${high}`;
}

function protocolText(family: 'any' | 'ip' | 'ip6', number: number): string {
  const name = nameOf(IP_PROTOCOLS, number);
  const own = number === 1 || number === 2 ? 'ip' : number === 58 ? 'ip6' : 'any';
  if (name !== null && family === own && name !== 'pim') return name;
  return `${family === 'any' ? '' : `${family} `}proto ${number}`;
}

function nameOf(names: Readonly<Record<string, number>>, number: number): string | null {
  return Object.keys(names).find((name) => names[name] === number) ?? null;
}
