import { onesSum } from '../packet/checksum.ts';

/** What of a record the kernel's tests look at. Written anew for each record, so that none is allocated. */
export interface CountedPacket {
  bytes: Uint8Array;
  /** Index in `bytes` of the header that the function expects, and behind the last captured byte. */
  at: number;
  end: number;
  /** skb->len, skb->data_len, skb->pkt_type, skb->dev->type. */
  len: number;
  dataLen: number;
  pktType: number;
  deviceType: number;
}

/** The byte at an offset from the expected header, or -1 where it was not captured. */
function byteAt({ bytes, at, end }: CountedPacket, offset: number): number {
  return at + offset < end && at + offset >= 0 ? (bytes[at + offset] ?? -1) : -1;
}

/** Counters by the name of shared/counters, in the order of the bits that a rule answers with. */
export const RECONCILED = [
  'Ip.InHdrErrors',
  'IpExt.InCsumErrors',
  'IpExt.InTruncatedPkts',
  'Ip6.InHdrErrors',
  'Ip6.InTruncatedPkts',
  'Icmp.InMsgs',
  'Icmp6.InMsgs',
] as const;
export type ReconciledName = (typeof RECONCILED)[number];

const bit = (name: ReconciledName): number => 1 << RECONCILED.indexOf(name);
const IP_HDR = bit('Ip.InHdrErrors');
const IP_CSUM = bit('IpExt.InCsumErrors');
const IP_TRUNCATED = bit('IpExt.InTruncatedPkts');
const IP6_HDR = bit('Ip6.InHdrErrors');
const IP6_TRUNCATED = bit('Ip6.InTruncatedPkts');

/** include/uapi/linux/if_packet.h */
const PACKET_HOST = 0;
const PACKET_OTHERHOST = 3;
const PACKET_LOOPBACK = 5;
const ARPHRD_LOOPBACK = 772;

/** A function and what it adds to which counters for a packet, as the kernel's own code decides it. */
export interface CountingRule {
  readonly functions: readonly string[];
  /** All counters it may add to. */
  readonly counters: readonly ReconciledName[];
  /** Bits of RECONCILED; 0: none, or the captured bytes do not tell. `version` is major * 1000 + minor. */
  counts(packet: CountedPacket, version: number | null): number;
}

export const COUNTING_RULES: readonly CountingRule[] = [
  {
    functions: ['ip_rcv_core', 'ip_rcv'],
    counters: ['Ip.InHdrErrors', 'IpExt.InCsumErrors', 'IpExt.InTruncatedPkts'],
    counts: ipReceive,
  },
  {
    functions: ['ip6_rcv_core', 'ipv6_rcv'],
    counters: ['Ip6.InHdrErrors', 'Ip6.InTruncatedPkts'],
    counts: ip6Receive,
  },
  {
    // ip_forward: `if (ip_hdr(skb)->ttl <= 1) goto too_many_hops;`
    functions: ['ip_forward'],
    counters: ['Ip.InHdrErrors'],
    counts: (packet) => (packet.pktType === PACKET_HOST && within(byteAt(packet, 8), 0, 1) ? IP_HDR : 0),
  },
  {
    // ip6_forward: `if (hdr->hop_limit <= 1)`
    functions: ['ip6_forward'],
    counters: ['Ip6.InHdrErrors'],
    counts: (packet) => (packet.pktType === PACKET_HOST && within(byteAt(packet, 7), 0, 1) ? IP6_HDR : 0),
  },
  { functions: ['icmp_rcv'], counters: ['Icmp.InMsgs'], counts: () => bit('Icmp.InMsgs') },
  { functions: ['icmpv6_rcv'], counters: ['Icmp6.InMsgs'], counts: () => bit('Icmp6.InMsgs') },
];

/** Functions that add to a counter, for who asks where the rest may come from. IP options and extension headers have more. */
export function functionsBehind(counter: string): readonly string[] {
  return COUNTING_RULES.filter((rule) => (rule.counters as readonly string[]).includes(counter)).flatMap(
    (rule) => rule.functions.slice(0, 1),
  );
}

/**
 * net/ipv4/ip_input.c, ip_rcv_core(), the same from 6.1 to 7.2: frames for others go first; then room for a header,
 * `ihl < 5 || version != 4`, room for its options, the checksum, and the total length, which is skb->len for merged
 * packets beyond 64 KB since 6.3 (iph_totlen).
 */
function ipReceive(packet: CountedPacket, version: number | null): number {
  if (packet.pktType === PACKET_OTHERHOST) return 0;
  if (packet.len < 20) return IP_HDR;
  const first = byteAt(packet, 0);
  if (first < 0 || packet.len - packet.dataLen < 20) return 0;
  const headerLength = (first & 15) * 4;
  if (headerLength < 20 || first >> 4 !== 4) return IP_HDR;
  if (packet.len < headerLength) return IP_HDR;
  if (packet.at + headerLength > packet.end) return 0;
  if (onesSum(packet.bytes, packet.at, headerLength, 0) !== 0xffff) return IP_HDR | IP_CSUM;
  const field = byteAt(packet, 2) * 256 + byteAt(packet, 3);
  const total = field === 0 && (version ?? 0) >= 6003 && packet.len > 0xffff ? packet.len : field;
  if (packet.len < total) return IP_TRUNCATED;
  return total < headerLength ? IP_HDR : 0;
}

/**
 * net/ipv6/ip6_input.c, ip6_rcv_core(): version, addresses that no packet on a wire may have (RFC 4291, 2.5.3 and 2.7),
 * payload length. Hop-by-hop options are not followed.
 */
function ip6Receive(packet: CountedPacket): number {
  if (packet.pktType === PACKET_OTHERHOST) return 0;
  if (packet.len < 40) return IP6_HDR;
  const first = byteAt(packet, 0);
  if (first < 0 || byteAt(packet, 39) < 0 || packet.len - packet.dataLen < 40) return 0;
  if (first >> 4 !== 6) return IP6_HDR;
  const loopback = packet.deviceType === ARPHRD_LOOPBACK;
  if (!loopback && (isLoopback(packet, 8) || isLoopback(packet, 24))) return IP6_HDR;
  const scope = byteAt(packet, 24) === 0xff ? byteAt(packet, 25) & 15 : -1;
  if (scope === 1 && packet.pktType !== PACKET_LOOPBACK && !loopback) return IP6_HDR;
  if (scope === 0 || byteAt(packet, 8) === 0xff) return IP6_HDR;
  const payload = byteAt(packet, 4) * 256 + byteAt(packet, 5);
  const jumbo = payload === 0 && byteAt(packet, 6) === 0;
  return !jumbo && payload + 40 > packet.len ? IP6_TRUNCATED : 0;
}

function isLoopback(packet: CountedPacket, at: number): boolean {
  for (let i = 0; i < 15; i++) if (byteAt(packet, at + i) !== 0) return false;
  return byteAt(packet, at + 15) === 1;
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
