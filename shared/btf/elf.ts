/** A file of which parts are read. `read` gives fewer bytes at its end, never more. */
export interface ByteSource {
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Where the BTF of a file lies: the file itself, a section of an ELF file, or nowhere in one. */
export type BtfPlace =
  | { readonly kind: 'whole' }
  | { readonly kind: 'section'; readonly offset: number; readonly size: number }
  | { readonly kind: 'none' };

/** vmlinux has 80 sections, a module built with -ffunction-sections some thousands. */
const MAX_TABLE_BYTES = 16 << 20;
const MAX_NAMES_BYTES = 16 << 20;
const SECTION_NAME = '.BTF\0';
/** SHT_NOBITS: a section that takes no room in the file. */
const NOBITS = 8;

/** Offsets in the headers of the two classes (ELF-64 Object File Format, and elf.h: Elf32_Ehdr, Elf32_Shdr). */
const CLASSES = {
  1: {
    word: 4,
    header: 52,
    ...{ shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50 },
    section: { bytes: 40, offset: 16, size: 20, link: 24 },
  },
  2: {
    word: 8,
    header: 64,
    ...{ shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62 },
    section: { bytes: 64, offset: 24, size: 32, link: 40 },
  },
} as const;

/**
 * Finds the section .BTF of an ELF file (a vmlinux, a module) of either class and byte order, as `bpftool btf dump
 * file` takes it; reads the section headers and their names, nothing else. What is no ELF file is `whole`. Damaged
 * headers are `none`: no section can be found by them.
 */
export async function findBtf(source: ByteSource): Promise<BtfPlace> {
  const head = await source.read(0, 64);
  if (String.fromCharCode(...head.subarray(0, 4)) !== '\x7fELF') return { kind: 'whole' };
  const shape = head[4] === 1 || head[4] === 2 ? CLASSES[head[4]] : null;
  if (shape === null || head.length < shape.header) return { kind: 'none' };
  const little = head[5] === 1;
  const header = reader(head, little);
  const tableAt = header.word(shape.shoff, shape.word);
  const entryBytes = header.half(shape.shentsize);
  if (tableAt === 0 || entryBytes < shape.section.bytes) return { kind: 'none' };

  const { section } = shape;
  const first = await source.read(tableAt, entryBytes);
  if (first.length < section.bytes) return { kind: 'none' };
  const zeroth = reader(first, little);
  // Counts that do not fit into the header stand in section 0.
  const count = header.half(shape.shnum) || zeroth.word(section.size, shape.word);
  const namesIndex = header.half(shape.shstrndx);
  const names = namesIndex === 0xffff ? zeroth.word(section.link, 4) : namesIndex;
  if (count * entryBytes > MAX_TABLE_BYTES || names >= count) return { kind: 'none' };
  const table = await source.read(tableAt, count * entryBytes);
  if (table.length < count * entryBytes) return { kind: 'none' };

  const at = (index: number): { name: number; type: number; offset: number; size: number } => {
    const entry = reader(table.subarray(index * entryBytes, (index + 1) * entryBytes), little);
    return {
      name: entry.word(0, 4),
      type: entry.word(4, 4),
      offset: entry.word(section.offset, shape.word),
      size: entry.word(section.size, shape.word),
    };
  };
  const { offset, size } = at(names);
  if (size > MAX_NAMES_BYTES) return { kind: 'none' };
  const text = await source.read(offset, size);
  for (let index = 1; index < count; index++) {
    const { name, type, ...place } = at(index);
    if (type === NOBITS || place.size === 0) continue;
    if (String.fromCharCode(...text.subarray(name, name + SECTION_NAME.length)) === SECTION_NAME)
      return { kind: 'section', ...place };
  }
  return { kind: 'none' };
}

interface Fields {
  half(at: number): number;
  word(at: number, bytes: 4 | 8): number;
}

function reader(bytes: Uint8Array, little: boolean): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    half: (at) => view.getUint16(at, little),
    // Beyond 2^53 no file reaches: reading there gives nothing.
    word: (at, width) => (width === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little))),
  };
}
