import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import {
  KIND_ARRAY,
  KIND_CONST,
  KIND_ENUM,
  KIND_ENUM64,
  KIND_FUNC,
  KIND_FUNC_PROTO,
  KIND_FWD,
  KIND_PTR,
  KIND_RESTRICT,
  KIND_STRUCT,
  KIND_TYPE_TAG,
  KIND_UNION,
  KIND_VAR,
  KIND_VOLATILE,
} from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import { extraWord, sizeOrType } from './resolve.ts';

/**
 * C declarations. A C type is text on both sides of the name it declares: `int (*` NAME `)[4]`. Each type's two sides are made once
 * and kept; a type's depth is kept with them, so the limit does not depend on what was asked first.
 */
class DeclaratorTable {
  readonly #btf: Btf;
  readonly #base: DeclaratorTable | null;
  readonly #left: (string | undefined)[] = [];
  readonly #right: (string | undefined)[] = [];
  readonly #depth: Uint16Array;
  readonly #start: number;
  readonly #longest: number;
  readonly #names = new Map<number, string>();
  /** Failures of whole declarations, so that a hostile file cannot make us find the same one ten thousand times. */
  readonly #failures = new Map<number, BtfError>();

  constructor(btf: Btf, base: DeclaratorTable | null) {
    this.#btf = btf;
    this.#base = base;
    this.#start = btf.startId;
    this.#longest = btf.limits.declarationText;
    this.#depth = new Uint16Array(btf.typeCount - btf.startId);
  }

  /** `name` declared as type `id`; '' for the bare type. */
  declare(id: number, name: string): string {
    const known = this.#failures.get(id);
    if (known !== undefined) throw known;
    try {
      const { left, right } = this.#part(id, 0);
      return joined(left, name, right);
    } catch (failure) {
      if (failure instanceof BtfError) this.#failures.set(id, failure);
      throw failure;
    }
  }

  #holder(id: number): DeclaratorTable {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    let table: DeclaratorTable = this;
    while (id < table.#start && table.#base !== null) table = table.#base;
    return table;
  }

  /** Makes both sides of type `id`, which this table holds, and returns the left one. `level` counts the calls above. */
  #leftOf(id: number, level: number): string {
    if (id === 0) return 'void';
    const index = id - this.#start;
    const kept = this.#left[index];
    const limit = this.#btf.limits.resolveDepth;
    if (kept !== undefined && level + (this.#depth[index] ?? 0) <= limit) return kept;
    if (level > limit || kept !== undefined) {
      throw new BtfError('E_DEPTH', `The declaration of type ${id} is more than ${limit} types deep`, {
        typeId: id,
      });
    }
    const sides = this.#make(id, level);
    this.#checkLength(id, sides.left.length + sides.right.length);
    this.#left[index] = sides.left;
    this.#right[index] = sides.right;
    this.#depth[index] = sides.depth;
    return sides.left;
  }

  #checkLength(id: number, length: number): void {
    const limit = this.#longest;
    if (length <= limit) return;
    throw new BtfError('E_BUDGET', `The declaration of type ${id} has over ${limit} characters`, {
      typeId: id,
    });
  }

  #part(id: number, level: number): Sides {
    if (id === 0) return { left: 'void', right: '', depth: 0 };
    const holder = this.#holder(id);
    const left = holder.#leftOf(id, level);
    const index = id - holder.#start;
    return { left, right: holder.#right[index] ?? '', depth: holder.#depth[index] ?? 0 };
  }

  #make(id: number, level: number): Sides {
    const btf = this.#btf;
    const kind = btf.kindNumber(id);
    switch (kind) {
      case KIND_PTR:
        return this.#pointer(id, level);
      case KIND_CONST:
        return this.#qualified(id, 'const', level);
      case KIND_VOLATILE:
        return this.#qualified(id, 'volatile', level);
      case KIND_RESTRICT:
        return this.#qualified(id, 'restrict', level);
      case KIND_TYPE_TAG: {
        const part = this.#part(sizeOrType(btf, id), level + 1);
        return { left: `${part.left} ${typeTag(btf, id)}`, right: part.right, depth: part.depth + 1 };
      }
      case KIND_ARRAY: {
        const part = this.#part(extraWord(btf, id, 0), level + 1);
        const count = extraWord(btf, id, 2);
        return {
          left: part.left,
          right: `[${count === 0 ? '' : count}]${part.right}`,
          depth: part.depth + 1,
        };
      }
      case KIND_FUNC_PROTO:
        return this.#prototype(id, level);
      case KIND_FUNC:
      case KIND_VAR: {
        const part = this.#part(sizeOrType(btf, id), level + 1);
        return { left: part.left, right: part.right, depth: part.depth + 1 };
      }
      default:
        return { left: baseType(btf, id, kind), right: '', depth: 0 };
    }
  }

  #pointer(id: number, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    const depth = part.depth + 1;
    const targetIsArrayOrFunction = part.right.startsWith('[') || part.right.startsWith('(');
    const left = part.left.endsWith('*') ? part.left : `${part.left} `;
    if (targetIsArrayOrFunction) return { left: `${left}(*`, right: `)${part.right}`, depth };
    return { left: `${left}*`, right: part.right, depth };
  }

  /**
   * A qualifier stands behind the * it belongs to, else in front. On an array it means the elements, and compilers then often give
   * it twice; on a function it means nothing.
   */
  #qualified(id: number, word: string, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    const depth = part.depth + 1;
    const ofPointer = /\*(?: const| volatile| restrict)*$/.test(part.left);
    if (part.right.startsWith('(')) return { left: part.left, right: part.right, depth };
    if (
      part.right.startsWith('[') &&
      (ofPointer ? part.left.endsWith(` ${word}`) : part.left.startsWith(`${word} `))
    ) {
      return { left: part.left, right: part.right, depth };
    }
    return { left: ofPointer ? `${part.left} ${word}` : `${word} ${part.left}`, right: part.right, depth };
  }

  #prototype(id: number, level: number): Sides {
    const btf = this.#btf;
    const file = btf.owner(id);
    if (file === null) return { left: 'void', right: '', depth: 0 };
    const { words, offsets } = file.types;
    const at = offsets[id - file.startId] ?? 0;
    const count = (words[at + 1] ?? 0) & VLEN_MASK;
    const returned = this.#part(words[at + 2] ?? 0, level + 1);
    const end = at + 3 + count * 2;
    let depth = returned.depth;
    let text = '';
    for (let parameter = at + 3; parameter < end; parameter += 2) {
      const nameOffset = words[parameter] ?? 0;
      const typeId = words[parameter + 1] ?? 0;
      if (text !== '') text += ', ';
      if (typeId === 0 && nameOffset === 0 && parameter === end - 2) {
        text += '...';
      } else {
        const table = typeId < this.#start ? this.#holder(typeId) : this;
        const left = table.#leftOf(typeId, level + 1);
        const index = typeId - table.#start;
        const below = table.#depth[index] ?? 0;
        if (below > depth) depth = below;
        text += joined(left, this.#shownNameAt(nameOffset), table.#right[index] ?? '');
      }
      if (text.length > this.#longest) this.#checkLength(id, text.length);
    }
    return {
      left: returned.left,
      right: `(${count === 0 ? 'void' : text})${returned.right}`,
      depth: depth + 1,
    };
  }

  /** Parameter names are few and repeat: each is read and escaped once. */
  #shownNameAt(offset: number): string {
    if (offset === 0) return '';
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    const name = shownName(this.#btf.nameAt(offset));
    this.#names.set(offset, name);
    return name;
  }
}

interface Sides {
  readonly left: string;
  readonly right: string;
  /** Types below this one, on the longest way. */
  readonly depth: number;
}

function joined(left: string, name: string, right: string): string {
  if (name === '') return left + right;
  return left.endsWith('*') ? left + name + right : `${left} ${name}${right}`;
}

/** The name of a type that refers to no other; of an unnamed struct, union or enum no more than that it is one. */
function baseType(btf: Btf, id: number, kind: number): string {
  const name = shownName(btf.name(id));
  const keyword = keywordOf(btf, id, kind);
  if (keyword === '') return name === '' ? `/* type ${id}, ${btf.kind(id)} */` : name;
  return name === '' ? `${keyword} {...}` : `${keyword} ${name}`;
}

function keywordOf(btf: Btf, id: number, kind: number): string {
  switch (kind) {
    case KIND_STRUCT:
      return 'struct';
    case KIND_UNION:
      return 'union';
    case KIND_ENUM:
    case KIND_ENUM64:
      return 'enum';
    case KIND_FWD: {
      const type = btf.type(id);
      return type.kind === 'fwd' ? type.of : 'struct';
    }
    default:
      return '';
  }
}

/** Tags the kernel source writes as __user and so on; an attribute of any other name in full. */
const kernelTags = new Set(['user', 'percpu', 'rcu', 'uptr', 'kptr']);

function typeTag(btf: Btf, id: number): string {
  const type = btf.type(id);
  if (type.kind !== 'type_tag') return '';
  const name = shownName(type.name);
  if (type.attribute) return `__attribute__((${name}))`;
  return kernelTags.has(name) ? `__${name}` : `__attribute__((btf_type_tag("${name}")))`;
}

const tables = new WeakMap<Btf, DeclaratorTable>();

function tableOf(btf: Btf): DeclaratorTable {
  const kept = tables.get(btf);
  if (kept !== undefined) return kept;
  const table = new DeclaratorTable(btf, btf.base === null ? null : tableOf(btf.base));
  tables.set(btf, table);
  return table;
}

/** Type `id` in C, declaring `name`: `struct sk_buff *skb`, `char cb[48]`. Throws E_TYPEID, E_DEPTH, E_BUDGET. */
export function declaration(btf: Btf, id: number, name: string): string {
  btf.owner(id);
  return tableOf(btf).declare(id, shownName(name));
}

/** Type `id` in C without a name: `struct sk_buff *`, `char[48]`, `int (*)(void)`. */
export function typeText(btf: Btf, id: number): string {
  return declaration(btf, id, '');
}

/**
 * The C prototype of function `id`: `int ip_rcv_core(struct sk_buff *skb, struct net *net)`. Throws E_NOTFOUND when `id` is no
 * function, E_DEPTH or E_BUDGET when its types have no end.
 */
export function prototype(btf: Btf, id: number): string {
  if (btf.kindNumber(id) !== KIND_FUNC) {
    throw new BtfError('E_NOTFOUND', `Type ${id} is a ${btf.kind(id)}, not a function`, { typeId: id });
  }
  return tableOf(btf).declare(sizeOrType(btf, id), shownName(btf.name(id)));
}
