import { BtfError } from './failure.ts';
import {
  KIND_ARRAY,
  KIND_CONST,
  KIND_DATASEC,
  KIND_DECL_TAG,
  KIND_ENUM,
  KIND_ENUM64,
  KIND_FUNC,
  KIND_FUNC_PROTO,
  KIND_LAST_SETTLED,
  KIND_PTR,
  KIND_RESTRICT,
  KIND_STRUCT,
  KIND_TYPEDEF,
  KIND_TYPE_TAG,
  KIND_UNION,
  KIND_VAR,
  KIND_VOLATILE,
} from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import type { RawTypes } from './raw.ts';

/** Words of a type that are a type id or a string offset, with their index in `words`. */
interface ReferenceVisitor {
  readonly type: (id: number, wordIndex: number) => void;
  readonly name: (offset: number, wordIndex: number) => void;
}

/** Calls the visitor for every reference of the n-th type. Kinds above 19 are checked where they are read, not here. */
function visitReferences(types: RawTypes, n: number, visit: ReferenceVisitor): void {
  const { words, offsets, kinds } = types;
  const at = offsets[n] ?? 0;
  const kind = kinds[n] ?? 0;
  if (kind > KIND_LAST_SETTLED) return;
  const vlen = (words[at + 1] ?? 0) & VLEN_MASK;
  const type = (index: number): void => visit.type(words[index] ?? 0, index);
  const name = (index: number): void => visit.name(words[index] ?? 0, index);
  name(at);
  switch (kind) {
    case KIND_PTR:
    case KIND_TYPEDEF:
    case KIND_VOLATILE:
    case KIND_CONST:
    case KIND_RESTRICT:
    case KIND_FUNC:
    case KIND_VAR:
    case KIND_DECL_TAG:
    case KIND_TYPE_TAG:
      type(at + 2);
      break;
    case KIND_ARRAY:
      type(at + 3);
      type(at + 4);
      break;
    case KIND_STRUCT:
    case KIND_UNION:
      for (let i = 0; i < vlen; i++) {
        name(at + 3 + i * 3);
        type(at + 4 + i * 3);
      }
      break;
    case KIND_ENUM:
      for (let i = 0; i < vlen; i++) name(at + 3 + i * 2);
      break;
    case KIND_ENUM64:
      for (let i = 0; i < vlen; i++) name(at + 3 + i * 3);
      break;
    case KIND_FUNC_PROTO:
      type(at + 2);
      for (let i = 0; i < vlen; i++) {
        name(at + 3 + i * 2);
        type(at + 4 + i * 2);
      }
      break;
    case KIND_DATASEC:
      for (let i = 0; i < vlen; i++) type(at + 3 + i * 3);
      break;
    default:
      break;
  }
}

/** The highest type id and the highest string offset that any type mentions. The same walk as visitReferences, unrolled. */
function highestReferences(types: RawTypes): { type: number; name: number } {
  const { words, offsets, kinds } = types;
  let type = 0;
  let name = 0;
  for (let n = 0; n < offsets.length; n++) {
    const at = offsets[n] ?? 0;
    const kind = kinds[n] ?? 0;
    if (kind > KIND_LAST_SETTLED) continue;
    const ownName = words[at] ?? 0;
    if (ownName > name) name = ownName;
    let step = 0;
    let nameAt = 0;
    let typeAt = 1;
    switch (kind) {
      case KIND_PTR:
      case KIND_TYPEDEF:
      case KIND_VOLATILE:
      case KIND_CONST:
      case KIND_RESTRICT:
      case KIND_FUNC:
      case KIND_VAR:
      case KIND_DECL_TAG:
      case KIND_TYPE_TAG: {
        const target = words[at + 2] ?? 0;
        if (target > type) type = target;
        continue;
      }
      case KIND_ARRAY: {
        const element = words[at + 3] ?? 0;
        if (element > type) type = element;
        const index = words[at + 4] ?? 0;
        if (index > type) type = index;
        continue;
      }
      case KIND_STRUCT:
      case KIND_UNION:
        step = 3;
        break;
      case KIND_ENUM:
        step = 2;
        typeAt = -1;
        break;
      case KIND_ENUM64:
        step = 3;
        typeAt = -1;
        break;
      case KIND_FUNC_PROTO: {
        step = 2;
        const returned = words[at + 2] ?? 0;
        if (returned > type) type = returned;
        break;
      }
      case KIND_DATASEC:
        step = 3;
        nameAt = -1;
        typeAt = 0;
        break;
      default:
        continue;
    }
    const vlen = (words[at + 1] ?? 0) & VLEN_MASK;
    const end = at + 3 + vlen * step;
    for (let element = at + 3; element < end; element += step) {
      if (nameAt >= 0) {
        const offset = words[element + nameAt] ?? 0;
        if (offset > name) name = offset;
      }
      if (typeAt >= 0) {
        const id = words[element + typeAt] ?? 0;
        if (id > type) type = id;
      }
    }
  }
  return { type, name };
}

/**
 * Checks that every type id is below `typeCount`, every name offset below `stringEnd`, and that every FUNC names a FUNC_PROTO
 * (`kindOf` answers for any id of the chain). Throws E_TYPEID, E_STROFF, E_FUNCPROTO with the place of the first offender.
 */
export function checkReferences(
  types: RawTypes,
  firstId: number,
  typeCount: number,
  stringEnd: number,
  kindOf: (id: number) => number,
): void {
  const highest = highestReferences(types);
  if (highest.type >= typeCount || highest.name >= stringEnd) {
    reportFirstOffender(types, firstId, typeCount, stringEnd);
  }
  for (let n = 0; n < types.kinds.length; n++) {
    if (types.kinds[n] !== KIND_FUNC) continue;
    const at = types.offsets[n] ?? 0;
    const target = types.words[at + 2] ?? 0;
    if (kindOf(target) !== KIND_FUNC_PROTO) {
      throw new BtfError(
        'E_FUNCPROTO',
        `Function type ${firstId + n} points at type ${target} of kind ${kindOf(target)}, not at a FUNC_PROTO`,
        { offset: types.start + (at + 2) * 4, typeId: firstId + n },
      );
    }
  }
}

function reportFirstOffender(types: RawTypes, firstId: number, typeCount: number, stringEnd: number): void {
  for (let n = 0; n < types.offsets.length; n++) {
    visitReferences(types, n, {
      type: (id, index) => {
        if (id < typeCount) return;
        throw new BtfError('E_TYPEID', `Type ${firstId + n} mentions type ${id}; there are ${typeCount}`, {
          offset: types.start + index * 4,
          typeId: firstId + n,
        });
      },
      name: (offset, index) => {
        if (offset < stringEnd) return;
        throw new BtfError(
          'E_STROFF',
          `Type ${firstId + n} has its name at string offset ${offset}; the strings end at ${stringEnd}`,
          { offset: types.start + index * 4, typeId: firstId + n },
        );
      },
    });
  }
}
