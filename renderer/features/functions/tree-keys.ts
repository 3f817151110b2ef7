import type { FunctionRow, FunctionRows } from '../../state/function-rows.ts';

export type FunctionStep =
  | { readonly kind: 'move'; readonly to: number }
  | { readonly kind: 'open'; readonly ids: readonly string[] }
  | { readonly kind: 'close'; readonly ids: readonly string[] }
  | { readonly kind: 'probe' }
  | { readonly kind: 'favourite' };

/**
 * What a key means in the tree of functions: right and left as the ARIA Authoring Practices have them; `*` marks a
 * function as favourite, and opens all groups beside a group; P probes a function unless a name is being typed.
 * Null for any other key.
 */
export function functionStep(
  rows: FunctionRows,
  active: number,
  key: string,
  typing: boolean,
): FunctionStep | null {
  const row = rows.at(active);
  if (row === null) return null;
  if (key === 'ArrowRight' && row.kind === 'group')
    return row.expanded ? { kind: 'move', to: active + 1 } : { kind: 'open', ids: [row.group.id] };
  if (key === 'ArrowLeft') {
    if (row.kind === 'group' && row.expanded) return { kind: 'close', ids: [row.group.id] };
    return row.parent < 0 ? null : { kind: 'move', to: row.parent };
  }
  if (key === '*')
    return row.kind === 'group' ? { kind: 'open', ids: besideOf(rows, row) } : { kind: 'favourite' };
  if (key.toLowerCase() === 'p' && !typing && row.kind === 'function') return { kind: 'probe' };
  return null;
}

function besideOf(rows: FunctionRows, { parent }: FunctionRow): readonly string[] {
  const ids: string[] = [];
  for (let index = 0; index < rows.count; index++) {
    const row = rows.at(index);
    if (row?.kind === 'group' && row.parent === parent) ids.push(row.group.id);
  }
  return ids;
}

/** Letters this long after the last one begin a new name, in milliseconds. */
const PAUSE = 800;

/** Finding a row by typing the beginning of its text. */
export class TypeAhead {
  #typed = '';
  #last = -Infinity;

  /** Whether what is typed now goes on with a name. */
  pending(now: number): boolean {
    return this.#typed !== '' && now - this.#last < PAUSE;
  }

  /** Another key was pressed: the next letter begins a new name. */
  end(): void {
    this.#typed = '';
  }

  /** The row to go to, -1 if none begins so; null if `key` is no letter. Leading underscores may be left out. */
  type(
    key: string,
    now: number,
    rows: FunctionRows,
    active: number,
    textOf: (row: FunctionRow) => string,
  ): number | null {
    if (key.length !== 1 || key === ' ' || key === '*') {
      this.end();
      return null;
    }
    if (!this.pending(now)) this.#typed = '';
    this.#typed += key.toLowerCase();
    this.#last = now;
    const again = this.#typed.length > 1 && [...this.#typed].every((letter) => letter === this.#typed[0]);
    const wanted = again ? key.toLowerCase() : this.#typed;
    const from = Math.max(active, 0) + (this.#typed.length === 1 || again ? 1 : 0);
    for (let step = 0; step < rows.count; step++) {
      const index = (from + step) % rows.count;
      const row = rows.at(index);
      if (row === null) continue;
      const text = textOf(row);
      if (begins(text, 0, wanted) || (text.startsWith('_') && begins(text, text.search(/[^_]/), wanted)))
        return index;
    }
    return -1;
  }
}

function begins(text: string, from: number, wanted: string): boolean {
  return from >= 0 && text.slice(from, from + wanted.length).toLowerCase() === wanted;
}
