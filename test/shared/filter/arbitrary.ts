import fc from 'fast-check';
import type { Direction, Node } from '../../../shared/filter/ast.ts';
import { maskOf } from '../../../shared/filter/parse-pcap.ts';

const nowhere = { at: 0, length: 0 };
const direction = fc.constantFrom<Direction>('either', 'src', 'dst', 'both');
const bytes = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(255), { minLength: length, maxLength: length });
/** IPv6 addresses that print in every way: with and without runs of zeros. */
const address = fc.oneof(
  bytes(4),
  bytes(16),
  bytes(8).map((half) => [...half, ...Array<number>(8).fill(0)]),
);

const host: fc.Arbitrary<Node> = fc.oneof(
  fc
    .tuple(fc.constantFrom<'host' | 'net'>('host', 'net'), direction, address, fc.nat(128), fc.boolean())
    .map(([word, way, value, bits, narrow]) => ({
      kind: 'host' as const,
      word,
      family: narrow ? (value.length === 4 ? ('ip' as const) : ('ip6' as const)) : ('any' as const),
      direction: way,
      bytes: value,
      mask: maskOf(value.length, word === 'host' ? value.length * 8 : Math.min(bits, value.length * 8)),
      ...nowhere,
    })),
  fc.tuple(direction, bytes(6)).map(([way, value]) => ({
    kind: 'host' as const,
    word: 'host' as const,
    family: 'ether' as const,
    direction: way,
    bytes: value,
    mask: maskOf(6, 48),
    ...nowhere,
  })),
);

const port: fc.Arbitrary<Node> = fc
  .tuple(
    fc.constantFrom<'any' | 'tcp' | 'udp' | 'sctp'>('any', 'tcp', 'udp', 'sctp'),
    direction,
    fc.nat(65535),
    fc.nat(9),
  )
  .map(([protocol, way, low, more]) => ({
    kind: 'port' as const,
    protocol,
    direction: way,
    low,
    high: Math.min(65535, low + more),
    ...nowhere,
  }));

const primitive: fc.Arbitrary<Node> = fc.oneof(
  host,
  port,
  fc
    .tuple(fc.constantFrom<'any' | 'ip' | 'ip6'>('any', 'ip', 'ip6'), fc.nat(255))
    .map(([family, number]) => ({ kind: 'protocol' as const, family, number, ...nowhere })),
  fc.nat(65535).map((type) => ({ kind: 'ethertype' as const, type, ...nowhere })),
  fc
    .tuple(fc.constantFrom<'vlan' | 'mpls'>('vlan', 'mpls'), fc.option(fc.nat(4095)))
    .map(([of, id]) => ({ kind: 'tag' as const, of, id, ...nowhere })),
  fc
    .constantFrom('ether broadcast', 'ether multicast', 'ip multicast', 'ip6 multicast')
    .map((of) => ({ kind: 'cast' as const, of, ...nowhere })),
);

const name: fc.Arbitrary<Node> = fc
  .constantFrom(
    'skb.len',
    'ip.ttl',
    'skb->dev->mtu',
    'skb->cb[3]',
    'verdict',
    'port',
    'net',
    'tcp-syn',
    'shifted-ip-header',
  ) // prettier-ignore
  .map((text) => ({ kind: 'name' as const, text, ...nowhere }));

const leaf: fc.Arbitrary<Node> = fc.oneof(
  name,
  fc
    .bigInt({ min: 0n, max: (1n << 64n) - 1n })
    .map((value) => ({ kind: 'number' as const, value, ...nowhere })),
  fc.string({ maxLength: 8 }).map((value) => ({ kind: 'string' as const, value, ...nowhere })),
  fc.tuple(fc.oneof(address, bytes(6)), fc.option(fc.nat(32))).map(([value, prefix]) => ({
    kind: 'address' as const,
    bytes: value,
    prefix: value.length === 6 ? null : prefix,
    ...nowhere,
  })),
);

/** Between brackets a colon parts offset and size: no address can stand there. */
const offset: fc.Arbitrary<Node> = fc.oneof(
  name,
  fc.nat(255).map((at) => ({ kind: 'number' as const, value: BigInt(at), ...nowhere })),
  fc.nat(60).map((at) => ({
    kind: 'arithmetic' as const,
    operator: '>>' as const,
    left: { kind: 'number' as const, value: BigInt(at), ...nowhere },
    right: { kind: 'number' as const, value: 2n, ...nowhere },
    ...nowhere,
  })),
);

const { value } = fc.letrec<{ value: Node }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc
      .tuple(
        fc.constantFrom(
          '|' as const,
          '^' as const,
          '&' as const,
          '<<' as const,
          '>>' as const,
          '+' as const,
          '-' as const,
          '*' as const,
          '/' as const,
          '%' as const,
        ),
        tie('value'),
        tie('value'),
      )
      .map(([operator, left, right]) => ({ kind: 'arithmetic' as const, operator, left, right, ...nowhere })),
    tie('value').map((term) => ({ kind: 'negative' as const, term, ...nowhere })),
    fc
      .tuple(fc.constantFrom('ip', 'tcp', 'ether', 'icmp6'), offset, fc.constantFrom(1, 2, 4))
      .map(([protocol, offset, size]) => ({ kind: 'slice' as const, protocol, offset, size, ...nowhere })),
  ),
}));

const test: fc.Arbitrary<Node> = fc.oneof(
  primitive,
  // `port` alone begins a primitive.
  name.filter((node) => node.kind === 'name' && node.text !== 'port' && node.text !== 'net'),
  fc
    .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'contains', 'like'), value, value)
    .map(([operator, left, right]) => ({ kind: 'compare' as const, operator, left, right, ...nowhere })),
  fc
    .tuple(
      value,
      fc.array(
        fc.oneof(
          value,
          fc.tuple(value, value).map(([low, high]) => ({ kind: 'range' as const, low, high, ...nowhere })),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([left, items]) => ({ kind: 'in' as const, left, items, ...nowhere })),
);

/** Any tree that parse() can give: what it joins is joined, no `and` directly below an `and`. */
export function filterNode(): fc.Arbitrary<Node> {
  const { node } = fc.letrec<{ node: Node }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      test,
      tie('node').map((term) => ({ kind: 'not' as const, term, ...nowhere })),
      fc
        .tuple(
          fc.constantFrom<'and' | 'or'>('and', 'or'),
          fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, terms]) => ({
          kind,
          terms: terms.flatMap((term) => (term.kind === kind ? term.terms : [term])),
          ...nowhere,
        })),
    ),
  }));
  return node;
}
