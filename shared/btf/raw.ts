import { BtfError } from './failure.ts';
import type { BtfHeader } from './header.ts';
import {
  KIND_FUNC,
  KIND_LAST,
  KIND_LAST_SETTLED,
  KIND_VOID,
  NAME,
  TYPE,
  kindSizes,
  kindWords,
} from './kinds.ts';
import type { KindSize } from './kinds.ts';

/**
 * The wire layout of the type section. struct btf_type is 12 bytes, three words in the file's byte order:
 *
 *   name_off | info: vlen bits 0-23, kind bits 24-30, kind_flag bit 31 | size or type
 *
 * followed by what its kind adds. Every field of every kind is a 32-bit word, so the section is one
 * Uint32Array: a view of the file where it is aligned and of this machine's byte order, else one copy.
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
  /** The functions among them: n of each. */
  readonly functions: Uint32Array;
  /** Bytes from the start of the file to words[0]. */
  readonly start: number;
  /** Kinds above 19 whose size in this file is not the one we know: skipped, never interpreted. */
  readonly opaqueKinds: ReadonlySet<number>;
  /** The highest string offset and type id mentioned; references.ts judges them. */
  readonly highestName: number;
  readonly highestType: number;
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
  // Not slice(): on Node's Buffer that is a view of the same memory.
  const words = new Uint32Array(length / 4);
  new Uint8Array(words.buffer).set(bytes.subarray(start, start + length));
  if (swapped) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      words[i] = (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
    }
  }
  return words;
}

/**
 * The layout section: for each kind from 0 up, struct btf_layout {u8 info_sz, u8 elem_sz, u16 flags}; a type
 * of an unknown kind has 12 + info_sz + vlen * elem_sz bytes. Throws E_LAYOUT for sizes that are no multiple
 * of 4.
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
 * What the layout section says of the kinds above 19, joined with what we know; `opaque` are those where the
 * two differ. A split BTF without a layout section of its own uses its base's.
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

/** Kinds fit in 7 bits; a kind's words, info then element, repeat with at most this many roles. */
const kindCount = 128;
const rolesPerKind = 4;

/** The tables of the one pass, as typed arrays: index = kind, `roles` = kind * 4 + place. */
function passTables(sizes: KindSizeTable) {
  const fixedWords = new Uint8Array(kindCount);
  const elementWords = new Uint8Array(kindCount);
  const thirdMask = new Uint32Array(kindCount);
  const roles = new Uint8Array(kindCount * rolesPerKind);
  const isFunction = new Uint8Array(kindCount);
  isFunction[KIND_FUNC] = 1;
  for (const [kind, size] of sizes.entries()) {
    if (size === undefined || kind === KIND_VOID || kind >= kindCount) continue;
    fixedWords[kind] = 3 + size.info / 4;
    elementWords[kind] = size.element / 4;
    const words = kind <= KIND_LAST_SETTLED ? kindWords[kind] : undefined;
    if (words === undefined) continue;
    if (words.third === TYPE) thirdMask[kind] = 0xffffffff;
    roles.set(words.element.length > 0 ? words.element : words.info, kind * rolesPerKind);
  }
  return { fixedWords, elementWords, thirdMask, roles, isFunction };
}

/**
 * One pass over the type section: where each type begins and of what kind it is, which are functions, and the
 * highest type id and string offset that any of them mentions. `firstId` only serves the messages. Throws
 * E_TRUNC when a type runs over the end, E_KIND for a kind of unknown size.
 *
 * A cold process reads a kernel here once, before the compiler has had time to help: the loop has no branch
 * on the kind, so that what is compiled after the first types stays right for all.
 */
export function indexTypes(
  bytes: Uint8Array,
  header: BtfHeader,
  table: { sizes: KindSizeTable; opaque: ReadonlySet<number> },
  firstId: number,
): RawTypes {
  const words = sectionWords(bytes, header);
  const { fixedWords, elementWords, thirdMask, roles, isFunction } = passTables(table.sizes);
  const offsets = new Uint32Array(Math.floor(words.length / 3) + 1);
  const kinds = new Uint8Array(offsets.length);
  const functions = new Uint32Array(offsets.length);
  const highest = new Uint32Array(3);
  const end = words.length;
  let count = 0;
  let functionCount = 0;
  let at = 0;
  while (at + 3 <= end) {
    const info = words[at + 1] ?? 0;
    const kind = (info >>> 24) & 0x7f;
    const step = elementWords[kind] ?? 0;
    const fixed = fixedWords[kind] ?? 0;
    const next = at + fixed + (info & VLEN_MASK) * step;
    if (fixed === 0 || next > end) break;
    offsets[count] = at;
    kinds[count] = kind;
    functions[functionCount] = count;
    functionCount += isFunction[kind] ?? 0;
    const name = words[at] ?? 0;
    if (name > (highest[NAME] ?? 0)) highest[NAME] = name;
    const type = ((words[at + 2] ?? 0) & (thirdMask[kind] ?? 0)) >>> 0;
    if (type > (highest[TYPE] ?? 0)) highest[TYPE] = type;
    const firstRole = kind * rolesPerKind;
    let place = 0;
    for (let i = at + 3; i < next; i++) {
      const role = roles[firstRole + place] ?? 0;
      const word = words[i] ?? 0;
      if (word > (highest[role] ?? 0)) highest[role] = word;
      place++;
      if (place === step) place = 0;
    }
    count++;
    at = next;
  }
  if (at < end) throw unreadable(words, header.types.start, at, fixedWords, elementWords, firstId + count);
  return {
    words,
    offsets: offsets.slice(0, count),
    kinds: kinds.slice(0, count),
    functions: functions.slice(0, functionCount),
    start: header.types.start,
    opaqueKinds: table.opaque,
    highestName: highest[NAME] ?? 0,
    highestType: highest[TYPE] ?? 0,
  };
}

/** Why the type at word `at` cannot be read. */
function unreadable(
  words: Uint32Array,
  start: number,
  at: number,
  fixedWords: Uint8Array,
  elementWords: Uint8Array,
  typeId: number,
): BtfError {
  const where = { offset: start + at * 4, typeId };
  const left = (words.length - at) * 4;
  if (left < 12) return new BtfError('E_TRUNC', `Type ${typeId} is cut: ${left} of 12 bytes are left`, where);
  const info = words[at + 1] ?? 0;
  const kind = (info >>> 24) & 0x7f;
  const vlen = info & VLEN_MASK;
  const fixed = fixedWords[kind] ?? 0;
  if (fixed === 0)
    return new BtfError('E_KIND', `Type ${typeId} is of kind ${kind}, whose size is not known`, where);
  const needed = (fixed + vlen * (elementWords[kind] ?? 0)) * 4;
  return new BtfError(
    'E_TRUNC',
    `Type ${typeId} (kind ${kind}, ${vlen} elements) needs ${needed} bytes, the type section has ${left} left`,
    where,
  );
}
