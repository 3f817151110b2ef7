import { prototype } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { nameOrder } from './name-order.ts';

/**
 * Functions in order of name: the n-th has type id `ids[n]`. Two arrays, as an object for each would cost
 * more than finding them.
 */
export interface FunctionList {
  readonly ids: Uint32Array;
  readonly names: readonly string[];
}

/**
 * The functions of this file (not of its base), in the order of their names' UTF-16 code units, then of ids.
 * pahole writes them so already; then nothing is sorted.
 */
export function listFunctions(btf: Btf): FunctionList {
  const ids = btf.functions();
  const names = btf.functionNames();
  if (isInOrder(names)) return { ids, names };
  const order = nameOrder(names);
  return { ids: order.map((n) => ids[n] ?? 0), names: Array.from(order, (n) => names[n] ?? '') };
}

function isInOrder(names: readonly string[]): boolean {
  for (let n = 1; n < names.length; n++) if ((names[n] ?? '') < (names[n - 1] ?? '')) return false;
  return true;
}

/**
 * The prototype, or for a function whose types have no end its name and why; never throws for a function of
 * this BTF.
 */
export function signature(btf: Btf, id: number): string {
  try {
    return prototype(btf, id);
  } catch (failure) {
    if (!(failure instanceof BtfError)) throw failure;
    return `${shownName(btf.name(id))}(/* ${failure.code}: no C text */)`;
  }
}
