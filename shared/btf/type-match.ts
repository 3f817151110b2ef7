import type { Btf } from './decoder.ts';
import {
  KIND_CONST,
  KIND_ENUM,
  KIND_ENUM64,
  KIND_FWD,
  KIND_PTR,
  KIND_RESTRICT,
  KIND_STRUCT,
  KIND_TYPEDEF,
  KIND_TYPE_TAG,
  KIND_UNION,
  KIND_VOID,
  KIND_VOLATILE,
} from './kinds.ts';
import type { TypeQuery } from './query.ts';
import { VLEN_MASK } from './raw.ts';
import { sizeOrType } from './resolve.ts';

/** How strictly a name has to be the one asked for. */
export type NameStrictness = 'exact' | 'prefix' | 'substring';

const YES = 1;
const NO = 2;

/**
 * Whether types of one BTF are the type asked for: the first name on the way through pointers and qualifiers
 * (a typedef is a name), or the struct, union or enum behind typedefs. Answers are kept, those for the base's
 * types with the base.
 */
export class TypeMatcher {
  readonly #btf: Btf;
  readonly #base: TypeMatcher | null;
  readonly #query: TypeQuery;
  readonly #strictness: NameStrictness;
  readonly #wantedWords: string;
  readonly #answers: Uint8Array;

  constructor(btf: Btf, base: TypeMatcher | null, query: TypeQuery, strictness: NameStrictness) {
    this.#btf = btf;
    this.#base = base;
    this.#query = query;
    this.#strictness = strictness;
    this.#wantedWords = integerName(query.name);
    this.#answers = new Uint8Array(btf.typeCount - btf.startId);
  }

  matches(id: number): boolean {
    if (id < this.#btf.startId && this.#base !== null) return this.#base.matches(id);
    if (id === KIND_VOID) return this.#compare(id);
    const index = id - this.#btf.startId;
    const kept = this.#answers[index];
    if (kept !== 0) return kept === YES;
    const answer = this.#compare(id);
    this.#answers[index] = answer ? YES : NO;
    return answer;
  }

  #compare(id: number): boolean {
    const btf = this.#btf;
    let current = id;
    let pointers = 0;
    let named = false;
    for (let step = 0; step <= btf.limits.resolveDepth; step++) {
      const kind = btf.kindNumber(current);
      switch (kind) {
        case KIND_PTR:
          pointers++;
          break;
        case KIND_CONST:
        case KIND_VOLATILE:
        case KIND_RESTRICT:
        case KIND_TYPE_TAG:
          break;
        case KIND_TYPEDEF:
          if (!named && this.#isAsked(current, kind)) return this.#pointersFit(pointers);
          named = true;
          break;
        default: {
          const tagged = keywordOf(kind) !== null || kind === KIND_FWD;
          if (named && !tagged) return false;
          return this.#isAsked(current, kind) && this.#pointersFit(pointers);
        }
      }
      current = sizeOrType(btf, current);
    }
    return false;
  }

  #pointersFit(pointers: number): boolean {
    return this.#query.pointers === null || this.#query.pointers === pointers;
  }

  #isAsked(id: number, kind: number): boolean {
    const { keyword, name } = this.#query;
    if (keyword !== null && kind !== KIND_FWD && keywordOf(kind) !== keyword) return false;
    const actual = this.#btf.name(id);
    switch (this.#strictness) {
      case 'exact':
        return actual === name || (actual.includes(' ') && integerName(actual) === this.#wantedWords);
      case 'prefix':
        return actual.startsWith(name);
      case 'substring':
        return actual.includes(name);
      default:
        return false;
    }
  }
}

function keywordOf(kind: number): TypeQuery['keyword'] {
  switch (kind) {
    case KIND_STRUCT:
      return 'struct';
    case KIND_UNION:
      return 'union';
    case KIND_ENUM:
    case KIND_ENUM64:
      return 'enum';
    default:
      return null;
  }
}

/** C lets the words of an integer type stand in any order, and `int` be left out beside others. */
function integerName(name: string): string {
  const words = name.split(' ').sort();
  return (words.length > 1 ? words.filter((word) => word !== 'int') : words).join(' ');
}

/** Whether function `id` returns a type that the matcher knows. */
export function returnsMatch(btf: Btf, id: number, matcher: TypeMatcher): boolean {
  return matcher.matches(sizeOrType(btf, sizeOrType(btf, id)));
}

/** Whether one of the parameters of function `id` is of a type that the matcher knows. */
export function someParameterMatches(btf: Btf, id: number, matcher: TypeMatcher): boolean {
  const prototypeId = sizeOrType(btf, id);
  const file = btf.owner(prototypeId);
  if (file === null) return false;
  const { words, offsets } = file.types;
  const at = offsets[prototypeId - file.startId] ?? 0;
  const end = at + 3 + ((words[at + 1] ?? 0) & VLEN_MASK) * 2;
  for (let parameter = at + 3; parameter < end; parameter += 2) {
    const typeId = words[parameter + 1] ?? 0;
    if (typeId !== KIND_VOID && matcher.matches(typeId)) return true;
  }
  return false;
}
