/**
 * Reads of network-order numbers from a byte window, and how addresses are written.
 *
 * Every read is total: a byte outside the window reads as 0. Callers test the bounds first; a value that was
 * not captured must never be shown.
 */

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

export function u32(bytes: Uint8Array, at: number): number {
  return u24(bytes, at) * 256 + (bytes[at + 3] ?? 0);
}

export function u64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(u32(bytes, at)) << 32n) | BigInt(u32(bytes, at + 4));
}

/** Little-endian, as virtio 1.0 headers and ERSPAN timestamps are on the machines Linux runs on. */
export function u16le(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

export function u32le(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at) + u16le(bytes, at + 2) * 65536;
}

const HEX_BYTE: readonly string[] = Array.from({ length: 256 }, (_, value) =>
  value.toString(16).padStart(2, '0'),
);

/** Filled as they are asked for; 65,536 at most. */
const HEX_WORD = new Array<string | undefined>(65536);
const DECIMAL = new Array<string | undefined>(65536);

/** A number in decimal; small ones are made once. */
export function decimalText(value: number): string {
  return value < 65536 ? (DECIMAL[value] ??= String(value)) : String(value);
}

export function hexByte(value: number): string {
  return HEX_BYTE[value & 0xff] ?? '00';
}

/** `0x0800`: a number as hexadecimal of `digits` digits. */
export function hexNumber(value: number, digits: number): string {
  if (digits === 2) return '0x' + hexByte(value);
  if (digits === 4) return (HEX_WORD[value & 0xffff] ??= '0x' + hexByte(value >> 8) + hexByte(value));
  return '0x' + value.toString(16).padStart(digits, '0');
}

/** `0800`: at most `length` bytes as hexadecimal, clipped to the window. */
export function hexBytes(bytes: Uint8Array, at: number, length: number): string {
  const end = Math.min(bytes.length, at + length);
  let text = '';
  for (let index = Math.max(0, at); index < end; index++) text += hexByte(u8(bytes, index));
  return text;
}

const HEX_BYTE_COLON: readonly string[] = HEX_BYTE.map((hex) => `${hex}:`);

/** `02:00:5e:00:53:01`. */
export function macText(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let index = at; index < at + 5; index++) text += HEX_BYTE_COLON[u8(bytes, index)] ?? '';
  return text + hexByte(u8(bytes, at + 5));
}

const DECIMAL_DOT: readonly string[] = Array.from({ length: 256 }, (_, value) => `${value}.`);

export function ipv4Text(bytes: Uint8Array, at: number): string {
  const upper = (DECIMAL_DOT[u8(bytes, at)] ?? '') + (DECIMAL_DOT[u8(bytes, at + 1)] ?? '');
  return upper + (DECIMAL_DOT[u8(bytes, at + 2)] ?? '') + decimalText(u8(bytes, at + 3));
}

/**
 * An IPv6 address as RFC 5952 wants it: lower case, the longest run of two or more zero groups as `::`, and
 * the last four bytes dotted for IPv4-mapped (`::ffff:0:0/96`) and IPv4-compatible (`::/96`) addresses.
 */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  const groups: number[] = [];
  for (let index = 0; index < 8; index++) groups.push(u16(bytes, at + index * 2));
  let bestStart = -1;
  let bestLength = 1;
  let start = -1;
  for (let index = 0; index <= 8; index++) {
    if (index < 8 && groups[index] === 0) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      if (index - start > bestLength) {
        bestStart = start;
        bestLength = index - start;
      }
      start = -1;
    }
  }
  const dotted =
    bestStart === 0 &&
    (bestLength === 6 || (bestLength === 5 && groups[5] === 0xffff)) &&
    !(bestLength === 6 && groups[6] === 0);
  if (dotted) return `::${bestLength === 5 ? 'ffff:' : ''}${ipv4Text(bytes, at + 12)}`;
  const part = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (bestStart < 0) return part(0, 8);
  return `${part(0, bestStart)}::${part(bestStart + bestLength, 8)}`;
}
