import { baseType, typeTag } from './base-type.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import {
  KIND_ARRAY,
  KIND_CONST,
  KIND_FUNC,
  KIND_FUNC_PROTO,
  KIND_PTR,
  KIND_RESTRICT,
  KIND_TYPE_TAG,
  KIND_VAR,
  KIND_VOLATILE,
} from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import { extraWord, sizeOrType } from './resolve.ts';
import type { TextWriter } from './text-writer.ts';

/**
 * C declarations. A C type is text on both sides of the name it declares: `int (*` NAME `)[4]`. Each type's
 * two sides are made once and kept; a type's depth is kept with them, so the limit does not depend on what
 * was asked first.
 */
export class DeclaratorTable {
  readonly #btf: Btf;
  readonly #base: DeclaratorTable | null;
  readonly #sides: (Sides | undefined)[];
  readonly #start: number;
  readonly #longest: number;
  readonly #deepest: number;
  readonly #names = new Map<number, string>();
  /**
   * Failures of whole declarations, so that a hostile file cannot make us find the same one ten thousand
   * times.
   */
  readonly #failures = new Map<number, BtfError>();

  constructor(btf: Btf, base: DeclaratorTable | null) {
    this.#btf = btf;
    this.#base = base;
    this.#start = btf.startId;
    this.#longest = btf.limits.declarationText;
    this.#deepest = btf.limits.resolveDepth;
    this.#sides = new Array<Sides | undefined>(btf.typeCount - btf.startId);
  }

  /** `name` declared as type `id`; '' for the bare type. */
  declare(id: number, name: string): string {
    const known = this.#failures.size === 0 ? undefined : this.#failures.get(id);
    if (known !== undefined) throw known;
    try {
      return joined(this.#part(id, 0), name);
    } catch (failure) {
      if (failure instanceof BtfError) this.#failures.set(id, failure);
      throw failure;
    }
  }

  /** As declare; null instead of a BtfError. */
  declareOrNull(id: number, name: string): string | null {
    try {
      return this.declare(id, name);
    } catch (failure) {
      if (failure instanceof BtfError) return null;
      throw failure;
    }
  }

  /**
   * Writes the prototype of a function, whose name is at string offset `nameOffset`, of type `id`, a
   * FUNC_PROTO of this file. False, with part of it written, when only `declare` can: a name to be escaped, a
   * function that returns a function, a text over the limit. Throws as declare.
   */
  write(to: TextWriter, id: number, nameOffset: number): boolean {
    const { words, offsets } = this.#btf.types;
    const at = offsets[id - this.#start] ?? 0;
    const end = at + 3 + ((words[at + 1] ?? 0) & VLEN_MASK) * 2;
    const limit = to.length + this.#longest;
    const returned = this.#part(words[at + 2] ?? 0, 1);
    if (returned.right !== '') return false;
    to.add(returned.beforeName);
    if (!this.#writeName(to, nameOffset)) return false;
    to.add(at + 3 === end ? '(void' : '(');
    for (let parameter = at + 3; parameter < end; parameter += 2) {
      const name = words[parameter] ?? 0;
      const typeId = words[parameter + 1] ?? 0;
      if (parameter > at + 3) to.add(', ');
      if (typeId === 0 && name === 0 && parameter === end - 2) {
        to.add('...');
      } else {
        const part = this.#part(typeId, 1);
        to.add(name === 0 ? part.left : part.beforeName);
        if (name !== 0 && !this.#writeName(to, name)) return false;
        if (part.right !== '') to.add(part.right);
      }
      if (to.length > limit) return false;
    }
    to.add(')');
    return true;
  }

  /** As write; false instead of a BtfError. */
  writeOrNot(to: TextWriter, id: number, nameOffset: number): boolean {
    try {
      return this.write(to, id, nameOffset);
    } catch (failure) {
      if (failure instanceof BtfError) return false;
      throw failure;
    }
  }

  #writeName(to: TextWriter, offset: number): boolean {
    const strings = this.#btf.stringsOf(offset);
    return to.addName(strings.bytes, offset - strings.start);
  }

  #holder(id: number): DeclaratorTable {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    let table: DeclaratorTable = this;
    while (id < table.#start && table.#base !== null) table = table.#base;
    return table;
  }

  /** Both sides of type `id`, of whatever file of the chain. `level` counts the calls above. */
  #part(id: number, level: number): Sides {
    if (id === 0) return voidSides;
    if (id < this.#start) return this.#holder(id).#part(id, level);
    const index = id - this.#start;
    const kept = this.#sides[index];
    const limit = this.#deepest;
    if (kept !== undefined && level + kept.depth <= limit) return kept;
    if (level > limit || kept !== undefined) {
      throw new BtfError('E_DEPTH', `The declaration of type ${id} is more than ${limit} types deep`, {
        typeId: id,
      });
    }
    const sides = this.#make(id, level);
    this.#checkLength(id, sides.left.length + sides.right.length);
    this.#sides[index] = sides;
    return sides;
  }

  #checkLength(id: number, length: number): void {
    const limit = this.#longest;
    if (length <= limit) return;
    throw new BtfError('E_BUDGET', `The declaration of type ${id} has over ${limit} characters`, {
      typeId: id,
    });
  }

  /**
   * One function a kind, called through the table: put in one function with a switch, it would be compiled
   * anew for each new kind met.
   */
  static readonly #makers: ReadonlyMap<number, (table: DeclaratorTable, id: number, level: number) => Sides> =
    new Map([
      [KIND_PTR, (table, id, level) => table.#pointer(id, level)],
      [KIND_CONST, (table, id, level) => table.#qualified(id, 'const', level)],
      [KIND_VOLATILE, (table, id, level) => table.#qualified(id, 'volatile', level)],
      [KIND_RESTRICT, (table, id, level) => table.#qualified(id, 'restrict', level)],
      [KIND_TYPE_TAG, (table, id, level) => table.#tagged(id, level)],
      [KIND_ARRAY, (table, id, level) => table.#array(id, level)],
      [KIND_FUNC_PROTO, (table, id, level) => table.#prototype(id, level)],
      [KIND_FUNC, (table, id, level) => table.#likeItsType(id, level)],
      [KIND_VAR, (table, id, level) => table.#likeItsType(id, level)],
    ]);

  #make(id: number, level: number): Sides {
    const kind = this.#btf.kindNumber(id);
    const maker = DeclaratorTable.#makers.get(kind);
    return maker === undefined ? sides(baseType(this.#btf, id, kind), '', 0) : maker(this, id, level);
  }

  #tagged(id: number, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    return sides(`${part.left} ${typeTag(this.#btf, id)}`, part.right, part.depth + 1);
  }

  #array(id: number, level: number): Sides {
    const part = this.#part(extraWord(this.#btf, id, 0), level + 1);
    const count = extraWord(this.#btf, id, 2);
    return sides(part.left, `[${count === 0 ? '' : count}]${part.right}`, part.depth + 1);
  }

  #likeItsType(id: number, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    return sides(part.left, part.right, part.depth + 1);
  }

  #pointer(id: number, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    const depth = part.depth + 1;
    const targetIsArrayOrFunction = part.right.startsWith('[') || part.right.startsWith('(');
    const left = part.left.endsWith('*') ? part.left : `${part.left} `;
    if (targetIsArrayOrFunction) return sides(`${left}(*`, `)${part.right}`, depth);
    return sides(`${left}*`, part.right, depth);
  }

  /**
   * A qualifier stands behind the * it belongs to, else in front. On an array it means the elements, and
   * compilers then often give it twice; on a function it means nothing.
   */
  #qualified(id: number, word: string, level: number): Sides {
    const part = this.#part(sizeOrType(this.#btf, id), level + 1);
    const depth = part.depth + 1;
    const ofPointer = /\*(?: const| volatile| restrict)*$/.test(part.left);
    const already = ofPointer ? part.left.endsWith(` ${word}`) : part.left.startsWith(`${word} `);
    if (part.right.startsWith('(') || (part.right.startsWith('[') && already)) {
      return sides(part.left, part.right, depth);
    }
    return sides(ofPointer ? `${part.left} ${word}` : `${word} ${part.left}`, part.right, depth);
  }

  #prototype(id: number, level: number): Sides {
    const btf = this.#btf;
    const file = btf.owner(id);
    if (file === null) return voidSides;
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
        const part = this.#part(typeId, level + 1);
        if (part.depth > depth) depth = part.depth;
        text += nameOffset === 0 ? part.left : part.beforeName + this.#shownNameAt(nameOffset);
        if (part.right !== '') text += part.right;
      }
      if (text.length > this.#longest) this.#checkLength(id, text.length);
    }
    const { left, beforeName } = returned;
    const right = `(${count === 0 ? 'void' : text})${returned.right}`;
    return { left, beforeName, right, depth: depth + 1 };
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
  /** `left`, with a space where one has to stand before a name. */
  readonly beforeName: string;
  readonly right: string;
  /** Types below this one, on the longest way. */
  readonly depth: number;
}

function sides(left: string, right: string, depth: number): Sides {
  return { left, beforeName: left.endsWith('*') ? left : `${left} `, right, depth };
}

const voidSides = sides('void', '', 0);

function joined(declared: Sides, name: string): string {
  return name === '' ? declared.left + declared.right : declared.beforeName + name + declared.right;
}
