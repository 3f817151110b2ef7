/** Readings of the expected position as an IP header, good, cut off or damaged, and of IP headers elsewhere. */
import { transportChecksum } from './checksum.ts';
import { u16, u8 } from './cursor.ts';
import {
  ipv4Bits,
  ipv4BodyFlags,
  ipv4FieldBits,
  ipv4Flags,
  ipv4LengthBits,
  ipv4Verifies,
  ipv6Flags,
  ipv6TransportBits,
  ipv6Weight,
  V4_CAPTURED,
  V4_CHECKSUM,
  V4_LENGTH_EXACT,
  V4_LENGTH_LONG,
  V4_LENGTH_SHORT,
  V4_PLAIN_IHL,
  V4_VERSION_IHL,
  V6_ADDRESSES_COMMON,
  V6_SOURCE_SANE,
  V6_CAPTURED,
  V6_LENGTH_EXACT,
  V6_LENGTH_FITS,
  V6_LENGTH_LONG,
  V6_LENGTH_UNKNOWN,
  V6_PROTOCOL_KNOWN,
} from './header-checks.ts';
import { ipv4Repair, REPAIR_NONE } from './repair.ts';
import { leftFrom, offer } from './scene.ts';
import type { Scene } from './scene.ts';
import { NOWHERE, TRUNCATED } from './verdict-kinds.ts';

/** Packets that say they are longer than this are seldom; jumbo frames end here. */
const USUAL_LENGTH = 9216;

/** Weight of the transport checksum of the packet whose IPv4 header is at index `at`: it settles close calls. */
export function ipv4TransportBits(scene: Scene, at: number): number {
  const header = (u8(scene.bytes, at) & 15) * 4;
  const result = transportChecksum(
    scene.bytes,
    at,
    4,
    u8(scene.bytes, at + 9),
    at + header,
    at + u16(scene.bytes, at + 2),
    scene.limit,
  );
  return result === 'good' ? 16 : result === 'bad' ? -6 : 0;
}

/** @param goodKind the kind of a good IPv4 header here */
export function offerIpv4(scene: Scene, goodKind: number, prior: number, damagedKind: number): void {
  const { bytes, origin, limit } = scene;
  const flags = ipv4Flags(bytes, origin, limit, scene.left, scene.output);
  if (ipv4Verifies(flags)) {
    offer(scene, goodKind, 'ipv4', ipv4Bits(flags) + prior, NOWHERE, NOWHERE, 0, 4, true);
    return;
  }
  if ((flags & V4_VERSION_IHL) !== 0 && (flags & V4_CHECKSUM) !== 0) {
    const kind = (flags & V4_LENGTH_LONG) !== 0 ? TRUNCATED : damagedKind;
    offer(scene, kind, 'ipv4', ipv4Bits(flags) + prior + 5, NOWHERE, NOWHERE, 0, 4, true);
    return;
  }
  if ((flags & V4_VERSION_IHL) !== 0 && (flags & V4_CAPTURED) === 0 && limit - origin >= 20) {
    if ((flags & (V4_LENGTH_LONG | V4_LENGTH_SHORT)) === 0) {
      offer(scene, goodKind, 'ipv4', ipv4Bits(flags) + prior, NOWHERE, NOWHERE, 0, 4, false);
      return;
    }
  }
  if (cutInOptions(scene, flags)) {
    const total = u16(bytes, origin + 2);
    const likely = total >= (u8(bytes, origin) & 15) * 4 && total <= USUAL_LENGTH;
    const bits = (likely ? 9 : 0) + ipv4FieldBits(flags);
    offer(scene, TRUNCATED, 'ipv4', 4.5 + bits + prior, NOWHERE, NOWHERE, 0, 4, false);
    return;
  }
  const bits = damagedIpv4Bits(scene, flags);
  if (bits > 0) offer(scene, damagedKind, 'ipv4', bits + prior, NOWHERE, NOWHERE, 0, 4, false);
}

/** The packet ends between the first 20 bytes and ihl * 4, and its total length says that it should not. */
function cutInOptions(scene: Scene, flags: number): boolean {
  const { bytes, origin, left } = scene;
  if ((flags & V4_VERSION_IHL) === 0 || left < 20) return false;
  return left < (u8(bytes, origin) & 15) * 4 && (flags & V4_LENGTH_LONG) !== 0;
}

/** Weight of an IPv4 header at the expected position that has something wrong with it. */
function damagedIpv4Bits(scene: Scene, flags: number): number {
  const { bytes, origin, limit, left } = scene;
  if (origin < 0 || origin + 20 > limit) return 0;
  const repair = ipv4Repair(bytes, origin, limit, left);
  if ((flags & V4_VERSION_IHL) !== 0) {
    const start = (flags & V4_PLAIN_IHL) !== 0 ? 7 : 4.5;
    return start + ipv4LengthBits(flags) + ipv4FieldBits(flags) + (repair === REPAIR_NONE ? 0 : 14);
  }
  const body = ipv4BodyFlags(bytes, origin, 20, limit, left, scene.output);
  if (repair !== REPAIR_NONE) return 12 + Math.max(0, ipv4LengthBits(body)) + ipv4FieldBits(body);
  if ((body & V4_LENGTH_EXACT) === 0) return 0;
  return 10 + ipv4FieldBits(body);
}

/** @param goodKind the kind of a good IPv6 header here */
export function offerIpv6(scene: Scene, goodKind: number, prior: number, damagedKind: number): void {
  const { bytes, origin, limit, left } = scene;
  if (origin < 0 || origin >= limit) return;
  const flags = ipv6Flags(bytes, origin, limit, left, scene.output);
  if (flags === 0) {
    offerDamagedIpv6(scene, prior, damagedKind);
    return;
  }
  const bits = ipv6Weight(bytes, origin, limit, flags);
  if ((flags & V6_LENGTH_LONG) !== 0) {
    const near = u16(bytes, origin + 4) <= USUAL_LENGTH ? 7 : 0;
    offer(scene, TRUNCATED, 'ipv6', bits + near + prior, NOWHERE, NOWHERE, 0, 6, false);
    return;
  }
  if ((flags & V6_CAPTURED) !== 0 && (flags & V6_SOURCE_SANE) === 0) {
    offer(scene, damagedKind, 'ipv6', bits + 4 + prior, NOWHERE, NOWHERE, 0, 6, false);
    return;
  }
  if (limit - origin < 8) return;
  const verified = (flags & V6_CAPTURED) !== 0;
  const kind =
    (flags & (V6_LENGTH_EXACT | V6_LENGTH_FITS | V6_LENGTH_UNKNOWN)) !== 0 ? goodKind : damagedKind;
  offer(scene, kind, 'ipv6', bits + prior, NOWHERE, NOWHERE, 0, 6, verified);
}

/** Everything fits an IPv6 header but the version. */
function offerDamagedIpv6(scene: Scene, prior: number, damagedKind: number): void {
  const { bytes, origin, limit, left } = scene;
  if (left < 40 || origin + 40 > limit || u16(bytes, origin + 4) + 40 !== left) return;
  const next = u8(bytes, origin + 6);
  // Forty bytes with two zeros in them are no proof of a header with nothing behind it.
  if (left === 40 && next !== 59) return;
  let bits = 14 - 5 + ipv6TransportBits(bytes, origin, limit);
  if (next === 6 || next === 17 || next === 58 || next === 0 || next === 44) bits += 5;
  const source = u8(bytes, origin + 8) >> 4;
  const destination = u8(bytes, origin + 24) >> 4;
  bits +=
    (source === 2 || source === 15 || source === 3 ? 2 : -2) +
    (destination === 2 || destination === 15 || destination === 3 ? 2 : -2);
  offer(scene, damagedKind, 'ipv6', bits + prior, NOWHERE, NOWHERE, 0, 6, false);
}

/** How far from the expected position an IP header is looked for, in bytes. */
export const SHIFT_FROM = -40;
export const SHIFT_TO = 64;
/** Weight that the free choice of an offset costs. */
const SEARCH_BITS = 6;

/**
 * Looks for an IP header at every offset but 0.
 *
 * @param nested whether the expected position itself reads as a (damaged) IP header, so that a header further
 *   inside is its payload and none of our business
 */
export function offerShifted(scene: Scene, kind: number, nested: boolean): void {
  const { bytes, origin, limit } = scene;
  const to = nested ? 19 : SHIFT_TO;
  const end = Math.min(limit - 20, origin + to);
  for (let at = Math.max(0, origin + SHIFT_FROM); at <= end; at++) {
    const offset = at - origin;
    if (offset === 0) continue;
    const first = bytes[at] ?? 0;
    if (first < 0x45 || first > 0x6f) continue;
    if (first <= 0x4f) offerShiftedIpv4(scene, kind, offset);
    else if (first >= 0x60) offerShiftedIpv6(scene, kind, offset);
  }
}

function offerShiftedIpv4(scene: Scene, kind: number, offset: number): void {
  const at = scene.origin + offset;
  const left = leftFrom(scene, offset);
  if (left >= 0 && u16(scene.bytes, at + 2) > left) return;
  const flags = ipv4Flags(scene.bytes, at, scene.limit, left, scene.output);
  if ((flags & V4_CHECKSUM) === 0 || !ipv4Verifies(flags)) return;
  const header = (flags & V4_PLAIN_IHL) !== 0 ? 20 : (u8(scene.bytes, at) & 15) * 4;
  const encapsulates = u8(scene.bytes, at + 9) === 4 && offset + header === 0;
  if (encapsulates) return;
  offer(scene, kind, 'ipv4', ipv4Bits(flags) - SEARCH_BITS, NOWHERE, NOWHERE, offset, 4, true);
}

function offerShiftedIpv6(scene: Scene, kind: number, offset: number): void {
  const at = scene.origin + offset;
  if (at + 40 > scene.limit) return;
  const flags = ipv6Flags(scene.bytes, at, scene.limit, leftFrom(scene, offset), false);
  const sane = V6_PROTOCOL_KNOWN | V6_SOURCE_SANE | V6_CAPTURED;
  if ((flags & sane) !== sane || (flags & V6_LENGTH_LONG) !== 0) return;
  if (u8(scene.bytes, at + 6) === 41 && offset === -40) return;
  const bits = ipv6Weight(scene.bytes, at, scene.limit, flags) - SEARCH_BITS;
  if ((flags & V6_LENGTH_EXACT) === 0 && (flags & V6_ADDRESSES_COMMON) === 0) return;
  offer(scene, kind, 'ipv6', bits, NOWHERE, NOWHERE, offset, 6, true);
}
