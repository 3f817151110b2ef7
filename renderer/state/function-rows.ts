import type { FunctionGroup } from '../../shared/btf/function-groups.ts';
import type { PathStep } from '../../shared/probe/packet-path.ts';

/** A group of the tree on the screen: as the backend divides, or a part of the packet's path. */
export interface TreeGroup {
  /** Unique in its tree, and the same from one load to the next. */
  readonly id: string;
  readonly kind: FunctionGroup['kind'] | 'path';
  readonly name: string;
  /** Functions below it that this kernel has. */
  readonly size: number;
  readonly entries: readonly number[];
  readonly groups: readonly TreeGroup[];
}

interface Place {
  /** 1 for a root. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** Row of the group it stands in, or -1. */
  readonly parent: number;
}

export type FunctionRow =
  | (Place & { readonly kind: 'group'; readonly group: TreeGroup; readonly expanded: boolean })
  /** `entry` below 0: what the tree's maker means by it. */
  | (Place & { readonly kind: 'function'; readonly entry: number });

/** A group's row, and the rows of its functions right behind it. */
interface Segment extends Place {
  readonly row: number;
  readonly group: TreeGroup;
  readonly expanded: boolean;
}

/**
 * The rows of a tree of functions as they are seen: those of closed groups are left out. An open group costs one
 * object, however many functions it has; a row is looked up by bisection.
 */
export class FunctionRows {
  readonly count: number;
  readonly #segments: readonly Segment[];
  readonly #loose: readonly number[];

  /** Either `groups`, open those whose id is in `open`, or functions without a group. */
  constructor(groups: readonly TreeGroup[], open: ReadonlySet<string>, loose: readonly number[] = []) {
    const segments: Segment[] = [];
    let row = 0;
    const add = (siblings: readonly TreeGroup[], level: number, parent: number): void => {
      for (const [at, group] of siblings.entries()) {
        const expanded = open.has(group.id);
        const own = row;
        segments.push({ row, group, expanded, level, parent, position: at + 1, siblings: siblings.length });
        row += 1 + (expanded ? group.entries.length : 0);
        if (expanded) add(group.groups, level + 1, own);
      }
    };
    add(groups, 1, -1);
    this.#segments = segments;
    this.#loose = loose;
    this.count = row + loose.length;
  }

  at(row: number): FunctionRow | null {
    if (row < 0 || row >= this.count) return null;
    const segment = this.#segmentOf(row);
    if (segment === null) {
      const entry = this.#loose[row];
      if (entry === undefined) return null;
      return {
        kind: 'function',
        entry,
        level: 1,
        position: row + 1,
        siblings: this.#loose.length,
        parent: -1,
      };
    }
    if (segment.row === row) return { kind: 'group', ...segment };
    const { entries } = segment.group;
    const index = row - segment.row - 1;
    return {
      kind: 'function',
      entry: entries[index] ?? 0,
      level: segment.level + 1,
      position: index + 1,
      siblings: entries.length,
      parent: segment.row,
    };
  }

  /** The first row of an entry that is seen, or -1. */
  rowOf(entry: number): number {
    for (const { row, group, expanded } of this.#segments) {
      if (!expanded) continue;
      const index = group.entries.indexOf(entry);
      if (index >= 0) return row + 1 + index;
    }
    return this.#loose.indexOf(entry);
  }

  #segmentOf(row: number): Segment | null {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.row ?? 0) <= row) low = middle + 1;
      else high = middle;
    }
    return this.#segments[low - 1] ?? null;
  }
}

/** What the backend divided, with ids and sizes. */
export function treeGroups(groups: readonly FunctionGroup[], within = ''): readonly TreeGroup[] {
  return groups.map(({ kind, name, entries, groups: parts }) => {
    const id = `${within}/${kind}:${name}`;
    const below = treeGroups(parts, id);
    const size = below.reduce((sum, one) => sum + one.size, entries.length);
    return { id, kind, name, size, entries, groups: below };
  });
}

/**
 * The packet's path as groups, one for each direction and family in the order in which a packet passes: a step's entry,
 * or -1 - its place on the path where this kernel has no such function.
 */
export function pathGroups(
  path: readonly PathStep[],
  entryOf: (name: string) => number | null,
): readonly TreeGroup[] {
  const groups: { id: string; name: string; entries: number[] }[] = [];
  for (const [place, { direction, family, name }] of path.entries()) {
    const key = `${direction}-${family}`;
    let group = groups.find((one) => one.name === key);
    if (group === undefined) {
      group = { id: `path:${key}`, name: key, entries: [] };
      groups.push(group);
    }
    group.entries.push(entryOf(name) ?? -1 - place);
  }
  return groups.map((group) => ({
    ...group,
    kind: 'path',
    size: group.entries.filter((entry) => entry >= 0).length,
    groups: [],
  }));
}
