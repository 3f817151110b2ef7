/**
 * Finds the BTF blobs in a kernel image or module: the magic in either byte order, version 1, and a header
 * whose sections lie one behind the other inside the file. Needs no ELF.
 */
export function carveBtf(bytes: Buffer, smallest: number): Buffer[] {
  const found: Buffer[] = [];
  for (const little of [true, false]) {
    const magic = Buffer.from(little ? [0x9f, 0xeb, 1, 0] : [0xeb, 0x9f, 1, 0]);
    const word = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
    for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) {
      if (at + 24 > bytes.length) break;
      const [header = 0, typeOffset, typeLength = 0, stringOffset = 0, stringLength = 0] = [
        4, 8, 12, 16, 20,
      ].map((n) => word(at + n));
      const end = at + header + stringOffset + stringLength;
      if ((header !== 24 && header !== 32) || typeOffset !== 0 || stringOffset < typeLength) continue;
      if (end > bytes.length || typeLength < smallest) continue;
      found.push(bytes.subarray(at, end));
    }
  }
  return found;
}
