import type { BtfChain } from './chain.ts';
import { BtfError } from './failure.ts';
import { readHeader } from './header.ts';
import type { BtfHeader } from './header.ts';
import { inflate, plainMembers } from './inflate.ts';
import { KIND_INT, KIND_STRUCT, KIND_UNION, KIND_VOID, kindName, kindNumber } from './kinds.ts';
import type { KindName } from './kinds.ts';
import { defaultBtfLimits } from './limits.ts';
import type { BtfLimits } from './limits.ts';
import { indexTypes, kindSizeTable } from './raw.ts';
import type { KindSizeTable, RawTypes } from './raw.ts';
import { checkReferences } from './references.ts';
import { readStrings } from './strings.ts';
import type { StringSection } from './strings.ts';
import type { BtfType, Member } from './types.ts';

export interface ParseOptions {
  /** The BTF this one continues: vmlinux for a module, the module for its `.inline`. */
  readonly base?: Btf;
  readonly limits?: Partial<BtfLimits>;
  /**
   * Bytes of a pointer on the target; else taken from the base, else guessed from the size of `long`, else 8.
   */
  readonly ptrSize?: 4 | 8;
}

/**
 * Parses a raw BTF blob (/sys/kernel/btf/NAME, or the .BTF section of an ELF file), of either byte order and
 * any alignment. The bytes are kept, not copied, where they are aligned and of this machine's byte order: do
 * not change them afterwards. All references are checked here; loops between types are found where types are
 * followed. Throws BtfError.
 */
export function parseBtf(bytes: Uint8Array, options: ParseOptions = {}): Btf {
  const limits: BtfLimits = { ...defaultBtfLimits, ...options.limits };
  if (bytes.length > limits.inputBytes) {
    throw new BtfError('E_LIMIT', `The file has ${bytes.length} bytes, the limit is ${limits.inputBytes}`);
  }
  const base = options.base ?? null;
  const header = readHeader(bytes);
  if (base !== null && base.endian !== header.endian) {
    throw new BtfError('E_ENDIAN', `This BTF is ${header.endian}-endian, its base is ${base.endian}-endian`, {
      offset: 0,
    });
  }
  if (base !== null && base.chainDepth >= limits.chainDepth) {
    throw new BtfError(
      'E_LIMIT',
      `The chain of BTFs is ${base.chainDepth + 1} long, the limit is ${limits.chainDepth}`,
    );
  }
  const strings = readStrings(bytes, header, base === null ? null : base.stringEnd);
  const table = kindSizeTable(bytes, header, base === null ? null : base.kindSizes);
  const firstId = base === null ? 1 : base.typeCount;
  const types = indexTypes(bytes, header, table, firstId);
  const warnings = [...table.warnings];
  if (base !== null && header.strings.length > 0 && bytes[header.strings.start] === 0) {
    warnings.push(
      'The names begin with the empty name, as in a BTF that needs no base: the base may be superfluous.',
    );
  }
  const btf = new Btf({
    base,
    header,
    types,
    strings,
    limits,
    kindSizes: table.sizes,
    warnings,
    ptrSize: options.ptrSize ?? null,
  });
  checkReferences(types, firstId, btf.typeCount, strings.end, (id) => btf.kindNumber(id));
  return btf;
}

interface Parts {
  readonly base: Btf | null;
  readonly header: BtfHeader;
  readonly types: RawTypes;
  readonly strings: StringSection;
  readonly limits: BtfLimits;
  readonly kindSizes: KindSizeTable;
  readonly warnings: readonly string[];
  readonly ptrSize: 4 | 8 | null;
}

/**
 * One BTF and, through `base`, those it continues. Type ids count over the whole chain: 0 is void, `startId`
 * the first of this file, `typeCount` one more than the last. A type's meaning is read from the bytes when it
 * is asked for. Every method that takes an id throws E_TYPEID for one out of range.
 */
export class Btf implements BtfChain {
  readonly base: Btf | null;
  readonly header: BtfHeader;
  readonly types: RawTypes;
  readonly strings: StringSection;
  readonly limits: BtfLimits;
  readonly kindSizes: KindSizeTable;
  readonly warnings: readonly string[];
  readonly endian: 'little' | 'big';
  readonly startId: number;
  readonly typeCount: number;
  /** Length of the chain, 1 for a BTF without base. */
  readonly chainDepth: number;
  readonly #ptrSize: 4 | 8 | null;
  #guessedPtrSize: 4 | 8 | null = null;
  #functions: Uint32Array | null = null;
  #functionNames: readonly string[] | null = null;

  /** Use parseBtf. */
  constructor(parts: Parts) {
    this.base = parts.base;
    this.header = parts.header;
    this.types = parts.types;
    this.strings = parts.strings;
    this.limits = parts.limits;
    this.kindSizes = parts.kindSizes;
    this.warnings = parts.warnings;
    this.endian = parts.header.endian;
    this.startId = parts.base === null ? 1 : parts.base.typeCount;
    this.typeCount = this.startId + parts.types.kinds.length;
    this.chainDepth = parts.base === null ? 1 : parts.base.chainDepth + 1;
    this.#ptrSize = parts.ptrSize;
  }

  /** Offset behind the last name, over the whole chain. */
  get stringEnd(): number {
    return this.strings.end;
  }

  /** Bytes of a pointer on the target. */
  get pointerSize(): 4 | 8 {
    if (this.#ptrSize !== null) return this.#ptrSize;
    if (this.base !== null) return this.base.pointerSize;
    this.#guessedPtrSize ??= this.#guessPointerSize();
    return this.#guessedPtrSize;
  }

  /** The file of the chain that holds type `id`; null for void. */
  owner(id: number): Btf | null {
    if (!Number.isInteger(id) || id < 0 || id >= this.typeCount) {
      throw new BtfError('E_TYPEID', `There is no type ${id}; ids run from 0 to ${this.typeCount - 1}`, {
        typeId: id,
      });
    }
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    let file: Btf | null = this;
    while (file !== null && id < file.startId) file = file.base;
    return file;
  }

  /** The kind as the format numbers it (kinds.ts). */
  kindNumber(id: number): number {
    const file = this.owner(id);
    return file === null ? KIND_VOID : (file.types.kinds[id - file.startId] ?? 0);
  }

  kind(id: number): KindName {
    const file = this.owner(id);
    if (file === null) return 'void';
    const kind = file.types.kinds[id - file.startId] ?? 0;
    return file.types.opaqueKinds.has(kind) ? 'unknown' : kindName(kind);
  }

  /** The type's own name, '' for one without. As the file has it: escape it (escape.ts) before showing it. */
  name(id: number): string {
    const file = this.owner(id);
    if (file === null) return 'void';
    return this.nameAt(file.types.words[file.types.offsets[id - file.startId] ?? 0] ?? 0);
  }

  /** The name at a string offset of the chain. Throws E_STROFF. */
  nameAt(offset: number): string {
    if (offset === 0) return '';
    if (offset >= this.strings.start && offset < this.strings.end) return this.strings.at(offset);
    if (offset >= this.strings.end) {
      throw new BtfError(
        'E_STROFF',
        `There is no name at string offset ${offset}; the strings end at ${this.strings.end}`,
      );
    }
    return this.stringsOf(offset).at(offset);
  }

  /** The section of the chain that holds string offset `offset`. */
  stringsOf(offset: number): StringSection {
    let strings = this.strings;
    for (let file = this.base; offset < strings.start && file !== null; file = file.base)
      strings = file.strings;
    return strings;
  }

  /** What the type means. */
  type(id: number): BtfType {
    const file = this.owner(id);
    return file === null ? { kind: 'void', id: 0 } : inflate(this, file, id);
  }

  /**
   * The members of a struct or union, in file order; old-style bitfields (an INT with its own bit offset and
   * width) read like new ones. [] for any other type.
   */
  members(id: number): readonly Member[] {
    const file = this.owner(id);
    if (file === null) return [];
    const kind = file.types.kinds[id - file.startId];
    return kind === KIND_STRUCT || kind === KIND_UNION ? plainMembers(this, file, id) : [];
  }

  /** Ids of all functions of this file (not of its base), in file order. */
  functions(): Uint32Array {
    if (this.#functions !== null) return this.#functions;
    const { startId } = this;
    const ids = this.types.functions.map((n) => startId + n);
    this.#functions = ids;
    return ids;
  }

  /** Names of all functions of this file, in the order of `functions()`. */
  functionNames(): readonly string[] {
    if (this.#functionNames !== null) return this.#functionNames;
    const { words, offsets, functions } = this.types;
    const names: string[] = [];
    for (let i = 0; i < functions.length; i++)
      names.push(this.nameAt(words[offsets[functions[i] ?? 0] ?? 0] ?? 0));
    this.#functionNames = names;
    return names;
  }

  /**
   * All types of that name, over the whole chain, the base's first. Several are normal: two source files may
   * each have their own struct of one name. A pure scan: about a millisecond for a kernel.
   */
  findAll(name: string, kind?: Exclude<KindName, 'unknown'>): number[] {
    const found = this.base === null ? [] : this.base.findAll(name, kind);
    if (name === '') return found;
    const { words, offsets, kinds } = this.types;
    const wanted = kind === undefined ? -1 : kindNumber(kind);
    for (let n = 0; n < offsets.length; n++) {
      if (wanted !== -1 && kinds[n] !== wanted) continue;
      const offset = words[offsets[n] ?? 0] ?? 0;
      if (offset !== 0 && this.#nameIs(offset, name)) found.push(this.startId + n);
    }
    return found;
  }

  #nameIs(offset: number, name: string): boolean {
    const strings = this.stringsOf(offset);
    return offset < strings.end && strings.is(offset, name);
  }

  #guessPointerSize(): 4 | 8 {
    const { words, offsets, kinds } = this.types;
    for (let n = 0; n < kinds.length; n++) {
      if (kinds[n] !== KIND_INT) continue;
      const at = offsets[n] ?? 0;
      const size = words[at + 2] ?? 0;
      if ((size === 4 || size === 8) && longNames.has(this.nameAt(words[at] ?? 0))) return size;
    }
    return 8;
  }
}

const longNames = new Set(['long unsigned int', 'unsigned long', 'long int', 'long', 'unsigned long int']);
