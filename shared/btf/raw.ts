import { BtfError } from './failure.ts';
import type { BtfHeader } from './header.ts';
import { KIND_LAST, KIND_LAST_SETTLED, KIND_VOID, kindSizes } from './kinds.ts';
import type { KindSize } from './kinds.ts';

/**
 * The wire layout of the type section. struct btf_type is 12 bytes, three words in the file's byte order:
 *
 *   name_off | info: vlen bits 0-23, kind bits 24-30, kind_flag bit 31 | size or type
 *
 * followed by what its kind adds. Every field of every kind is a 32-bit word, so the section is one Uint32Array: a view
 * of the file where it is aligned and of this machine's byte order, else one copy.
 *
 * (vlen had 16 bits and kind 5 until 2026-09; the bits between were zero, so the wide masks read both.)
 */
export interface RawTypes {
  /** The type section, in this machine's byte order. */
  readonly words: Uint32Array;
  /** Index into `words` of the struct btf_type of the n-th type of this file (type id = first id + n). */
  readonly offsets: Uint32Array;
  /** Kind number of the n-th type of this file. */
  readonly kinds: Uint8Array;
  /** Bytes from the start of the file to words[0]. */
  readonly start: number;
  /** Kinds above 19 whose size in this file is not the one we know: skipped, never interpreted. */
  readonly opaqueKinds: ReadonlySet<number>;
}

export const VLEN_MASK = 0xffffff;
export const KIND_FLAG = 0x80000000;

/** Sizes of the kinds of one file: index = kind number; undefined = not known. */
export type KindSizeTable = readonly (KindSize | undefined)[];

const machineIsLittle = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The type section as words. Throws E_TRUNC when its length is no multiple of 4. */
function sectionWords(bytes: Uint8Array, header: BtfHeader): Uint32Array {
  const { start, length } = header.types;
  if (length % 4 !== 0) {
    throw new BtfError('E_TRUNC', `The type section has ${length} bytes, no multiple of 4`, {
      offset: start + length,
    });
  }
  const swapped = (header.endian === 'little') !== machineIsLittle;
  if (!swapped && (bytes.byteOffset + start) % 4 === 0) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset + start, length / 4);
  }
  const words = new Uint32Array(bytes.slice(start, start + length).buffer);
  if (swapped) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      words[i] = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
    }
  }
  return words;
}

/**
 * The layout section: for each kind from 0 up, struct btf_layout {u8 info_sz, u8 elem_sz, u16 flags}; a type of an unknown
 * kind has 12 + info_sz + vlen * elem_sz bytes. Throws E_LAYOUT for sizes that are no multiple of 4.
 */
function readLayoutSection(bytes: Uint8Array, header: BtfHeader): KindSizeTable | null {
  if (header.layout === null) return null;
  const { start, length } = header.layout;
  const sizes: KindSize[] = [];
  for (let at = start; at < start + length; at += 4) {
    const info = bytes[at] ?? 0;
    const element = bytes[at + 1] ?? 0;
    if (info % 4 !== 0 || element % 4 !== 0) {
      throw new BtfError(
        'E_LAYOUT',
        `Kind ${sizes.length} is said to add ${info} and ${element} bytes; both must be multiples of 4`,
        { offset: at },
      );
    }
    sizes.push({ info, element });
  }
  return sizes;
}

/**
 * What the layout section says of the kinds above 19, joined with what we know; `opaque` are those where the two differ. A
 * split BTF without a layout section of its own uses its base's.
 */
export function kindSizeTable(
  bytes: Uint8Array,
  header: BtfHeader,
  inherited: KindSizeTable | null,
): { sizes: KindSizeTable; opaque: ReadonlySet<number>; warnings: string[] } {
  const declared = readLayoutSection(bytes, header) ?? inherited;
  const opaque = new Set<number>();
  const warnings: string[] = [];
  if (declared === null) return { sizes: kindSizes, opaque, warnings };
  const sizes: (KindSize | undefined)[] = [...kindSizes];
  for (const [kind, size] of declared.entries()) {
    if (size === undefined || kind === KIND_VOID) continue;
    const known = kindSizes[kind];
    if (known !== undefined && known.info === size.info && known.element === size.element) continue;
    if (kind <= KIND_LAST_SETTLED) {
      warnings.push(
        `The layout section gives kind ${kind} another size than the format does; it is not believed.`,
      );
      continue;
    }
    sizes[kind] = size;
    if (kind <= KIND_LAST) opaque.add(kind);
  }
  return { sizes, opaque, warnings };
}

/**
 * One pass over the type section: where each type begins and of what kind it is. `firstId` only serves the messages.
 * Throws E_TRUNC when a type runs over the end, E_KIND for a kind of unknown size.
 */
export function indexTypes(
  bytes: Uint8Array,
  header: BtfHeader,
  table: { sizes: KindSizeTable; opaque: ReadonlySet<number> },
  firstId: number,
): RawTypes {
  const words = sectionWords(bytes, header);
  const start = header.types.start;
  const infoWords = new Uint32Array(128);
  const elementWords = new Uint32Array(128);
  const known = new Uint8Array(128);
  for (const [kind, size] of table.sizes.entries()) {
    if (size === undefined || kind === KIND_VOID || kind > 127) continue;
    infoWords[kind] = 3 + size.info / 4;
    elementWords[kind] = size.element / 4;
    known[kind] = 1;
  }
  const offsets = new Uint32Array(Math.floor(words.length / 3));
  const kinds = new Uint8Array(offsets.length);
  const end = words.length;
  let count = 0;
  let at = 0;
  while (at < end) {
    if (at + 3 > end) {
      throw new BtfError(
        'E_TRUNC',
        `Type ${firstId + count} is cut: ${(end - at) * 4} of 12 bytes are left`,
        {
          offset: start + at * 4,
          typeId: firstId + count,
        },
      );
    }
    const info = words[at + 1] ?? 0;
    const kind = (info >>> 24) & 0x7f;
    if (known[kind] === 0) {
      throw new BtfError('E_KIND', `Type ${firstId + count} is of kind ${kind}, whose size is not known`, {
        offset: start + at * 4,
        typeId: firstId + count,
      });
    }
    const next = at + (infoWords[kind] ?? 0) + (info & VLEN_MASK) * (elementWords[kind] ?? 0);
    if (next > end) {
      throw new BtfError(
        'E_TRUNC',
        `Type ${firstId + count} (kind ${kind}, ${info & VLEN_MASK} elements) needs ${(next - at) * 4} bytes, ` +
          `the type section has ${(end - at) * 4} left`,
        { offset: start + at * 4, typeId: firstId + count },
      );
    }
    offsets[count] = at;
    kinds[count] = kind;
    count++;
    at = next;
  }
  return {
    words,
    offsets: offsets.subarray(0, count),
    kinds: kinds.subarray(0, count),
    start,
    opaqueKinds: table.opaque,
  };
}
