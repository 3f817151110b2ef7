import { allPrototypes } from './declare.ts';
import type { Btf } from './decoder.ts';
import { BtfError } from './failure.ts';
import { NO_MATCH } from './fuzzy.ts';
import { nameOrder } from './name-order.ts';
import { EXACT, NameIndex, SIGNATURE } from './name-index.ts';
import type { MatchKind } from './name-index.ts';
import { parseQuery } from './query.ts';
import type { FunctionQuery, TypeQuery } from './query.ts';
import { matchKindOf, pickBest } from './rank.ts';
import { TypeMatcher, returnsMatch, someParameterMatches } from './type-match.ts';
import type { NameStrictness } from './type-match.ts';

/** The BTF of the kernel proper or of one module. */
export interface ModuleBtf {
  /** `vmlinux` for the kernel proper. */
  readonly module: string;
  readonly btf: Btf;
}

export interface IndexedFunction {
  readonly name: string;
  readonly module: string;
  readonly btf: Btf;
  /** Type id of the function in `btf`. */
  readonly id: number;
}

export interface FunctionHit {
  /** For `FunctionIndex.at`. */
  readonly entry: number;
  readonly match: MatchKind;
}

export interface FunctionSearch {
  /** How many match, of which `hits` are the best. */
  readonly total: number;
  readonly hits: readonly FunctionHit[];
}

export interface SearchOptions {
  /**
   * `fuzzy` also finds names that only spell the words letter by letter, when fewer than `limit` hold them.
   * Default `substring`.
   */
  readonly mode?: 'substring' | 'fuzzy';
  /** Default 200. */
  readonly limit?: number;
  /**
   * Also find words in the whole signature. The first such search makes all signatures: tens of milliseconds.
   */
  readonly signatures?: boolean;
}

/**
 * All functions of a kernel and its modules, to be searched as one types. Entries are numbered in order of
 * name, then of module as given. A search takes milliseconds for 60,000 functions; nothing is asked of the
 * target.
 */
export class FunctionIndex {
  readonly size: number;
  readonly #modules: readonly ModuleBtf[];
  readonly #names: string[];
  readonly #moduleOf: Uint16Array;
  readonly #nth: Uint32Array;
  readonly #index: NameIndex;
  #signatures: NameIndex | null = null;

  constructor(modules: readonly ModuleBtf[]) {
    this.#modules = modules;
    const listed = inNameOrder(modules);
    this.size = listed.names.length;
    this.#names = listed.names;
    this.#moduleOf = listed.moduleOf;
    this.#nth = listed.nth;
    this.#index = new NameIndex(listed.names);
  }

  /** The function of an entry, 0 to size - 1. */
  at(entry: number): IndexedFunction {
    const module = this.#modules[this.#moduleOf[entry] ?? 0];
    const name = this.#names[entry];
    if (module === undefined || name === undefined) {
      throw new BtfError('E_NOTFOUND', `There is no function ${entry}; the index has ${this.size}`);
    }
    return {
      name,
      module: module.module,
      btf: module.btf,
      id: module.btf.functions()[this.#nth[entry] ?? 0] ?? 0,
    };
  }

  /** Entries of that exact name: one for each module that has such a function. */
  named(name: string): number[] {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let entry = low; this.#names[entry] === name; entry++) found.push(entry);
    return found;
  }

  /** Finds functions by a search line (parseQuery), best first. An empty line finds all, in order of name. */
  search(line: string, options: SearchOptions = {}): FunctionSearch {
    const query = parseQuery(line);
    const limit = options.limit ?? 200;
    const plain = this.#pick(query, limit, options, false);
    const spelling =
      options.mode === 'fuzzy' && plain.total < limit && query.words.some((word) => word.length > 1);
    return spelling ? this.#pick(query, limit, options, true) : plain;
  }

  #pick(query: FunctionQuery, limit: number, options: SearchOptions, spelling: boolean): FunctionSearch {
    const found = this.#findWords(query, options.signatures === true, spelling);
    if (query.modules.length > 0) this.#keepModules(found, query.modules);
    for (const type of query.returns) this.#keepTypes(found, type, 'returns');
    for (const type of query.takes) this.#keepTypes(found, type, 'takes');
    const inOrder = query.words.length === 0;
    const { total, picked } = pickBest(
      found,
      inOrder ? () => 0 : (entry) => this.#index.length(entry),
      limit,
    );
    const hits = Array.from(picked, (entry) => ({ entry, match: matchKindOf(found[entry] ?? NO_MATCH) }));
    return { total, hits };
  }

  /** Makes what a search with `signatures` needs, so that the first one is not slow. */
  prepareSignatures(): void {
    this.#signatureIndex();
  }

  #findWords(query: FunctionQuery, signatures: boolean, spelling: boolean): Uint8Array {
    let worst: Uint8Array | null = null;
    for (const word of query.words) {
      const found = this.#index.findWord(word);
      if (signatures) this.#signatureIndex().addHolding(word, found, SIGNATURE);
      if (spelling) this.#index.addSpelt(word, found);
      if (worst === null) {
        worst = found;
      } else {
        for (let n = 0; n < found.length; n++)
          worst[n] = Math.max(worst[n] ?? NO_MATCH, found[n] ?? NO_MATCH);
      }
    }
    return worst ?? new Uint8Array(this.size).fill(EXACT);
  }

  #keepModules(found: Uint8Array, modules: readonly string[]): void {
    const kept = this.#modules.map(({ module }) =>
      modules.some((wanted) => module.toLowerCase().startsWith(wanted)),
    );
    for (let n = 0; n < found.length; n++) if (kept[this.#moduleOf[n] ?? 0] !== true) found[n] = NO_MATCH;
  }

  /**
   * Leaves out functions whose types are not the one asked for; takes a type by its beginning when no
   * function has it in full.
   */
  #keepTypes(found: Uint8Array, query: TypeQuery, where: 'returns' | 'takes'): void {
    const before = found.slice();
    for (const strictness of ['exact', 'prefix', 'substring'] as const) {
      found.set(before);
      if (this.#filterTypes(found, query, where, strictness) > 0) return;
    }
  }

  #filterTypes(
    found: Uint8Array,
    query: TypeQuery,
    where: 'returns' | 'takes',
    strictness: NameStrictness,
  ): number {
    const matchers = new Map<Btf, TypeMatcher>();
    const matcherOf = (btf: Btf): TypeMatcher => {
      const known = matchers.get(btf);
      if (known !== undefined) return known;
      const matcher = new TypeMatcher(btf, btf.base === null ? null : matcherOf(btf.base), query, strictness);
      matchers.set(btf, matcher);
      return matcher;
    };
    let kept = 0;
    for (let n = 0; n < found.length; n++) {
      if (found[n] === NO_MATCH) continue;
      const btf = this.#modules[this.#moduleOf[n] ?? 0]?.btf;
      if (btf === undefined) continue;
      const matcher = matcherOf(btf);
      const id = btf.functions()[this.#nth[n] ?? 0] ?? 0;
      const fits =
        where === 'returns' ? returnsMatch(btf, id, matcher) : someParameterMatches(btf, id, matcher);
      if (fits) kept++;
      else found[n] = NO_MATCH;
    }
    return kept;
  }

  #signatureIndex(): NameIndex {
    if (this.#signatures !== null) return this.#signatures;
    const prototypes = this.#modules.map(({ btf }) => allPrototypes(btf).split('\n'));
    const texts = this.#names.map(
      (name, n) => prototypes[this.#moduleOf[n] ?? 0]?.[this.#nth[n] ?? 0] ?? name,
    );
    this.#signatures = new NameIndex(texts);
    return this.#signatures;
  }
}

interface MergedFunctions {
  readonly names: string[];
  readonly moduleOf: Uint16Array;
  /** Place among the functions of its module. */
  readonly nth: Uint32Array;
}

/** The functions of all modules, merged in the order of their names' UTF-16 code units. */
function inNameOrder(modules: readonly ModuleBtf[]): MergedFunctions {
  const names: string[] = [];
  const moduleOf: number[] = [];
  const nth: number[] = [];
  let sorted = true;
  for (const [module, { btf }] of modules.entries()) {
    for (const [i, name] of btf.functionNames().entries()) {
      if (sorted && names.length > 0 && name < (names[names.length - 1] ?? '')) sorted = false;
      names.push(name);
      moduleOf.push(module);
      nth.push(i);
    }
  }
  if (sorted) return { names, moduleOf: Uint16Array.from(moduleOf), nth: Uint32Array.from(nth) };
  const order = nameOrder(names);
  return {
    names: Array.from(order, (n) => names[n] ?? ''),
    moduleOf: Uint16Array.from(order, (n) => moduleOf[n] ?? 0),
    nth: Uint32Array.from(order, (n) => nth[n] ?? 0),
  };
}
