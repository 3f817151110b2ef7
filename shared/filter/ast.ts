import type { Span } from './tokens.ts';

export type { Span } from './tokens.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'like';
export type Arithmetic = '|' | '^' | '&' | '<<' | '>>' | '+' | '-' | '*' | '/' | '%';
export type Direction = 'either' | 'src' | 'dst' | 'both';

/**
 * A filter as it was read, types not yet checked: tests and values in one tree. What pcap-filter(7) calls a
 * primitive is read into `host`, `port`, `protocol`, `ethertype`, `tag`, `cast`.
 */
export type Node = Span &
  (
    | { readonly kind: 'or' | 'and'; readonly terms: readonly Node[] }
    | { readonly kind: 'not'; readonly term: Node }
    | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Node; readonly right: Node }
    | { readonly kind: 'in'; readonly left: Node; readonly items: readonly (Node | RangeNode)[] }
    | {
        readonly kind: 'arithmetic';
        readonly operator: Arithmetic;
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly kind: 'negative'; readonly term: Node }
    | { readonly kind: 'name'; readonly text: string }
    | { readonly kind: 'number'; readonly value: bigint }
    | { readonly kind: 'string'; readonly value: string }
    | AddressNode
    | { readonly kind: 'slice'; readonly protocol: string; readonly offset: Node; readonly size: number }
    | HostNode
    | PortNode
    | ProtocolNode
    | EtherTypeNode
    | TagNode
    | CastNode
  );

/** `low..high` in a list, both ends included. */
export type RangeNode = Span & { readonly kind: 'range'; readonly low: Node; readonly high: Node };

/** 4 bytes (IPv4), 6 (MAC) or 16 (IPv6). */
export type AddressNode = Span & {
  readonly kind: 'address';
  readonly bytes: readonly number[];
  readonly prefix: number | null;
};

export type HostNode = Span & {
  readonly kind: 'host';
  readonly word: 'host' | 'net';
  /** `any`: IPv4, ARP and RARP for 4 bytes, IPv6 for 16. */
  readonly family: 'any' | 'ip' | 'ip6' | 'arp' | 'rarp' | 'ether';
  readonly direction: Direction;
  readonly bytes: readonly number[];
  readonly mask: readonly number[];
};

export type PortNode = Span & {
  readonly kind: 'port';
  readonly protocol: 'any' | 'tcp' | 'udp' | 'sctp';
  readonly direction: Direction;
  readonly low: number;
  readonly high: number;
};

/** The protocol that the network header names. */
export type ProtocolNode = Span & {
  readonly kind: 'protocol';
  readonly family: 'any' | 'ip' | 'ip6';
  readonly number: number;
};

export type EtherTypeNode = Span & { readonly kind: 'ethertype'; readonly type: number };

export type TagNode = Span & {
  readonly kind: 'tag';
  readonly of: 'vlan' | 'mpls';
  readonly id: number | null;
};

export type CastNode = Span & {
  readonly kind: 'cast';
  readonly of: 'ether broadcast' | 'ether multicast' | 'ip multicast' | 'ip6 multicast';
};
