import { allPrototypes } from './declare.ts';
import { signature } from './functions.ts';
import type { ModuleBtf } from './function-index.ts';
import { BtfError } from './failure.ts';
import { layoutOf, namedMembers } from './layout.ts';
import type { Layout, LayoutMember } from './layout.ts';
import { findComposites } from './path.ts';
import type { Btf } from './decoder.ts';
import { KIND_STRUCT, KIND_UNION } from './kinds.ts';

/**
 * One function in two kernels: only in the first (`removed`), only in the second (`added`), or with another
 * signature.
 */
export interface FunctionDifference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly module: string;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * What changed between the functions of two kernels, in order of module (the kernel proper first) and name. Several functions of one
 * name in one module are paired in file order.
 */
export function diffFunctions(
  before: readonly ModuleBtf[],
  after: readonly ModuleBtf[],
): FunctionDifference[] {
  const differences: FunctionDifference[] = [];
  const modules = new Set([...before, ...after].map(({ module }) => module));
  for (const module of [...modules].sort((a, b) => rankOf(a) - rankOf(b) || byText(a, b))) {
    const old = functionsByName(before, module);
    const young = functionsByName(after, module);
    for (const name of [...new Set([...old.keys(), ...young.keys()])].sort(byText)) {
      const left = old.get(name) ?? [];
      const right = young.get(name) ?? [];
      for (let i = 0; i < Math.max(left.length, right.length); i++) {
        const was = left[i] ?? null;
        const is = right[i] ?? null;
        if (was === is) continue;
        const kind = was === null ? 'added' : is === null ? 'removed' : 'changed';
        differences.push({ kind, name, module, before: was, after: is });
      }
    }
  }
  return differences;
}

/** Signatures of the functions of one module, by name, in file order. */
function functionsByName(modules: readonly ModuleBtf[], wanted: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { module, btf } of modules) {
    if (module !== wanted) continue;
    const texts = allPrototypes(btf).split('\n');
    const ids = btf.functions();
    for (const [n, name] of btf.functionNames().entries()) {
      const text = texts[n] || signature(btf, ids[n] ?? 0);
      const known = found.get(name);
      if (known === undefined) found.set(name, [text]);
      else known.push(text);
    }
  }
  return found;
}

function rankOf(module: string): number {
  return module === 'vmlinux' ? 0 : 1;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One member in two layouts of a struct. `changes` is empty for a member that is only in one of them. */
export interface MemberDifference {
  readonly path: string;
  readonly before: LayoutMember | null;
  readonly after: LayoutMember | null;
  readonly changes: readonly ('moved' | 'resized' | 'retyped')[];
}

/** The members that differ between two layouts, in the order of the second, then those that are gone. */
export function diffLayouts(before: Layout, after: Layout): MemberDifference[] {
  const old = byPath(before);
  const young = byPath(after);
  const differences: MemberDifference[] = [];
  for (const [path, is] of young) {
    const was = old.get(path) ?? null;
    if (was === null) {
      differences.push({ path, before: null, after: is, changes: [] });
      continue;
    }
    const changes = [
      ...(was.bitOffset === is.bitOffset ? [] : (['moved'] as const)),
      ...(was.bits === is.bits && was.bitfield === is.bitfield ? [] : (['resized'] as const)),
      ...(was.type === is.type ? [] : (['retyped'] as const)),
    ];
    if (changes.length > 0) differences.push({ path, before: was, after: is, changes });
  }
  for (const [path, was] of old)
    if (!young.has(path)) differences.push({ path, before: was, after: null, changes: [] });
  return differences;
}

/** All members of two layouts side by side, in the order of the second; those that are gone stand where they were. */
export function alignLayouts(before: Layout, after: Layout): MemberDifference[] {
  const old = byPath(before);
  const young = byPath(after);
  const changed = new Map(diffLayouts(before, after).map((one) => [one.path, one]));
  const rows: MemberDifference[] = [];
  const left = [...old.keys()];
  let at = 0;
  const tellGone = (until: string | null): void => {
    const end = until === null ? left.length : left.indexOf(until) + 1;
    for (; at < end; at++) {
      const path = left[at] ?? '';
      const gone = young.has(path) ? undefined : changed.get(path);
      if (gone !== undefined) rows.push(gone);
    }
  };
  for (const [path, is] of young) {
    const was = old.get(path) ?? null;
    if (was !== null) tellGone(path);
    rows.push(changed.get(path) ?? { path, before: was, after: is, changes: [] });
  }
  tellGone(null);
  return rows;
}

function byPath(layout: Layout): Map<string, LayoutMember> {
  const members = new Map<string, LayoutMember>();
  for (const member of namedMembers(layout)) if (!members.has(member.path)) members.set(member.path, member);
  return members;
}

/** One struct or union in two kernels. Sizes in bytes. */
export interface CompositeDifference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly keyword: 'struct' | 'union';
  readonly sizeBefore: number | null;
  readonly sizeAfter: number | null;
  readonly members: readonly MemberDifference[];
}

/**
 * What changed between all named structs and unions of two BTFs, in order of name. Of several with one name
 * the first that has members is compared. One whose layout cannot be made (endless) is left out.
 */
export function diffComposites(before: Btf, after: Btf): CompositeDifference[] {
  const differences: CompositeDifference[] = [];
  for (const keyword of ['struct', 'union'] as const) {
    const old = layoutsByName(before, keyword);
    const young = layoutsByName(after, keyword);
    for (const name of new Set([...old.keys(), ...young.keys()])) {
      const was = layoutOrNull(before, old.get(name));
      const is = layoutOrNull(after, young.get(name));
      if (was === null && is === null) continue;
      const members = was === null || is === null ? [] : diffLayouts(was, is);
      if (was !== null && is !== null && was.size === is.size && members.length === 0) continue;
      differences.push({
        kind: was === null ? 'added' : is === null ? 'removed' : 'changed',
        name,
        keyword,
        sizeBefore: was?.size ?? null,
        sizeAfter: is?.size ?? null,
        members,
      });
    }
  }
  return differences.sort((a, b) => byText(a.name, b.name));
}

function layoutsByName(btf: Btf, keyword: 'struct' | 'union'): Map<string, number> {
  const wanted = keyword === 'struct' ? KIND_STRUCT : KIND_UNION;
  const ids = new Map<string, number>();
  const repeated = new Set<string>();
  for (let id = 1; id < btf.typeCount; id++) {
    if (btf.kindNumber(id) !== wanted) continue;
    const name = btf.name(id);
    if (name === '') continue;
    if (ids.has(name)) repeated.add(name);
    else ids.set(name, id);
  }
  for (const name of repeated) {
    const best = findComposites(btf, name, keyword)[0];
    if (best !== undefined) ids.set(name, best);
  }
  return ids;
}

function layoutOrNull(btf: Btf, id: number | undefined): Layout | null {
  if (id === undefined) return null;
  try {
    return layoutOf(btf, id);
  } catch (failure) {
    if (failure instanceof BtfError) return null;
    throw failure;
  }
}
