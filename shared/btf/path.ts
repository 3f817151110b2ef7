import { typeText } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { KIND_ARRAY, KIND_PTR, KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { extraWord, memberCount, sizeOf, sizeOrType, underlying } from './resolve.ts';

/** Where a path leads. */
export interface ResolvedPath {
  /** The path, normalised: `sk_buff.dev->name`. */
  readonly path: string;
  /** Type id of the struct the path begins in. */
  readonly rootId: number;
  readonly typeId: number;
  readonly type: string;
  /**
   * Offsets in bytes at which a pointer is loaded, in order, each from the address that the one before gave.
   * [] when the path stays inside the first struct.
   */
  readonly pointers: readonly number[];
  /** From the address that the last pointer gave, or from the start of the first struct. */
  readonly byteOffset: number;
  readonly bitOffset: number;
  readonly bits: number;
  readonly bitfield: boolean;
}

type Step =
  | { readonly kind: 'member' | 'arrow'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number };

const longestPath = 1024;

/**
 * `[struct |union ]NAME` then steps: `.member`, `->member`, `[index]`. Names may hold dots only in the first
 * place of no path, so a dot always begins a member. Throws E_PATH.
 */
function parsePath(path: string): { root: string; keyword: 'struct' | 'union' | null; steps: Step[] } {
  const complain = (at: number): BtfError =>
    new BtfError(
      'E_PATH',
      `The path "${shownName(path.slice(0, 100))}" cannot be read from character ${at + 1} on`,
    );
  if (path.length > longestPath) throw complain(longestPath);
  const head = /^\s*(?:(struct|union)\s+)?([A-Za-z_$][\w$]*)\s*/.exec(path);
  if (head === null) throw complain(0);
  const steps: Step[] = [];
  const step = /\s*(?:(\.|->)\s*([A-Za-z_$][\w$]*)|\[\s*(\d{1,10})\s*\])\s*/y;
  step.lastIndex = head[0].length;
  while (step.lastIndex < path.length) {
    const at = step.lastIndex;
    const match = step.exec(path);
    if (match === null) throw complain(at);
    const [, operator, name, index] = match;
    if (name !== undefined) steps.push({ kind: operator === '->' ? 'arrow' : 'member', name });
    else steps.push({ kind: 'index', index: Number(index) });
  }
  const keyword = head[1] === 'struct' || head[1] === 'union' ? head[1] : null;
  return { root: head[2] ?? '', keyword, steps };
}

/**
 * Ids of the structs and unions that `NAME`, `struct NAME`, `union NAME` or a typedef NAME means, the base's
 * first. Empty ones (a placeholder of another source file) come last. Several are normal: show them all, use
 * the first.
 */
export function findComposites(btf: Btf, name: string, keyword: 'struct' | 'union' | null = null): number[] {
  const found = [
    ...(keyword === 'union' ? [] : btf.findAll(name, 'struct')),
    ...(keyword === 'struct' ? [] : btf.findAll(name, 'union')),
  ];
  if (keyword === null) {
    for (const id of btf.findAll(name, 'typedef')) {
      const target = underlying(btf, id);
      if (isComposite(btf, target) && !found.includes(target)) found.push(target);
    }
  }
  return found.sort((a, b) => Number(memberCount(btf, a) === 0) - Number(memberCount(btf, b) === 0));
}

function isComposite(btf: Btf, id: number): boolean {
  const kind = btf.kindNumber(id);
  return kind === KIND_STRUCT || kind === KIND_UNION;
}

/**
 * Finds where `sk_buff.data`, `sk_buff.dev->name[0]`, `net_device.stats.rx_packets` lies. `rootId` settles
 * which struct is meant when several share a name. Throws E_PATH (bad syntax, wrong operator), E_NOTFOUND (no
 * such struct or member), E_DEPTH, E_BUDGET.
 */
export function resolvePath(btf: Btf, path: string, rootId?: number): ResolvedPath {
  const { root, keyword, steps } = parsePath(path);
  const start = rootId ?? findComposites(btf, root, keyword)[0];
  if (start === undefined) {
    throw new BtfError('E_NOTFOUND', `This kernel's BTF has no struct or union named ${shownName(root)}`);
  }
  const pointers: number[] = [];
  let walked = root;
  let typeId = underlying(btf, start);
  let bitOffset = 0;
  let bitfieldBits = 0;
  for (const step of steps) {
    const here = underlying(btf, typeId);
    const kind = btf.kindNumber(here);
    if (step.kind === 'index') {
      if (kind !== KIND_ARRAY)
        throw new BtfError('E_PATH', `${walked} is ${typeText(btf, typeId)}, not an array`);
      const count = extraWord(btf, here, 2);
      if (count !== 0 && step.index >= count) {
        throw new BtfError('E_PATH', `${walked} has ${count} elements, there is none numbered ${step.index}`);
      }
      typeId = extraWord(btf, here, 0);
      bitOffset += step.index * (sizeOf(btf, typeId) ?? 0) * 8;
      if (!Number.isSafeInteger(bitOffset))
        throw new BtfError('E_LIMIT', `Element ${step.index} of ${walked} is out of reach`);
      walked += `[${step.index}]`;
      continue;
    }
    let holder = here;
    if (step.kind === 'arrow') {
      if (kind !== KIND_PTR)
        throw new BtfError('E_PATH', `${walked} is ${typeText(btf, typeId)}, not a pointer: write .`);
      pointers.push(bitOffset / 8);
      bitOffset = 0;
      holder = underlying(btf, sizeOrType(btf, here));
    } else if (kind === KIND_PTR) {
      throw new BtfError(
        'E_PATH',
        `${walked} is ${typeText(btf, typeId)}, a pointer: write ->${shownName(step.name)}`,
      );
    }
    const member = findMember(btf, holder, step.name);
    if (member === null) {
      throw new BtfError('E_NOTFOUND', `${typeText(btf, holder)} has no member ${shownName(step.name)}`);
    }
    typeId = member.typeId;
    bitOffset += member.bitOffset;
    bitfieldBits = member.bitfieldBits;
    walked += (step.kind === 'arrow' ? '->' : '.') + step.name;
  }
  const bitfield = bitfieldBits !== 0;
  return {
    path: walked,
    rootId: start,
    typeId,
    type: typeText(btf, typeId),
    pointers,
    byteOffset: Math.floor(bitOffset / 8),
    bitOffset,
    bits: bitfield ? bitfieldBits : (sizeOf(btf, typeId) ?? 0) * 8,
    bitfield,
  };
}

interface FoundMember {
  readonly typeId: number;
  readonly bitOffset: number;
  readonly bitfieldBits: number;
}

/**
 * The member of that name, also inside unnamed structs and unions; null when there is none. Throws E_BUDGET,
 * E_DEPTH.
 */
export function findMember(btf: Btf, compositeId: number, name: string): FoundMember | null {
  let budget = btf.limits.nodes;
  const searched = new Set<number>();
  const pending = [{ id: compositeId, bitOffset: 0, level: 0 }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (!isComposite(btf, place.id) || searched.has(place.id)) continue;
    searched.add(place.id);
    if (place.level > btf.limits.resolveDepth) {
      throw new BtfError('E_DEPTH', `Type ${compositeId} nests deeper than ${btf.limits.resolveDepth}`, {
        typeId: compositeId,
      });
    }
    budget -= memberCount(btf, place.id);
    if (budget < 0) {
      throw new BtfError('E_BUDGET', `Type ${compositeId} has over ${btf.limits.nodes} members`, {
        typeId: compositeId,
      });
    }
    const members = btf.members(place.id);
    for (const member of members) {
      if (member.name === name) {
        return {
          typeId: member.typeId,
          bitOffset: place.bitOffset + member.bitOffset,
          bitfieldBits: member.bitfieldBits,
        };
      }
    }
    for (const member of members) {
      if (member.name !== '') continue;
      pending.push({
        id: underlying(btf, member.typeId),
        bitOffset: place.bitOffset + member.bitOffset,
        level: place.level + 1,
      });
    }
  }
  return null;
}
