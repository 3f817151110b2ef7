import { DeclaratorTable } from './declarator-table.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { KIND_FUNC } from './kinds.ts';
import { sizeOrType } from './resolve.ts';
import { TextWriter } from './text-writer.ts';

const tables = new WeakMap<Btf, DeclaratorTable>();

function tableOf(btf: Btf): DeclaratorTable {
  const kept = tables.get(btf);
  if (kept !== undefined) return kept;
  const table = new DeclaratorTable(btf, btf.base === null ? null : tableOf(btf.base));
  tables.set(btf, table);
  return table;
}

/**
 * Type `id` in C, declaring `name`: `struct sk_buff *skb`, `char cb[48]`. Throws E_TYPEID, E_DEPTH, E_BUDGET.
 */
export function declaration(btf: Btf, id: number, name: string): string {
  btf.owner(id);
  return tableOf(btf).declare(id, shownName(name));
}

/** Type `id` in C without a name: `struct sk_buff *`, `char[48]`, `int (*)(void)`. */
export function typeText(btf: Btf, id: number): string {
  return declaration(btf, id, '');
}

/**
 * The C prototype of function `id`: `int ip_rcv_core(struct sk_buff *skb, struct net *net)`. Throws
 * E_NOTFOUND when `id` is no function, E_DEPTH or E_BUDGET when its types have no end.
 */
export function prototype(btf: Btf, id: number): string {
  if (btf.kindNumber(id) !== KIND_FUNC) {
    throw new BtfError('E_NOTFOUND', `Type ${id} is a ${btf.kind(id)}, not a function`, { typeId: id });
  }
  return tableOf(btf).declare(sizeOrType(btf, id), shownName(btf.name(id)));
}

/**
 * The prototypes of all functions of this file, one a line, in the order of `functions()`; an empty line for
 * one whose types have no end. Much quicker than one by one.
 */
export function allPrototypes(btf: Btf): string {
  const table = tableOf(btf);
  const { words, offsets, functions } = btf.types;
  const writer = new TextWriter(functions.length * 96);
  for (let i = 0; i < functions.length; i++) {
    const at = offsets[functions[i] ?? 0] ?? 0;
    const nameOffset = words[at] ?? 0;
    const prototypeId = words[at + 2] ?? 0;
    const length = writer.length;
    if (prototypeId < btf.startId || !table.writeOrNot(writer, prototypeId, nameOffset)) {
      writer.cut(length);
      writer.add(table.declareOrNull(prototypeId, shownName(btf.nameAt(nameOffset))) ?? '');
    }
    writer.add('\n');
  }
  return writer.finish();
}
