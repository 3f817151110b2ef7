import type { Btf } from './decoder.ts';
import { BtfError } from './failure.ts';
import {
  KIND_ARRAY,
  KIND_CONST,
  KIND_DATASEC,
  KIND_ENUM,
  KIND_ENUM64,
  KIND_FLOAT,
  KIND_INT,
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

/** The third word of struct btf_type: a size, or the id of the type referred to. 0 for void. */
export function sizeOrType(btf: Btf, id: number): number {
  const file = btf.owner(id);
  return file === null ? 0 : (file.types.words[(file.types.offsets[id - file.startId] ?? 0) + 2] ?? 0);
}

/** The words after struct btf_type: word `index` of what the kind adds. */
export function extraWord(btf: Btf, id: number, index: number): number {
  const file = btf.owner(id);
  return file === null
    ? 0
    : (file.types.words[(file.types.offsets[id - file.startId] ?? 0) + 3 + index] ?? 0);
}

/** Number of members of a struct or union (of elements, for any other kind), without reading them. */
export function memberCount(btf: Btf, id: number): number {
  const file = btf.owner(id);
  return file === null
    ? 0
    : (file.types.words[(file.types.offsets[id - file.startId] ?? 0) + 1] ?? 0) & VLEN_MASK;
}

function isQualifier(kind: number): boolean {
  return kind === KIND_VOLATILE || kind === KIND_CONST || kind === KIND_RESTRICT || kind === KIND_TYPE_TAG;
}

function follow(btf: Btf, id: number, through: (kind: number) => boolean): number {
  let current = id;
  for (let step = 0; step <= btf.limits.resolveDepth; step++) {
    if (!through(btf.kindNumber(current))) return current;
    current = sizeOrType(btf, current);
  }
  throw new BtfError('E_DEPTH', `Type ${id} is still a qualifier after ${btf.limits.resolveDepth} steps`, {
    typeId: id,
  });
}

/** Behind const, volatile, restrict and type tags. Throws E_DEPTH. */
export function withoutQualifiers(btf: Btf, id: number): number {
  return follow(btf, id, isQualifier);
}

/** Behind qualifiers and typedefs: the type that has the size and the members. Throws E_DEPTH. */
export function underlying(btf: Btf, id: number): number {
  return follow(btf, id, (kind) => kind === KIND_TYPEDEF || isQualifier(kind));
}

/** Behind pointers, arrays, qualifiers and typedefs too: what a parameter is about. Throws E_DEPTH. */
export function subject(btf: Btf, id: number): number {
  let current = id;
  for (let step = 0; step <= btf.limits.resolveDepth; step++) {
    const kind = btf.kindNumber(current);
    if (kind === KIND_ARRAY) current = extraWord(btf, current, 0);
    else if (kind === KIND_PTR || kind === KIND_TYPEDEF || isQualifier(kind))
      current = sizeOrType(btf, current);
    else return current;
  }
  throw new BtfError(
    'E_DEPTH',
    `Type ${id} refers to other types for more than ${btf.limits.resolveDepth} steps`,
    {
      typeId: id,
    },
  );
}

/**
 * Size in bytes; null for what has none (void, functions, a struct only declared). Throws E_DEPTH, and
 * E_LIMIT for an array whose size is not a safe integer.
 */
export function sizeOf(btf: Btf, id: number): number | null {
  let current = id;
  let elements = 1;
  for (let step = 0; step <= btf.limits.resolveDepth; step++) {
    const kind = btf.kindNumber(current);
    switch (kind) {
      case KIND_INT:
      case KIND_STRUCT:
      case KIND_UNION:
      case KIND_ENUM:
      case KIND_ENUM64:
      case KIND_FLOAT:
      case KIND_DATASEC:
        return product(btf, id, elements, sizeOrType(btf, current));
      case KIND_PTR:
        return product(btf, id, elements, btf.pointerSize);
      case KIND_ARRAY:
        elements = product(btf, id, elements, extraWord(btf, current, 2));
        current = extraWord(btf, current, 0);
        break;
      default:
        if (kind !== KIND_TYPEDEF && kind !== KIND_VAR && !isQualifier(kind)) return null;
        current = sizeOrType(btf, current);
    }
  }
  throw new BtfError('E_DEPTH', `The size of type ${id} is more than ${btf.limits.resolveDepth} types away`, {
    typeId: id,
  });
}

function product(btf: Btf, id: number, count: number, size: number): number {
  const bytes = count * size;
  if (!Number.isSafeInteger(bytes * 8)) {
    throw new BtfError(
      'E_LIMIT',
      `Array type ${id} of ${btf.kind(id)} would have ${count} times ${size} bytes`,
      {
        typeId: id,
      },
    );
  }
  return bytes;
}
