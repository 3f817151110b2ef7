import type { SkbState } from './skb.ts';

/** The closed list; the index of a kind is its code in record batches, so the order must never change. */
export const VERDICT_KINDS = [
  'as-expected',
  'ethernet-where-ip-expected',
  'ip-where-ethernet-expected',
  'vlan-where-ip-expected',
  'shifted-ip-header',
  'wrong-ip-version',
  'other-protocol',
  'tun-packet-information',
  'virtio-net-header',
  'corrupt-ip-header',
  'truncated',
  'all-zero',
  'unrecognised',
] as const;

export type VerdictKind = (typeof VERDICT_KINDS)[number];

export const AS_EXPECTED = 0;
export const ETHERNET_WHERE_IP = 1;
export const IP_WHERE_ETHERNET = 2;
export const VLAN_WHERE_IP = 3;
export const SHIFTED_IP = 4;
export const WRONG_IP_VERSION = 5;
export const OTHER_PROTOCOL = 6;
export const TUN_PI = 7;
export const VIRTIO_NET = 8;
export const CORRUPT_IP = 9;
export const TRUNCATED = 10;
export const ALL_ZERO = 11;
export const UNRECOGNISED = 12;

/** Which header the code that was probed takes the position to be. */
export const EXPECTATIONS = [
  'ethernet',
  'ipv4',
  'ipv6',
  'ip',
  'auto',
  'arp',
  'icmp',
  'icmpv6',
  'igmp',
  'tcp',
  'udp',
] as const;

export type Expectation = (typeof EXPECTATIONS)[number];

export interface VerdictInput {
  bytes: Uint8Array;
  /** Where bytes[0] lies relative to the position at which the header was expected: -18 is 18 bytes before. */
  window: number;
  expect: Expectation;
  /** Bytes of the packet from the expected position on (skb->len where that position is skb->data). */
  packetLength: number | null;
  skb: SkbState | null;
  /**
   * On the way out, before ip_send_check() and segmentation, an IPv4 header may carry checksum 0 and total
   * length 0. On receive both are always filled in. Default false.
   */
  output?: boolean;
  /** The bytes before the expected position are the pseudo header of a capture file, no bytes of the packet. */
  pseudoHeader?: boolean;
  /** Kernel release of the target, such as `6.1.0-56-cloud-amd64`: causes are limited to kernels that have them. */
  kernel?: string | null;
}

/** `headerAt` of a {@link Finding} where there is none. */
export const NOWHERE = -0x8000;

export type FoundProtocol =
  | ''
  | 'ethernet'
  | 'ipv4'
  | 'ipv6'
  | 'arp'
  | 'mpls'
  | 'pppoe'
  | 'ppp'
  | 'vlan'
  | 'llc'
  | 'lldp'
  | 'eapol'
  | 'gre'
  | 'vxlan'
  | 'gtp-u'
  | 'icmp'
  | 'icmpv6'
  | 'igmp'
  | 'udp'
  | 'tcp'
  | 'wireguard';

/** What the judgement rests on. Positions are relative to the expected position; NOWHERE where absent. */
export interface Finding {
  kind: number;
  /** Weight of the chosen reading in bits, and of the best reading that was not chosen. */
  bits: number;
  runnerUp: number;
  runnerUpKind: number;
  headerAt: number;
  /** An Ethernet header. */
  linkAt: number;
  /** The EtherType that names the network header; behind all tags. */
  typeAt: number;
  networkAt: number;
  /** Version of the IP header at networkAt: 4, 6, or 0 for none. */
  version: number;
  tags: number;
  protocol: FoundProtocol;
  /** Whether the header at networkAt passes all tests that its bytes allow. */
  verified: boolean;
}
