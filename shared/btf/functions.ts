import { prototype } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';

/** One function of a BTF, as a list shows it. */
export interface ListedFunction {
  readonly id: number;
  readonly name: string;
}

/**
 * The functions of this file (not of its base), in the order of their names' UTF-16 code units. pahole writes them so already; then
 * nothing is sorted.
 */
export function listFunctions(btf: Btf): ListedFunction[] {
  const ids = btf.functions();
  const names = btf.functionNames();
  const listed: ListedFunction[] = [];
  let sorted = true;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? '';
    if (i > 0 && name < (names[i - 1] ?? '')) sorted = false;
    listed.push({ id: ids[i] ?? 0, name });
  }
  if (!sorted) listed.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id));
  return listed;
}

/** The prototype, or for a function whose types have no end its name and why; never throws for a function of this BTF. */
export function signature(btf: Btf, id: number): string {
  try {
    return prototype(btf, id);
  } catch (failure) {
    if (!(failure instanceof BtfError)) throw failure;
    return `${shownName(btf.name(id))}(/* ${failure.code}: no C text */)`;
  }
}
