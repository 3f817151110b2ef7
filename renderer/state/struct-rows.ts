import type { Leads, MemberNode, StructNode } from '../../shared/btf/body.ts';

/** A tree that loops through pointers ends: so many of them may be followed, and so many rows be there. */
export const MOST_POINTERS = 8;
export const MOST_ROWS = 20_000;

/** One visible line of the tree of a struct. */
export interface StructRow {
  readonly id: string;
  readonly node: StructNode;
  /** 1 for a member of the struct itself. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** Row of the parent, or -1. */
  readonly parent: number;
  /** In C, from a pointer to the struct on: `dev->mtu`; '' for a gap and for what has no name. */
  readonly path: string;
  /** From the start of the struct, or of the one that the last pointer on the way leads to. */
  readonly bitOffset: number;
  /** Pointers on the way. */
  readonly pointers: number;
  /** For each level down to this one: the arm of a union that the row is in, counted from 0; null outside of one. */
  readonly arms: readonly (number | null)[];
  /** The cacheline that this row is the first to begin in; null for any other. */
  readonly cacheline: number | null;
  readonly opens: 'in-place' | 'leads' | null;
  readonly expanded: boolean;
  /** Which element of an array is meant; null for the array as a whole, and for what is none. */
  readonly element: number | null;
}

export interface OpenParts {
  /** Unnamed members that were closed: they are open by themselves. */
  readonly closed: ReadonlySet<string>;
  /** Members whose struct was opened. */
  readonly opened: ReadonlySet<string>;
  /** The nodes of a struct that a member leads to; null while they are not there. */
  readonly nodesOf: (leads: Leads) => readonly StructNode[] | null;
  /** Of arrays by their row: the element that was asked for. */
  readonly elements: ReadonlyMap<string, number>;
  /** Bits of a cacheline. */
  readonly cacheline: number;
}

/** The lines of a struct in the order in which they are seen. */
export function structRows(nodes: readonly StructNode[], parts: OpenParts): StructRow[] {
  const rows: StructRow[] = [];
  const walk = (list: readonly StructNode[], place: Place): void => {
    let line = place.line;
    let arm = -1;
    for (const [at, node] of list.entries()) {
      if (rows.length >= MOST_ROWS) return;
      const member = node.kind === 'member' ? node : null;
      const id = `${place.id}/${at}`;
      const bitOffset = place.bitOffset + node.bitOffset;
      const cacheline = Math.floor(bitOffset / parts.cacheline);
      const element = member?.elements ? (parts.elements.get(id) ?? null) : null;
      if (member) arm++;
      const arms = [...place.arms, place.union && member ? arm : null];
      const opens = member === null ? null : opensOf(member, place.pointers);
      const expanded =
        opens === 'in-place' ? !parts.closed.has(id) : opens === 'leads' && parts.opened.has(id);
      rows.push({
        id,
        node,
        level: arms.length,
        position: at + 1,
        siblings: list.length,
        parent: place.row,
        path: member === null || member.name === '' ? '' : place.path + member.path + indexOf(element),
        bitOffset,
        pointers: place.pointers,
        arms,
        cacheline: cacheline > line ? cacheline : null,
        opens,
        expanded,
        element,
      });
      if (!place.union) line = Math.max(line, cacheline);
      if (!member || !expanded) continue;
      const inside = { ...place, id, arms, row: rows.length - 1, line: Math.max(line, cacheline) };
      if (opens === 'in-place') walk(member.nodes, { ...inside, union: member.body === 'union' });
      else if (member.leads) {
        const followed = parts.nodesOf(member.leads);
        if (followed === null) continue;
        const pointer = member.leads.step.endsWith('->');
        walk(followed, {
          ...inside,
          path: place.path + member.path + member.leads.step.replace('[0]', indexOf(element ?? 0)),
          bitOffset: pointer ? 0 : bitOffset + (element ?? 0) * (member.elements?.bits ?? 0),
          pointers: place.pointers + (pointer ? 1 : 0),
          union: false,
          line: pointer ? 0 : inside.line,
        });
      }
    }
  };
  walk(nodes, { id: '', path: '', bitOffset: 0, pointers: 0, arms: [], row: -1, line: 0, union: false });
  return rows;
}

function indexOf(element: number | null): string {
  return element === null ? '' : `[${element}]`;
}

interface Place {
  readonly id: string;
  readonly path: string;
  readonly bitOffset: number;
  readonly pointers: number;
  readonly arms: readonly (number | null)[];
  readonly row: number;
  /** The cacheline that the row before is in. */
  readonly line: number;
  readonly union: boolean;
}

function opensOf(member: MemberNode, pointers: number): StructRow['opens'] {
  if (member.nodes.length > 0) return 'in-place';
  if (member.leads === null) return null;
  return member.leads.step.endsWith('->') && pointers >= MOST_POINTERS ? null : 'leads';
}

/** The rows that hold all words in path, type or offset, with the rows they are in. */
export function matchingRows(rows: readonly StructRow[], query: string): readonly StructRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  const kept = new Set<number>();
  for (const [at, row] of rows.entries()) {
    const type = row.node.kind === 'member' ? row.node.type : row.node.kind;
    const text = `${row.path} ${type} ${Math.floor(row.bitOffset / 8)}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    for (let up = at; up >= 0 && !kept.has(up); up = rows[up]?.parent ?? -1) kept.add(up);
  }
  const place = new Map([...kept].sort((a, b) => a - b).map((old, now) => [old, now]));
  return [...place.keys()].flatMap((at) => {
    const row = rows[at];
    return row ? [{ ...row, parent: place.get(row.parent) ?? -1 }] : [];
  });
}

/** The innermost row of the struct itself that holds a bit; of several, as in a union, the first. */
export function rowAt(rows: readonly StructRow[], bit: number): StructRow | null {
  let found: StructRow | null = null;
  for (const row of rows) {
    if (row.pointers > 0 || row.bitOffset > bit || row.bitOffset + row.node.bits <= bit) continue;
    if (found === null || row.id.startsWith(`${found.id}/`)) found = row;
  }
  return found;
}
