import type { Btf } from './decoder.ts';
import { BtfError } from './failure.ts';
import { KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import { sizeOrType, subject } from './resolve.ts';

/** The structs that a function is about, by name. */
export interface StructsOfFunction {
  /** What its first parameter is or points at, '' when that is no struct. */
  readonly first: string;
  /** What any of its parameters is or points at, each once, in their order. */
  readonly taken: readonly string[];
  /** What it returns or returns a pointer to, '' when that is no struct. */
  readonly returned: string;
}

/**
 * Which structs and unions the functions of one BTF take and return, behind pointers, arrays, qualifiers and
 * typedefs. A type is followed once; those of the base are kept with the base. Types without an end, and
 * structs without a name, are none.
 */
export class FunctionStructs {
  readonly #btf: Btf;
  readonly #base: FunctionStructs | null;
  readonly #names: (string | undefined)[] = [];

  constructor(btf: Btf, base: FunctionStructs | null) {
    this.#btf = btf;
    this.#base = base;
  }

  /** The struct that type `id` is about, '' for none. */
  nameOf(id: number): string {
    if (id < this.#btf.startId) return this.#base?.nameOf(id) ?? '';
    const kept = this.#names[id - this.#btf.startId];
    if (kept !== undefined) return kept;
    const name = this.#find(id);
    this.#names[id - this.#btf.startId] = name;
    return name;
  }

  ofFunction(id: number): StructsOfFunction {
    const prototypeId = sizeOrType(this.#btf, id);
    const file = this.#btf.owner(prototypeId);
    if (file === null) return NONE;
    const { words, offsets } = file.types;
    const at = offsets[prototypeId - file.startId] ?? 0;
    const end = at + 3 + ((words[at + 1] ?? 0) & VLEN_MASK) * 2;
    let first = '';
    const taken: string[] = [];
    for (let parameter = at + 3; parameter < end; parameter += 2) {
      const typeId = words[parameter + 1] ?? 0;
      const name = typeId === 0 ? '' : this.nameOf(typeId);
      if (parameter === at + 3) first = name;
      if (name !== '' && !taken.includes(name)) taken.push(name);
    }
    const returnId = words[at + 2] ?? 0;
    return { first, taken, returned: returnId === 0 ? '' : this.nameOf(returnId) };
  }

  #find(id: number): string {
    try {
      const about = subject(this.#btf, id);
      const kind = this.#btf.kindNumber(about);
      return kind === KIND_STRUCT || kind === KIND_UNION ? this.#btf.name(about) : '';
    } catch (failure) {
      if (failure instanceof BtfError) return '';
      throw failure;
    }
  }
}

const NONE: StructsOfFunction = { first: '', taken: [], returned: '' };
