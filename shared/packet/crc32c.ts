/** CRC-32C (Castagnoli, RFC 9260 appendix A), reflected, as SCTP carries it. */
const TABLE = new Uint32Array(256);
for (let index = 0; index < 256; index++) {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  TABLE[index] = value;
}

/** Over `length` bytes at `at`, the four bytes at `skip` taken as zero. */
export function crc32c(bytes: Uint8Array, at: number, length: number, skip: number): number {
  let value = 0xffffffff;
  for (let index = at; index < at + length; index++) {
    const byte = index >= skip && index < skip + 4 ? 0 : (bytes[index] ?? 0);
    value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return ~value >>> 0;
}
