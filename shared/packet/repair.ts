/** Which single change would make an IPv4 header verify: the proof that it is a header with one wrong field. */
import { onesSum } from './checksum.ts';
import { u16, u8 } from './cursor.ts';

export const REPAIR_NONE = 0;
/** Another version and ihl byte verifies. */
export const REPAIR_VERSION_IHL = 1;
/** tot_len equal to what is left of the packet verifies. */
export const REPAIR_TOTAL_LENGTH = 2;
/** The checksum is right for a ttl one higher: somebody lowered ttl and left the checksum. */
export const REPAIR_TTL = 3;

const VERIFIES = 0xffff;

/** Sum of a header with one 16-bit word replaced; sums as RFC 1071, where 0 and ffff are the same number. */
function replaced(sum: number, old: number, now: number): number {
  let total = sum - old + now;
  if (total <= 0) total += 0xffff;
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return total;
}

/** The first byte that would make the header at `at` verify, or -1. */
export function repairedFirstByte(bytes: Uint8Array, at: number, limit: number): number {
  const word = u16(bytes, at);
  const rest = word & 0xff;
  let sum = onesSum(bytes, at + 2, 18, rest);
  for (let first = 0x45; first <= 0x4f; first++) {
    const header = (first & 15) * 4;
    if (at + header > limit) return -1;
    if (header > 20) sum += u16(bytes, at + header - 4) + u16(bytes, at + header - 2);
    const total = sum + (first << 8);
    const folded = (total & 0xffff) + (total >>> 16);
    if ((folded & 0xffff) + (folded >>> 16) === VERIFIES && first !== word >> 8) return first;
  }
  return -1;
}

export function ipv4Repair(bytes: Uint8Array, at: number, limit: number, left: number): number {
  if (at < 0 || at + 20 > limit) return REPAIR_NONE;
  const first = u8(bytes, at);
  const header = (first & 15) * 4;
  if (first >= 0x45 && first <= 0x4f && at + header <= limit) {
    const sum = onesSum(bytes, at, header, 0);
    if (left >= header && left <= 0xffff && replaced(sum, u16(bytes, at + 2), left) === VERIFIES) {
      return REPAIR_TOTAL_LENGTH;
    }
    const ttl = u16(bytes, at + 8);
    if (ttl < 0xff00 && replaced(sum, ttl, ttl + 0x100) === VERIFIES) return REPAIR_TTL;
  }
  return repairedFirstByte(bytes, at, limit) < 0 ? REPAIR_NONE : REPAIR_VERSION_IHL;
}
