import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { gapsIn } from './gaps.ts';
import type { Gap } from './gaps.ts';
import { KIND_ARRAY, KIND_FWD, KIND_PTR, KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { layoutOf } from './layout.ts';
import type { LayoutMember } from './layout.ts';
import { findComposites } from './path.ts';
import { extraWord, memberCount, sizeOf, sizeOrType, underlying } from './resolve.ts';

/** What a member leads to, by value or behind a pointer: its members can be listed under it. */
export interface Leads {
  readonly type: number;
  /** '' for an unnamed struct behind a pointer. */
  readonly name: string;
  /** What C writes between the member's path and that of a member there; `.`, `->`, `[0].`, with `[0]` for any element. */
  readonly step: string;
}

/** A member as it is drawn. Offsets are bits from the start of the struct that was asked for. */
export interface MemberNode {
  readonly kind: 'member';
  /** '' for an unnamed struct or union. */
  readonly name: string;
  /** How C reaches it from that struct: `headers.dev_scratch`; an unnamed one has its parent's. */
  readonly path: string;
  readonly type: string;
  readonly bitOffset: number;
  /** 0 for a flexible array. */
  readonly bits: number;
  readonly bitfield: boolean;
  /** How the nodes below it overlap; null where there are none. */
  readonly body: 'struct' | 'union' | null;
  /** The members of a struct or union that has no name to be looked up by, and its gaps. */
  readonly nodes: readonly StructNode[];
  readonly leads: Leads | null;
  /** Of an array, the elements that its first index counts; null for anything else. */
  readonly elements: Elements | null;
}

export interface Elements {
  /** 0 for a flexible array: how many there are only the running kernel knows. */
  readonly count: number;
  /** Of one. */
  readonly bits: number;
}

/** Bits that belong to no member: a `hole` between two, `padding` behind the last. */
export interface GapNode {
  readonly kind: 'hole' | 'padding';
  readonly bitOffset: number;
  readonly bits: number;
}

export type StructNode = MemberNode | GapNode;

/** A struct or union with everything in it, in order. */
export interface Body {
  readonly type: number;
  readonly name: string;
  readonly kind: 'struct' | 'union';
  /** Bytes. */
  readonly size: number;
  readonly nodes: readonly StructNode[];
}

/**
 * A struct or union as it is drawn: members with what can be opened behind them, and the gaps between them.
 * Throws E_NOTFOUND for another type, E_DEPTH, E_BUDGET.
 */
export function structBody(btf: Btf, id: number): Body {
  const layout = layoutOf(btf, id);
  const { typeId, name, kind, size } = layout;
  const outer = { path: '', bitOffset: 0, bits: size * 8, members: layout.members };
  return { type: typeId, name, kind, size, nodes: nodesOf(btf, outer, kind) };
}

type Inside = Pick<LayoutMember, 'path' | 'bitOffset' | 'bits' | 'members'>;

function nodesOf(btf: Btf, body: Inside, kind: 'struct' | 'union'): StructNode[] {
  const gaps = new Map<LayoutMember | null, GapNode>();
  if (kind === 'struct') for (const gap of gapsIn(body)) gaps.set(gap.after, gapNode(gap));
  const nodes: StructNode[] = [];
  const first = gaps.get(null);
  if (first !== undefined) nodes.push(first);
  for (const member of body.members) {
    const { name, path, type, bitOffset, bits, bitfield } = member;
    nodes.push({
      kind: 'member',
      name,
      path,
      type,
      bitOffset,
      bits,
      bitfield,
      body: member.body,
      nodes: member.body === null ? [] : nodesOf(btf, { ...member, bits: member.bodyBits }, member.body),
      leads: bitfield || member.body !== null ? null : leadsOf(btf, member.typeId),
      elements: bitfield ? null : elementsOf(btf, member.typeId),
    });
    const gap = gaps.get(member);
    if (gap !== undefined) nodes.push(gap);
  }
  return nodes;
}

/** A gap as the page takes it. */
export function gapNode({ kind, bitOffset, bits }: Gap): GapNode {
  return { kind, bitOffset, bits };
}

/** The struct a member of this type leads to; null for none, or for one this BTF only declares. Throws E_DEPTH. */
function leadsOf(btf: Btf, id: number): Leads | null {
  let target = underlying(btf, id);
  let index = '';
  for (let step = 0; step <= btf.limits.resolveDepth && btf.kindNumber(target) === KIND_ARRAY; step++) {
    target = underlying(btf, extraWord(btf, target, 0));
    index += '[0]';
  }
  const pointer = btf.kindNumber(target) === KIND_PTR;
  if (pointer) target = underlying(btf, sizeOrType(btf, target));
  if (btf.kindNumber(target) === KIND_FWD) {
    const type = btf.type(target);
    const keyword = type.kind === 'fwd' && type.of === 'union' ? 'union' : 'struct';
    target = findComposites(btf, btf.name(target), keyword)[0] ?? 0;
  }
  const kind = btf.kindNumber(target);
  if ((kind !== KIND_STRUCT && kind !== KIND_UNION) || memberCount(btf, target) === 0) return null;
  return { type: target, name: shownName(btf.name(target)), step: `${index}${pointer ? '->' : '.'}` };
}

/** Throws E_DEPTH. */
function elementsOf(btf: Btf, id: number): Elements | null {
  const array = underlying(btf, id);
  if (btf.kindNumber(array) !== KIND_ARRAY) return null;
  const bytes = sizeOf(btf, extraWord(btf, array, 0));
  return bytes === null ? null : { count: extraWord(btf, array, 2), bits: bytes * 8 };
}
