/** Reads a position as an Ethernet header with what follows it, and weighs the find. Allocates nothing. */
import { u16, u24, u8 } from './cursor.ts';
import {
  ipv4Bits,
  ipv4BodyFlags,
  ipv4Flags,
  ipv4Verifies,
  ipv6Weight,
  ipv6Flags,
  V4_FRAGMENT_SANE,
  V4_LENGTH_EXACT,
  V4_LENGTH_FITS,
  V4_PROTOCOL_KNOWN,
  V6_LENGTH_FITS,
} from './header-checks.ts';
import {
  ETH_P_8021AD,
  ETH_P_8021Q,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_P_IPV6,
  ETH_P_MPLS_MC,
  ETH_P_MPLS_UC,
  ETH_P_PPP_DISC,
  ETH_P_PPP_SES,
  ETH_P_QINQ1,
  ETH_P_RARP,
  ETH_P_TEB,
  etherTypeName,
} from './numbers.ts';

/** What follows a link header. */
export const FOLLOWS_NOTHING = 0;
export const FOLLOWS_IPV4 = 4;
export const FOLLOWS_IPV6 = 6;
export const FOLLOWS_ARP = 1;
export const FOLLOWS_OTHER = 2;

/** The result of one scan; the caller owns it and each scan overwrites it. */
export interface EthernetScan {
  bits: number;
  /** The EtherType behind all tags (or SNAP), or an 802.3 length below 0x600. */
  etherType: number;
  tags: number;
  /** Index of the header behind the Ethernet header and its tags. */
  networkAt: number;
  follows: number;
  /** Bits of {@link EthernetScan.bits} that come from the header behind, not from the EtherType. */
  innerBits: number;
  /** Index of the last EtherType field that was read. */
  typeAt: number;
}

export function newEthernetScan(): EthernetScan {
  return {
    bits: 0,
    etherType: 0,
    tags: 0,
    networkAt: 0,
    follows: FOLLOWS_NOTHING,
    innerBits: 0,
    typeAt: 0,
  };
}

/** 802.1Q nests to any depth on paper; a window of 256 bytes holds no more than this that could matter. */
const MOST_TAGS = 16;

export function isTagType(type: number): boolean {
  return type === ETH_P_8021Q || type === ETH_P_8021AD || type === ETH_P_QINQ1;
}

/** Whether bytes 12-14 of a frame could belong to an Ethernet header: the cheap test before a whole scan. */
export function maybeEtherType(bytes: Uint8Array, at: number, limit: number): boolean {
  if (at + 14 > limit) return false;
  const type = u16(bytes, at);
  if (type > 0x5dc) {
    switch (type) {
      case ETH_P_IP:
      case ETH_P_IPV6:
      case ETH_P_ARP:
      case ETH_P_8021Q:
      case ETH_P_8021AD:
      case ETH_P_QINQ1:
      case ETH_P_MPLS_UC:
      case ETH_P_PPP_SES:
        return true;
      default:
        return false;
    }
  }
  return isLlc(bytes, at + 2);
}

function isLlc(bytes: Uint8Array, at: number): boolean {
  const pair = u16(bytes, at);
  if (u8(bytes, at + 2) !== 3) return false;
  return pair === 0xaaaa || pair === 0x4242 || pair === 0xfefe || pair === 0xf0f0 || pair === 0xe0e0;
}

/**
 * Scans an Ethernet II or 802.3 header at `at`.
 *
 * @param limit index behind the last usable byte
 * @param left bytes of the packet from `at` on, or -1
 */
export function scanEthernet(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
  scan: EthernetScan,
): void {
  scan.bits = -100;
  scan.tags = 0;
  scan.follows = FOLLOWS_NOTHING;
  scan.innerBits = 0;
  if (at < 0 || at + 14 > limit) return;
  scan.bits = (u8(bytes, at + 6) & 1) === 0 ? 1 : -6;
  scanEtherType(bytes, at + 12, limit, left < 0 ? -1 : left - 12, output, scan);
  if (scan.follows === FOLLOWS_OTHER) scan.bits += groupBits(bytes, at);
}

/** Weight of a destination that is a well-known group address; it speaks for a frame of an unknown type. */
function groupBits(bytes: Uint8Array, at: number): number {
  const high = u24(bytes, at);
  if (high === 0xffffff) return u24(bytes, at + 3) === 0xffffff ? 20 : 0;
  return high === 0x0180c2 || high === 0x01005e || high === 0x01000c || high >> 8 === 0x3333 ? 14 : 0;
}

/**
 * Scans from an EtherType field on: tags, then what the last type announces. Adds to `scan.bits`.
 *
 * @param left bytes of the packet from `typeAt` on, or -1
 */
export function scanEtherType(
  bytes: Uint8Array,
  typeAt: number,
  limit: number,
  left: number,
  output: boolean,
  scan: EthernetScan,
): void {
  let at = typeAt;
  let rest = left;
  let type = u16(bytes, at);
  while (isTagType(type) && scan.tags < MOST_TAGS && at + 6 <= limit) {
    scan.bits += 14;
    scan.tags++;
    at += 4;
    if (rest >= 0) rest = Math.max(0, rest - 4);
    type = u16(bytes, at);
  }
  scan.etherType = type;
  scan.typeAt = at;
  scan.networkAt = at + 2;
  weighPayload(bytes, at + 2, limit, rest < 0 ? -1 : Math.max(0, rest - 2), output, scan);
}

function weighPayload(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
  scan: EthernetScan,
): void {
  const before = scan.bits;
  switch (scan.etherType) {
    case ETH_P_IP: {
      scan.follows = FOLLOWS_IPV4;
      scan.bits += 15;
      if (at >= limit) return;
      const flags = ipv4Flags(bytes, at, limit, left, output);
      scan.innerBits = flags === 0 ? damagedIpv4Bits(bytes, at, limit, left) : ipv4Bits(flags);
      if ((flags & V4_LENGTH_FITS) !== 0 && left === 46) scan.innerBits += 6;
      break;
    }
    case ETH_P_IPV6: {
      scan.follows = FOLLOWS_IPV6;
      scan.bits += 15;
      if (at >= limit) return;
      const flags = ipv6Flags(bytes, at, limit, left, output);
      scan.innerBits = ipv6Weight(bytes, at, limit, flags);
      if ((flags & V6_LENGTH_FITS) !== 0 && left === 46) scan.innerBits += 6;
      break;
    }
    case ETH_P_ARP:
    case ETH_P_RARP:
      scan.follows = FOLLOWS_ARP;
      scan.bits += 15;
      if (at + 6 > limit) return;
      scan.innerBits = isArp(bytes, at, limit) ? 40 : -14;
      break;
    default:
      scan.follows = FOLLOWS_OTHER;
      if (scan.etherType <= 0x5dc) weighLength(bytes, at, limit, left, output, scan);
      else if (etherTypeName(scan.etherType) !== null) {
        scan.bits += 11;
        scan.innerBits = otherPayloadBits(bytes, at, limit, scan.etherType);
        weighCarried(bytes, at, limit, left, output, scan);
      } else scan.bits -= 2;
  }
  scan.bits += scan.innerBits;
  if (scan.bits < before - 12) scan.bits = before - 12;
}

/** An IPv4 header whose version or ihl is wrong, told by its length and protocol. */
function damagedIpv4Bits(bytes: Uint8Array, at: number, limit: number, left: number): number {
  const flags = ipv4BodyFlags(bytes, at, 20, limit, left, false);
  const told = V4_LENGTH_EXACT | V4_PROTOCOL_KNOWN | V4_FRAGMENT_SANE;
  return (flags & told) === told ? 4 : -12;
}

/** 802.3: a length, then LLC (IEEE 802.2); with SNAP, an EtherType again. */
function weighLength(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
  scan: EthernetScan,
): void {
  if (at + 3 > limit || !isLlc(bytes, at)) {
    scan.bits -= 8;
    return;
  }
  if (left < 0) scan.bits += 20;
  else if (scan.etherType === left) scan.bits += 34;
  else if (scan.etherType < left && left <= 46) scan.bits += 28;
  else if (scan.etherType < left) scan.bits += 20;
  else scan.bits += 8;
  if (u16(bytes, at) === 0xaaaa && at + 8 <= limit && u8(bytes, at + 3) === 0 && u16(bytes, at + 4) === 0) {
    scan.bits += 20;
    scan.etherType = u16(bytes, at + 6);
    scan.typeAt = at + 6;
    scan.networkAt = at + 8;
    if (scan.etherType > 0x5dc) weighPayload(bytes, at + 8, limit, left < 0 ? -1 : left - 8, output, scan);
  }
}

/** The IP packet in a PPPoE session (RFC 2516) or behind the labels of MPLS (RFC 3032), where it verifies. */
function weighCarried(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
  scan: EthernetScan,
): void {
  const inner =
    scan.etherType === ETH_P_PPP_SES
      ? at + pppoeLength(bytes, at)
      : scan.etherType === ETH_P_MPLS_UC || scan.etherType === ETH_P_MPLS_MC
        ? behindLabels(bytes, at, limit)
        : at;
  if (inner === at || inner + 20 > limit) return;
  const rest = left < 0 ? -1 : Math.max(0, left - (inner - at));
  const version = u8(bytes, inner) >> 4;
  let bits = 0;
  if (version === 4) {
    const flags = ipv4Flags(bytes, inner, limit, rest, output);
    if (ipv4Verifies(flags)) bits = ipv4Bits(flags);
  } else if (version === 6) {
    bits = ipv6Weight(bytes, inner, limit, ipv6Flags(bytes, inner, limit, rest, output));
  }
  if (bits < 16) return;
  scan.follows = version === 4 ? FOLLOWS_IPV4 : FOLLOWS_IPV6;
  scan.networkAt = inner;
  scan.innerBits += bits;
}

/** 8 where a session carries IP (PPP protocol 0021 or 0057), else 0. */
function pppoeLength(bytes: Uint8Array, at: number): number {
  if (u16(bytes, at) !== 0x1100) return 0;
  const protocol = u16(bytes, at + 6);
  return protocol === 0x0021 || protocol === 0x0057 ? 8 : 0;
}

/** Index behind the label with the bottom bit, or `at` where none has it. */
function behindLabels(bytes: Uint8Array, at: number, limit: number): number {
  for (let label = at; label < at + 32 && label + 4 <= limit; label += 4)
    if ((u8(bytes, label + 2) & 1) !== 0) return label + 4;
  return at;
}

/** A few bytes that the payload of other EtherTypes nearly always has. */
function otherPayloadBits(bytes: Uint8Array, at: number, limit: number, type: number): number {
  if (at + 4 > limit) return 0;
  switch (type) {
    case 0x88cc:
      return u16(bytes, at) >> 9 === 1 ? 6 : -8;
    case ETH_P_PPP_SES:
    case ETH_P_PPP_DISC:
      return u8(bytes, at) === 0x11 ? 8 : -10;
    case ETH_P_MPLS_UC:
    case ETH_P_MPLS_MC:
      return u8(bytes, at + 3) !== 0 ? 0 : -4;
    case 0x888e:
      return u8(bytes, at) <= 3 && u8(bytes, at + 1) <= 8 ? 8 : -8;
    case ETH_P_TEB:
      return at + 14 <= limit && etherTypeName(u16(bytes, at + 12)) !== null ? 10 : 0;
    case 0x88f7:
      return (u8(bytes, at + 1) & 15) === 2 && u8(bytes, at) < 0x20 ? 6 : 0;
    default:
      return 0;
  }
}

/** ARP for IPv4 over a link with 6-byte addresses (RFC 826); the operation is checked where it was captured. */
export function isArp(bytes: Uint8Array, at: number, limit: number): boolean {
  if (at + 6 > limit || u16(bytes, at + 2) !== ETH_P_IP || u16(bytes, at + 4) !== 0x0604) return false;
  if (u16(bytes, at) === 0 || u16(bytes, at) > 38) return false;
  if (at + 8 > limit) return true;
  const operation = u16(bytes, at + 6);
  return operation >= 1 && operation <= 25;
}
