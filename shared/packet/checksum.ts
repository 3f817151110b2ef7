import { u16, u8 } from './cursor.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_TCP, IPPROTO_UDP } from './numbers.ts';

/** Words that can be added before a sum of 16-bit words could leave 32 bits. */
const FOLD_EVERY = 65536;

/** One's complement sum (RFC 1071) of `length` bytes at `at`, added to `sum`, not yet complemented. */
export function onesSum(bytes: Uint8Array, at: number, length: number, sum: number): number {
  const end = at + length;
  const even = end - (length & 1);
  let total = sum;
  let index = at;
  while (index < even) {
    const stop = Math.min(even, index + FOLD_EVERY);
    for (; index < stop; index += 2) total += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
    total = (total & 0xffff) + (total >>> 16);
  }
  if (even !== end) total += u8(bytes, even) << 8;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/**
 * The checksum that `length` bytes at `at` should carry in the two bytes at `field`, which are left out of the
 * sum (`field - at` is even); `sum` is that of a pseudo header, or 0.
 */
export function expectedChecksum(
  bytes: Uint8Array,
  at: number,
  length: number,
  field: number,
  sum = 0,
): number {
  const before = onesSum(bytes, at, field - at, sum);
  return ~onesSum(bytes, field + 2, at + length - field - 2, before) & 0xffff;
}

/** Sum of the addresses in the pseudo header; parameters as of {@link transportChecksum}. */
export function addressSum(
  bytes: Uint8Array,
  ipAt: number,
  version: 4 | 6,
  destinationAt = ipAt + 24,
): number {
  if (version === 4) return onesSum(bytes, ipAt + 12, 8, 0);
  return onesSum(bytes, ipAt + 8, 16, onesSum(bytes, destinationAt, 16, 0));
}

export type TransportChecksum = 'good' | 'bad' | 'unknown';

/**
 * Whether the transport checksum of an IP packet verifies: ICMP (RFC 792), IGMP (RFC 1112), UDP (RFC 768),
 * TCP (RFC 9293) and ICMPv6 (RFC 4443). `unknown` where the protocol has none that is known here, the packet
 * is a fragment, UDP carries 0 over IPv4, or not every byte up to `end` was captured.
 *
 * @param ipAt index of the IP header, of `version` 4 or 6
 * @param at index of the transport header
 * @param end index behind the last byte of the IP packet, after its own length field
 * @param limit index behind the last usable byte
 * @param destinationAt IPv6: index of the last destination, where a routing header has it
 */
export function transportChecksum(
  bytes: Uint8Array,
  ipAt: number,
  version: 4 | 6,
  protocol: number,
  at: number,
  end: number,
  limit: number,
  destinationAt = ipAt + 24,
): TransportChecksum {
  const length = end - at;
  if (end > limit || length < 8) return 'unknown';
  if (version === 4 && (u16(bytes, ipAt + 6) & 0x3fff) !== 0) return 'unknown';
  let pseudo = 0;
  switch (protocol) {
    case IPPROTO_ICMP:
    case IPPROTO_IGMP:
      if (version === 6) return 'unknown';
      break;
    case IPPROTO_UDP:
      if (u16(bytes, at + 6) === 0) return version === 4 ? 'unknown' : 'bad';
      if (u16(bytes, at + 4) !== length) return 'unknown';
      break;
    case IPPROTO_TCP:
      if (length < 20) return 'unknown';
      break;
    case IPPROTO_ICMPV6:
      if (version === 4) return 'unknown';
      break;
    default:
      return 'unknown';
  }
  if (protocol !== IPPROTO_ICMP && protocol !== IPPROTO_IGMP) {
    pseudo = addressSum(bytes, ipAt, version, destinationAt) + protocol + length;
  }
  return onesSum(bytes, at, length, pseudo) === 0xffff ? 'good' : 'bad';
}
