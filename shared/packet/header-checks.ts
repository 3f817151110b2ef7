/**
 * What a byte position looks like when read as an IPv4 or IPv6 header, as bit sets, and how much such a find
 * weighs. Weights are bits: the base-two logarithm of how unlikely random bytes would pass the same test. No
 * function here allocates.
 *
 * The tests are those of ip_rcv_core() (net/ipv4/ip_input.c) and ip6_rcv_core() (net/ipv6/ip6_input.c), and
 * a few more that those do not make.
 */
import { onesSum, transportChecksum } from './checksum.ts';
import { u16, u32, u8 } from './cursor.ts';
import { isKnownIpProtocol } from './numbers.ts';

/** Version 4 and ihl >= 5. */
export const V4_VERSION_IHL = 1;
/** All ihl * 4 bytes are in the window. */
export const V4_CAPTURED = 2;
export const V4_CHECKSUM = 4;
/** Header <= tot_len <= bytes left, and not equal to them. */
export const V4_LENGTH_FITS = 8;
/** tot_len is exactly what is left of the packet. */
export const V4_LENGTH_EXACT = 16;
/** tot_len is more than what is left of the packet. */
export const V4_LENGTH_LONG = 32;
/** tot_len is less than the header. */
export const V4_LENGTH_SHORT = 64;
export const V4_PROTOCOL_KNOWN = 128;
/** The reserved flag is clear, and DF does not stand beside a fragment. */
export const V4_FRAGMENT_SANE = 256;
/** Only the caller's leave makes this legal: on output, before ip_send_check(), the field is 0. */
export const V4_CHECKSUM_ABSENT = 512;
export const V4_PLAIN_IHL = 1024;
/** What is left of the packet is not known, so tot_len could not be compared. */
export const V4_LENGTH_UNKNOWN = 2048;

/**
 * Reads `at` as an IPv4 header.
 *
 * @param at index of the header in `bytes`; it must be >= 0
 * @param limit index behind the last usable byte
 * @param left bytes of the packet from `at` on, or -1 where not known
 * @param output whether the header may still lack its checksum and length (TCP segmentation offload)
 */
export function ipv4Flags(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
): number {
  if (at < 0 || at >= limit) return 0;
  const first = u8(bytes, at);
  if (first < 0x45 || first > 0x4f) return 0;
  return V4_VERSION_IHL | ipv4BodyFlags(bytes, at, (first & 15) * 4, limit, left, output);
}

/** The same tests, except that of version and ihl: for a header whose first byte is in doubt. */
export function ipv4BodyFlags(
  bytes: Uint8Array,
  at: number,
  header: number,
  limit: number,
  left: number,
  output: boolean,
): number {
  let flags = header === 20 ? V4_PLAIN_IHL : 0;
  if (at + header <= limit) {
    flags |= V4_CAPTURED;
    if (onesSum(bytes, at, header, 0) === 0xffff) flags |= V4_CHECKSUM;
    else if (output && u16(bytes, at + 10) === 0) flags |= V4_CHECKSUM_ABSENT;
  }
  if (at + 4 <= limit) {
    const total = u16(bytes, at + 2);
    if (total < header) {
      const segmented = total === 0 && (output || left > 0xffff);
      flags |= segmented ? V4_LENGTH_FITS : V4_LENGTH_SHORT;
    } else if (left < 0) flags |= V4_LENGTH_UNKNOWN;
    else if (total === left) flags |= V4_LENGTH_EXACT;
    else if (total < left) flags |= V4_LENGTH_FITS;
    else flags |= V4_LENGTH_LONG;
  }
  if (at + 8 <= limit) {
    const fragment = u16(bytes, at + 6);
    if ((fragment & 0x8000) === 0 && ((fragment & 0x4000) === 0 || (fragment & 0x3fff) === 0)) {
      flags |= V4_FRAGMENT_SANE;
    }
  }
  if (at + 10 <= limit && isKnownIpProtocol(u8(bytes, at + 9))) flags |= V4_PROTOCOL_KNOWN;
  return flags;
}

/** The kernel's tests on input all pass: version, ihl, checksum, tot_len. */
export function ipv4Verifies(flags: number): boolean {
  return (
    (flags & V4_VERSION_IHL) !== 0 &&
    (flags & (V4_CHECKSUM | V4_CHECKSUM_ABSENT)) !== 0 &&
    (flags & (V4_LENGTH_LONG | V4_LENGTH_SHORT)) === 0
  );
}

/** Weight of reading a position as an IPv4 header; a wrong checksum counts against it. */
export function ipv4Bits(flags: number): number {
  if ((flags & V4_VERSION_IHL) === 0) return -12;
  let bits = (flags & V4_PLAIN_IHL) !== 0 ? 7 : 4.5;
  if ((flags & V4_CHECKSUM) !== 0) bits += 16;
  else if ((flags & V4_CHECKSUM_ABSENT) !== 0) bits += 12;
  else if ((flags & V4_CAPTURED) !== 0) bits -= 3;
  return bits + ipv4LengthBits(flags) + ipv4FieldBits(flags);
}

export function ipv4LengthBits(flags: number): number {
  if ((flags & V4_LENGTH_EXACT) !== 0) return 14;
  if ((flags & V4_LENGTH_FITS) !== 0) return 5;
  if ((flags & (V4_LENGTH_LONG | V4_LENGTH_SHORT)) !== 0) return -5;
  return 0;
}

export function ipv4FieldBits(flags: number): number {
  return ((flags & V4_PROTOCOL_KNOWN) !== 0 ? 3 : -1) + ((flags & V4_FRAGMENT_SANE) !== 0 ? 1 : -3);
}

export const V6_VERSION = 1;
export const V6_CAPTURED = 2;
export const V6_LENGTH_FITS = 4;
export const V6_LENGTH_EXACT = 8;
export const V6_LENGTH_LONG = 16;
export const V6_PROTOCOL_KNOWN = 32;
/** The source is no multicast address: ip6_rcv_core drops such packets. */
export const V6_SOURCE_SANE = 64;
/** payload_len is 0 although a header follows: legal only for a jumbogram or a segmented packet. */
export const V6_LENGTH_ZERO = 128;
export const V6_LENGTH_UNKNOWN = 256;
/** Both addresses lie in ranges that are in use (RFC 4291: 2000::/3, fc00::/7, fe80::/10, ff00::/8, ::/32). */
export const V6_ADDRESSES_COMMON = 512;

/** Reads `at` as an IPv6 header; parameters as {@link ipv4Flags}. */
export function ipv6Flags(
  bytes: Uint8Array,
  at: number,
  limit: number,
  left: number,
  output: boolean,
): number {
  if (at < 0 || at >= limit || u8(bytes, at) >> 4 !== 6) return 0;
  let flags = V6_VERSION;
  if (at + 40 <= limit) {
    flags |= V6_CAPTURED;
    if (commonAddress(u8(bytes, at + 8)) && commonAddress(u8(bytes, at + 24))) flags |= V6_ADDRESSES_COMMON;
  }
  if (at + 7 <= limit) {
    const next = u8(bytes, at + 6);
    if (isKnownIpProtocol(next)) flags |= V6_PROTOCOL_KNOWN;
    const payload = u16(bytes, at + 4);
    if (payload === 0 && next !== 59 && left !== 40) {
      flags |= V6_LENGTH_ZERO;
      if (left > 40 && (next === 0 || output || left > 0xffff)) flags |= V6_LENGTH_FITS;
    } else if (left < 0) flags |= V6_LENGTH_UNKNOWN;
    else if (payload + 40 === left) flags |= V6_LENGTH_EXACT;
    else if (payload + 40 < left) flags |= V6_LENGTH_FITS;
    else flags |= V6_LENGTH_LONG;
  }
  if (at + 9 <= limit && u8(bytes, at + 8) !== 0xff) flags |= V6_SOURCE_SANE;
  return flags;
}

function commonAddress(first: number): boolean {
  return first >> 5 === 1 || first >= 0xfc || first === 0;
}

/**
 * Weight of the 16 bytes at `at` being an IPv6 address in use (RFC 4291): link-local with its 54 zero bits,
 * multicast with flags 0 and a scope in use, unique local, global unicast, or :: and what begins with it.
 */
function addressBits(bytes: Uint8Array, at: number): number {
  const first = u16(bytes, at);
  if (first === 0xfe80) return u32(bytes, at + 2) === 0 && u16(bytes, at + 6) === 0 ? 14 : 4;
  if (first >> 8 === 0xff) return (first & 0xf0) === 0 && (first & 15) <= 14 ? 8 : 4;
  if (first >> 9 === 0x7e) return 6;
  if (first === 0x2001 && u16(bytes, at + 2) === 0x0db8) return 14;
  if (first >> 13 === 1) return 3;
  if (first === 0x0064 && u16(bytes, at + 2) === 0xff9b) return 14;
  return first === 0 && u32(bytes, at + 2) === 0 ? 14 : -4;
}

/**
 * The whole weight of an IPv6 header at `at`: there is no header checksum, so addresses and the checksum of
 * what follows have to speak for it.
 */
export function ipv6Weight(bytes: Uint8Array, at: number, limit: number, flags: number): number {
  const bits = ipv6Bits(flags) + ipv6ContentBits(bytes, at, limit);
  if ((flags & V6_CAPTURED) === 0 || (flags & (V6_LENGTH_LONG | V6_LENGTH_ZERO)) !== 0) return bits;
  return bits + ipv6TransportBits(bytes, at, limit);
}

export function ipv6TransportBits(bytes: Uint8Array, at: number, limit: number): number {
  const end = at + 40 + u16(bytes, at + 4);
  const result = transportChecksum(bytes, at, 6, u8(bytes, at + 6), at + 40, end, limit);
  return result === 'good' ? 16 : result === 'bad' ? -6 : 0;
}

/** Weight of all an IPv6 header's bytes but its version and length; at most 16. */
function ipv6ContentBits(bytes: Uint8Array, at: number, limit: number): number {
  let bits = 0;
  if (at + 2 <= limit && u8(bytes, at) === 0x60 && u8(bytes, at + 1) >> 4 === 0) bits += 5;
  if (at + 8 <= limit) {
    const hops = u8(bytes, at + 7);
    if (hops === 64 || hops === 255 || hops === 1 || (hops >= 50 && hops < 64)) bits += 2;
  }
  if (at + 40 <= limit) bits += addressBits(bytes, at + 8) + addressBits(bytes, at + 24);
  return Math.min(16, bits);
}

export function ipv6Bits(flags: number): number {
  if ((flags & V6_VERSION) === 0) return -12;
  let bits = 4;
  if ((flags & V6_LENGTH_EXACT) !== 0) bits += 14;
  else if ((flags & V6_LENGTH_FITS) !== 0) bits += 5;
  else if ((flags & (V6_LENGTH_LONG | V6_LENGTH_ZERO)) !== 0) bits -= 5;
  if ((flags & V6_PROTOCOL_KNOWN) !== 0) bits += 3;
  else bits -= 1;
  if ((flags & V6_CAPTURED) !== 0 && (flags & V6_SOURCE_SANE) === 0) bits -= 4;
  return bits;
}
