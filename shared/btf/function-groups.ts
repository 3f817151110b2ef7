import { namePrefix } from './glue.ts';
import type { GlueKind } from './glue.ts';

/** By what the tree of functions is divided. */
export const pivots = ['module', 'first-struct', 'any-struct', 'bpf-callable'] as const;

export type Pivot = (typeof pivots)[number];

/** A node of the tree: either groups or functions stand below it. */
export interface FunctionGroup {
  /**
   * `module`, `prefix`, `struct`: `name` says which. `no-struct`: takes none. `other`: prefixes that few share.
   * `glue`, with a group for each GlueKind below. `without-btf`: known by name alone.
   */
  readonly kind:
    'module' | 'prefix' | 'struct' | 'no-struct' | 'other' | 'glue' | 'glue-kind' | 'without-btf';
  readonly name: string;
  readonly entries: readonly number[];
  readonly groups: readonly FunctionGroup[];
}

/** What the groups are made from: entry n of each. */
export interface GroupedFunctions {
  readonly size: number;
  name(entry: number): string;
  module(entry: number): string;
  glue(entry: number): GlueKind | null;
  callable(entry: number): boolean;
  /** Whether BTF describes it. */
  described(entry: number): boolean;
  /** The struct of the first parameter, '' for none. */
  firstStruct(entry: number): string;
  structs(entry: number): readonly string[];
}

/** A module of no more functions than this is not divided further. */
const undividedModule = 40;
/** Fewer functions of one prefix than this stand with the others. */
const smallestPrefix = 3;

/**
 * Divides functions by `pivot`; each group's entries are in the order of entries. What no one looks for (glue, names
 * without BTF) comes last, in groups of its own.
 */
export function groupFunctions(functions: GroupedFunctions, pivot: Pivot): FunctionGroup[] {
  const real: number[] = [];
  const glue = new Map<string, number[]>();
  const undescribed: number[] = [];
  for (let entry = 0; entry < functions.size; entry++) {
    const kind = functions.glue(entry);
    if (!functions.described(entry)) undescribed.push(entry);
    else if (kind !== null) append(glue, kind, entry);
    else real.push(entry);
  }
  switch (pivot) {
    case 'module':
      return [...byModule(functions, real), ...glueGroup(glue), ...withoutBtf(undescribed)];
    case 'first-struct':
      return byStruct(real, (entry) => [functions.firstStruct(entry)]);
    case 'any-struct':
      return byStruct(real, (entry) => functions.structs(entry));
    case 'bpf-callable':
      return byPrefix(
        functions,
        real.filter((entry) => functions.callable(entry)),
      );
  }
}

function append(map: Map<string, number[]>, key: string, entry: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}

function group(
  kind: FunctionGroup['kind'],
  name: string,
  entries: readonly number[],
  groups: readonly FunctionGroup[] = [],
): FunctionGroup {
  return { kind, name, entries, groups };
}

/** The kernel proper, then its modules by name. */
function byModule(functions: GroupedFunctions, entries: readonly number[]): FunctionGroup[] {
  const modules = new Map<string, number[]>();
  for (const entry of entries) append(modules, functions.module(entry), entry);
  return [...modules]
    .sort(([a], [b]) => Number(b === 'vmlinux') - Number(a === 'vmlinux') || compare(a, b))
    .map(([name, members]) =>
      members.length <= undividedModule
        ? group('module', name, members)
        : group('module', name, [], byPrefix(functions, members)),
    );
}

function byPrefix(functions: GroupedFunctions, entries: readonly number[]): FunctionGroup[] {
  const prefixes = new Map<string, number[]>();
  for (const entry of entries) append(prefixes, namePrefix(functions.name(entry)), entry);
  const groups: FunctionGroup[] = [];
  const others: number[] = [];
  for (const [name, members] of prefixes) {
    if (members.length >= smallestPrefix) groups.push(group('prefix', name, members));
    else others.push(...members);
  }
  groups.sort((a, b) => compare(a.name, b.name));
  if (others.length > 0)
    groups.push(
      group(
        'other',
        '',
        others.sort((a, b) => a - b),
      ),
    );
  return groups;
}

/** The structs that most functions take come first. */
function byStruct(
  entries: readonly number[],
  structsOf: (entry: number) => readonly string[],
): FunctionGroup[] {
  const structs = new Map<string, number[]>();
  const none: number[] = [];
  for (const entry of entries) {
    let some = false;
    for (const name of structsOf(entry)) {
      if (name === '') continue;
      some = true;
      append(structs, name, entry);
    }
    if (!some) none.push(entry);
  }
  const groups = [...structs].map(([name, members]) => group('struct', name, members));
  groups.sort((a, b) => b.entries.length - a.entries.length || compare(a.name, b.name));
  if (none.length > 0) groups.push(group('no-struct', '', none));
  return groups;
}

function glueGroup(glue: ReadonlyMap<string, readonly number[]>): FunctionGroup[] {
  if (glue.size === 0) return [];
  const kinds = [...glue].sort(([a], [b]) => compare(a, b));
  return [
    group(
      'glue',
      '',
      [],
      kinds.map(([kind, entries]) => group('glue-kind', kind, entries)),
    ),
  ];
}

function withoutBtf(entries: readonly number[]): FunctionGroup[] {
  return entries.length === 0 ? [] : [group('without-btf', '', entries)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
