import { typeText } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { KIND_ARRAY, KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { extraWord, memberCount, sizeOf, underlying, withoutQualifiers } from './resolve.ts';

/** Where the bytes of a struct lie. Offsets are absolute: from the start of the outermost struct. */
export interface Layout {
  readonly typeId: number;
  readonly kind: 'struct' | 'union';
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly members: readonly LayoutMember[];
}

export interface LayoutMember {
  /**
   * How C reaches it from the outermost struct: `headers.dev_scratch`. Unnamed members add nothing: theirs is
   * their parent's.
   */
  readonly path: string;
  /** '' for an unnamed struct or union. */
  readonly name: string;
  readonly typeId: number;
  /** C text of the type, without the member's name. */
  readonly type: string;
  /** The byte that holds the member's first bit. */
  readonly byteOffset: number;
  /** Bits from the start of the outermost struct, so byteOffset is its eighth part rounded down. */
  readonly bitOffset: number;
  /** Width in bits, of a bitfield or of the whole type; 0 for a flexible array. */
  readonly bits: number;
  readonly bitfield: boolean;
  /** How its own members overlap, when they are listed in `members`. */
  readonly body: 'struct' | 'union' | null;
  /** Width of that body in bits: of one element where the member is an array. 0 without a body. */
  readonly bodyBits: number;
  readonly members: readonly LayoutMember[];
}

export interface LayoutOptions {
  /**
   * Whose members to list: `unnamed` (default) those of unnamed structs and unions, which C treats as members
   * of the outer one, or which have no other name to be looked up by (of an array of those, the first
   * element); `all` also those of every named struct held by value outside an array.
   */
  readonly expand?: 'unnamed' | 'all';
  /** Most members in all; default and upper bound: the limits the BTF was parsed with. */
  readonly nodeBudget?: number;
}

/**
 * The layout of a struct or union, typedefs to one included. Throws E_NOTFOUND for another type, E_DEPTH for
 * a struct that holds itself or nests too deep, E_BUDGET above the node budget.
 */
export function layoutOf(btf: Btf, id: number, options: LayoutOptions = {}): Layout {
  const typeId = underlying(btf, id);
  const kind = btf.kindNumber(typeId);
  if (kind !== KIND_STRUCT && kind !== KIND_UNION) {
    throw new BtfError('E_NOTFOUND', `Type ${id} is a ${btf.kind(typeId)}, not a struct or union`, {
      typeId: id,
    });
  }
  const expand = options.expand ?? 'unnamed';
  const budget = Math.min(options.nodeBudget ?? btf.limits.nodes, btf.limits.nodes);
  if (countMembers(btf, typeId, expand, 0, budget, new Map()) > budget) {
    throw new BtfError('E_BUDGET', `The layout of type ${id} has over ${budget} members, its budget`, {
      typeId: id,
    });
  }
  const members = membersOf(btf, typeId, expand, { path: '', bitOffset: 0, level: 0 });
  return {
    typeId,
    kind: kind === KIND_STRUCT ? 'struct' : 'union',
    name: shownName(btf.name(typeId)),
    size: sizeOf(btf, typeId) ?? 0,
    members,
  };
}

interface Place {
  readonly path: string;
  readonly bitOffset: number;
  readonly level: number;
}

/**
 * How many members the layout of a body has, above `budget` just some number above it. Each type is counted
 * once, so this is quick even where the layout itself would never end.
 */
function countMembers(
  btf: Btf,
  typeId: number,
  expand: 'unnamed' | 'all',
  level: number,
  budget: number,
  counted: Map<number, number>,
): number {
  const known = counted.get(typeId);
  if (known !== undefined) return known;
  if (level > btf.limits.resolveDepth) {
    throw new BtfError('E_DEPTH', `Structs nest deeper than ${btf.limits.resolveDepth} in type ${typeId}`, {
      typeId,
    });
  }
  let count = memberCount(btf, typeId);
  if (count > budget) return count;
  for (const member of btf.members(typeId)) {
    const body =
      member.bitfieldBits === 0 ? bodyOf(btf, member.typeId, member.name === '' ? 'all' : expand) : null;
    if (body !== null) count += countMembers(btf, body.typeId, expand, level + 1, budget, counted);
    if (count > budget) break;
  }
  counted.set(typeId, count);
  return count;
}

function membersOf(btf: Btf, typeId: number, expand: 'unnamed' | 'all', place: Place): LayoutMember[] {
  if (place.level > btf.limits.resolveDepth) {
    throw new BtfError('E_DEPTH', `Structs nest deeper than ${btf.limits.resolveDepth} in type ${typeId}`, {
      typeId,
    });
  }
  return btf.members(typeId).map((member) => {
    const name = shownName(member.name);
    const path = name === '' ? place.path : place.path === '' ? name : `${place.path}.${name}`;
    const bitOffset = place.bitOffset + member.bitOffset;
    const bitfield = member.bitfieldBits !== 0;
    const body = bitfield ? null : bodyOf(btf, member.typeId, name === '' ? 'all' : expand);
    const inside = { path: path + (body?.path ?? ''), bitOffset, level: place.level + 1 };
    return {
      path,
      name,
      typeId: member.typeId,
      type: typeText(btf, member.typeId),
      byteOffset: Math.floor(bitOffset / 8),
      bitOffset,
      bits: bitfield ? member.bitfieldBits : (sizeOf(btf, member.typeId) ?? 0) * 8,
      bitfield,
      body: body === null ? null : btf.kindNumber(body.typeId) === KIND_STRUCT ? 'struct' : 'union',
      bodyBits: body === null ? 0 : (sizeOf(btf, body.typeId) ?? 0) * 8,
      members: body === null ? [] : membersOf(btf, body.typeId, expand, inside),
    };
  });
}

/**
 * The type whose members to list for a member of type `id`, and what C writes behind the member's name to get
 * there. An array without a name for its element gives its first element. A typedef is a name: `unnamed`
 * stops there, `all` goes on.
 */
function bodyOf(btf: Btf, id: number, expand: 'unnamed' | 'all'): { typeId: number; path: string } | null {
  let typeId = withoutQualifiers(btf, id);
  let path = '';
  for (let step = 0; step <= btf.limits.resolveDepth && btf.kindNumber(typeId) === KIND_ARRAY; step++) {
    typeId = withoutQualifiers(btf, extraWord(btf, typeId, 0));
    path += '[0]';
  }
  if (isComposite(btf, typeId) && btf.name(typeId) === '') return { typeId, path };
  if (expand === 'unnamed' || path !== '') return null;
  typeId = underlying(btf, typeId);
  return isComposite(btf, typeId) ? { typeId, path } : null;
}

function isComposite(btf: Btf, id: number): boolean {
  const kind = btf.kindNumber(id);
  return kind === KIND_STRUCT || kind === KIND_UNION;
}

/** All members that have a name, in file order, those inside unnamed structs and unions included. */
export function namedMembers(layout: Layout): LayoutMember[] {
  const found: LayoutMember[] = [];
  const pending = [...layout.members].reverse();
  for (let member = pending.pop(); member !== undefined; member = pending.pop()) {
    if (member.name !== '') found.push(member);
    for (let i = member.members.length - 1; i >= 0; i--) {
      const inner = member.members[i];
      if (inner !== undefined) pending.push(inner);
    }
  }
  return found;
}
