export interface ElfShape {
  readonly class: 1 | 2;
  readonly little: boolean;
  /** Counts in section 0 instead of the header, as with more than 65,279 sections. */
  readonly extended: boolean;
}

/** An ELF file with the sections given, written after elf.h; names and their section come last. */
export function elfFile(
  sections: readonly (readonly [name: string, type: number, bytes: Uint8Array])[],
  shape: ElfShape = { class: 2, little: true, extended: false },
): Uint8Array<ArrayBuffer> {
  const wide = shape.class === 2;
  const [headerBytes, entryBytes] = wide ? [64, 64] : [52, 40];
  const all = [...sections, ['.shstrtab', 3, new Uint8Array()] as const];
  const names = new TextEncoder().encode(`\0${all.map(([name]) => `${name}\0`).join('')}`);
  const contents = [...sections.map(([, , bytes]) => bytes), names];
  const size = headerBytes + contents.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(size + (all.length + 1) * entryBytes);
  const view = new DataView(file.buffer);
  const half = (at: number, value: number) => view.setUint16(at, value, shape.little);
  const word = (at: number, value: number) => view.setUint32(at, value, shape.little);
  const long = (at: number, value: number) =>
    wide ? view.setBigUint64(at, BigInt(value), shape.little) : word(at, value);
  file.set([0x7f, 0x45, 0x4c, 0x46, shape.class, shape.little ? 1 : 2, 1]);
  long(wide ? 40 : 32, size);
  half(wide ? 58 : 46, entryBytes);
  half(wide ? 60 : 48, shape.extended ? 0 : all.length + 1);
  half(wide ? 62 : 50, shape.extended ? 0xffff : all.length);
  if (shape.extended) {
    long(size + (wide ? 32 : 20), all.length + 1);
    word(size + (wide ? 40 : 24), all.length);
  }
  let at = headerBytes;
  let nameAt = 1;
  all.forEach(([name, type], index) => {
    const entry = size + (index + 1) * entryBytes;
    const bytes = contents[index] ?? new Uint8Array();
    word(entry, nameAt);
    word(entry + 4, type);
    long(entry + (wide ? 24 : 16), at);
    long(entry + (wide ? 32 : 20), bytes.length);
    file.set(bytes, at);
    at += bytes.length;
    nameAt += name.length + 1;
  });
  return file;
}
