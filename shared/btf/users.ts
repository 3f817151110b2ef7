import type { Btf } from './decoder.ts';
import {
  KIND_ARRAY,
  KIND_CONST,
  KIND_PTR,
  KIND_RESTRICT,
  KIND_STRUCT,
  KIND_TYPEDEF,
  KIND_TYPE_TAG,
  KIND_UNION,
  KIND_VOLATILE,
} from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import { extraWord, sizeOrType } from './resolve.ts';

/** Who has to do with a type. Ids are type ids, in file order, each once. */
export interface TypeUsers {
  /** Structs and unions that hold one by value, arrays included. */
  readonly embeds: readonly number[];
  /** Structs and unions with a pointer to one. */
  readonly pointsTo: readonly number[];
  /** Functions with such a parameter, by value or by pointer. */
  readonly takes: readonly number[];
  /** Functions that return one or a pointer to one. */
  readonly returns: readonly number[];
}

/**
 * Finds who embeds, points to, takes or returns one of the types `wanted` (all variants of one name, or a
 * struct and its forward declarations), over the whole chain. One pass over all members and parameters: tens
 * of milliseconds for a kernel.
 */
export function usersOf(btf: Btf, wanted: ReadonlySet<number>): TypeUsers {
  const files: TypeUsers[] = [];
  for (let file: Btf | null = btf; file !== null; file = file.base) files.unshift(usersIn(file, wanted));
  return {
    embeds: files.flatMap(({ embeds }) => embeds),
    pointsTo: files.flatMap(({ pointsTo }) => pointsTo),
    takes: files.flatMap(({ takes }) => takes),
    returns: files.flatMap(({ returns }) => returns),
  };
}

/** The same among the types of one file of the chain, without its base. */
export function usersIn(file: Btf, wanted: ReadonlySet<number>): TypeUsers {
  const reach = reacher(file, wanted);
  const takes: number[] = [];
  const returns: number[] = [];
  const { words, offsets, functions } = file.types;
  for (const n of functions) {
    const id = file.startId + n;
    const prototypeId = words[(offsets[n] ?? 0) + 2] ?? 0;
    // A function's prototype stands in its own file, or in the base's where one like it is there already.
    const owner = file.owner(prototypeId);
    if (owner === null) continue;
    const at = owner.types.offsets[prototypeId - owner.startId] ?? 0;
    const end = at + 3 + ((owner.types.words[at + 1] ?? 0) & VLEN_MASK) * 2;
    let taken = false;
    for (let parameter = at + 3; parameter < end && !taken; parameter += 2)
      taken = reach(owner.types.words[parameter + 1] ?? 0) !== null;
    if (taken) takes.push(id);
    if (reach(owner.types.words[at + 2] ?? 0) !== null) returns.push(id);
  }
  return { ...holdersIn(file, wanted, reach), takes, returns };
}

/** The structs and unions of one file that hold one of the types `wanted`, or a pointer to one. */
export function holdersIn(
  file: Btf,
  wanted: ReadonlySet<number>,
  reach = reacher(file, wanted),
): Pick<TypeUsers, 'embeds' | 'pointsTo'> {
  const embeds: number[] = [];
  const pointsTo: number[] = [];
  const { words, offsets, kinds } = file.types;
  for (let n = 0; n < kinds.length; n++) {
    const kind = kinds[n];
    if (kind !== KIND_STRUCT && kind !== KIND_UNION) continue;
    const id = file.startId + n;
    const at = offsets[n] ?? 0;
    const end = at + 3 + ((words[at + 1] ?? 0) & VLEN_MASK) * 3;
    let byValue = false;
    let byPointer = false;
    for (let member = at + 3; member < end; member += 3) {
      const reached = reach(words[member + 1] ?? 0);
      if (reached === 'value') byValue = true;
      else if (reached === 'pointer') byPointer = true;
    }
    if (byValue) embeds.push(id);
    if (byPointer) pointsTo.push(id);
  }
  return { embeds, pointsTo };
}

type Reach = 'value' | 'pointer' | null;
const ANSWERS: readonly Reach[] = [null, null, 'value', 'pointer'];

/** `reaches` with a memory, since most members have one of few types. */
function reacher(file: Btf, wanted: ReadonlySet<number>): (id: number) => Reach {
  const known = new Uint8Array(file.typeCount);
  return (id) => {
    const answer = known[id] ?? 0;
    if (answer !== 0) return ANSWERS[answer] ?? null;
    const found = reaches(file, id, wanted);
    known[id] = found === null ? 1 : found === 'value' ? 2 : 3;
    return found;
  };
}

/**
 * How type `id` gets to one of the wanted types; null when it does not, or is more than the depth limit away.
 */
export function reaches(btf: Btf, id: number, wanted: ReadonlySet<number>): Reach {
  let current = id;
  let how: 'value' | 'pointer' = 'value';
  for (let step = 0; step <= btf.limits.resolveDepth; step++) {
    if (wanted.has(current)) return how;
    switch (btf.kindNumber(current)) {
      case KIND_PTR:
        how = 'pointer';
        current = sizeOrType(btf, current);
        break;
      case KIND_ARRAY:
        current = extraWord(btf, current, 0);
        break;
      case KIND_TYPEDEF:
      case KIND_CONST:
      case KIND_VOLATILE:
      case KIND_RESTRICT:
      case KIND_TYPE_TAG:
        current = sizeOrType(btf, current);
        break;
      default:
        return null;
    }
  }
  return null;
}

/** All types that share the kind and name of `id`, `id` itself included: the variants of a struct. */
export function variantsOf(btf: Btf, id: number): Set<number> {
  const kind = btf.kind(id);
  const name = btf.name(id);
  return new Set(name === '' || kind === 'unknown' ? [id] : [id, ...btf.findAll(name, kind)]);
}
