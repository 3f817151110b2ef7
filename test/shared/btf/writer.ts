import * as kinds from '../../../shared/btf/kinds.ts';

export interface WriterOptions {
  readonly endian?: 'little' | 'big';
  /** 24, 32 (with room for a layout section) or more (a tail to be skipped). */
  readonly headerBytes?: number;
  /** Of the base, for a split BTF. */
  readonly base?: { readonly typeCount: number; readonly stringEnd: number };
  /** [info size, element size] for each kind from 0 up. */
  readonly layout?: readonly (readonly [number, number])[];
  readonly typeOffset?: number;
}

export interface WrittenMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  readonly bits?: number;
}

/** Writes BTF by hand, right or wrong: nothing is checked. Ids count as the parser counts them. */
export class BtfWriter {
  readonly #options: WriterOptions;
  readonly #words: number[] = [];
  readonly #offsets = new Map<string, number>();
  #strings = '';
  #nextId: number;

  constructor(options: WriterOptions = {}) {
    this.#options = options;
    this.#nextId = options.base?.typeCount ?? 1;
    if (options.base === undefined) {
      this.#strings = '\0';
      this.#offsets.set('', 0);
    }
  }

  get nextId(): number {
    return this.#nextId;
  }

  /** Number of words in the type section so far. */
  get wordCount(): number {
    return this.#words.length;
  }

  name(text: string): number {
    const known = text === '' ? 0 : this.#offsets.get(text);
    if (known !== undefined) return known;
    const bytes = [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join('');
    const offset = (this.#options.base?.stringEnd ?? 0) + this.#strings.length;
    this.#strings += `${bytes}\0`;
    this.#offsets.set(text, offset);
    return offset;
  }

  add(
    kind: number,
    name: string,
    third: number,
    vlen = 0,
    flag = false,
    words: readonly number[] = [],
  ): number {
    const info = ((flag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0;
    this.#words.push(this.name(name), info, third >>> 0, ...words.map((word) => word >>> 0));
    return this.#nextId++;
  }

  int(name: string, size: number, encoding = 0, bits = size * 8, bitOffset = 0): number {
    return this.add(kinds.KIND_INT, name, size, 0, false, [(encoding << 24) | (bitOffset << 16) | bits]);
  }

  pointer(type: number): number {
    return this.add(kinds.KIND_PTR, '', type);
  }

  const(type: number): number {
    return this.add(kinds.KIND_CONST, '', type);
  }

  volatile(type: number): number {
    return this.add(kinds.KIND_VOLATILE, '', type);
  }

  restrict(type: number): number {
    return this.add(kinds.KIND_RESTRICT, '', type);
  }

  typedef(name: string, type: number): number {
    return this.add(kinds.KIND_TYPEDEF, name, type);
  }

  typeTag(name: string, type: number, attribute = false): number {
    return this.add(kinds.KIND_TYPE_TAG, name, type, 0, attribute);
  }

  array(element: number, count: number, index = 1): number {
    return this.add(kinds.KIND_ARRAY, '', 0, 0, false, [element, index, count]);
  }

  forward(name: string, union = false): number {
    return this.add(kinds.KIND_FWD, name, 0, 0, union);
  }

  /** `bits` on any member, or `flag`, makes it the new style (kind_flag). */
  composite(
    kind: 'struct' | 'union',
    name: string,
    size: number,
    members: readonly WrittenMember[],
    flag = members.some((member) => member.bits !== undefined),
  ): number {
    const words = members.flatMap((member) => [
      this.name(member.name),
      member.type,
      flag ? ((member.bits ?? 0) << 24) | member.bitOffset : member.bitOffset,
    ]);
    const number = kind === 'struct' ? kinds.KIND_STRUCT : kinds.KIND_UNION;
    return this.add(number, name, size, members.length, flag, words);
  }

  enum(name: string, values: readonly (readonly [string, number])[], signed = false, size = 4): number {
    const words = values.flatMap(([value, number]) => [this.name(value), number]);
    return this.add(kinds.KIND_ENUM, name, size, values.length, signed, words);
  }

  enum64(name: string, values: readonly (readonly [string, bigint])[], signed = false): number {
    const words = values.flatMap(([value, number]) => [
      this.name(value),
      Number(BigInt.asUintN(32, number)),
      Number(BigInt.asUintN(32, number >> 32n)),
    ]);
    return this.add(kinds.KIND_ENUM64, name, 8, values.length, signed, words);
  }

  prototype(returned: number, parameters: readonly (readonly [string, number])[]): number {
    const words = parameters.flatMap(([name, type]) => [this.name(name), type]);
    return this.add(kinds.KIND_FUNC_PROTO, '', returned, parameters.length, false, words);
  }

  function(name: string, prototype: number): number {
    return this.add(kinds.KIND_FUNC, name, prototype);
  }

  declTag(name: string, type: number, component = -1): number {
    return this.add(kinds.KIND_DECL_TAG, name, type, 0, false, [component]);
  }

  bytes(): Uint8Array {
    const headerBytes = this.#options.headerBytes ?? (this.#options.layout === undefined ? 24 : 32);
    const little = (this.#options.endian ?? 'little') === 'little';
    const typeOffset = this.#options.typeOffset ?? 0;
    const layoutOffset = typeOffset + this.#words.length * 4;
    const layout = this.#options.layout ?? [];
    const stringOffset = layoutOffset + layout.length * 4;
    const bytes = new Uint8Array(headerBytes + stringOffset + this.#strings.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, little);
    view.setUint8(2, 1);
    view.setUint32(4, headerBytes, little);
    view.setUint32(8, typeOffset, little);
    view.setUint32(12, this.#words.length * 4, little);
    view.setUint32(16, stringOffset, little);
    view.setUint32(20, this.#strings.length, little);
    if (headerBytes >= 32) {
      view.setUint32(24, layout.length === 0 ? 0 : layoutOffset, little);
      view.setUint32(28, layout.length * 4, little);
    }
    for (const [i, word] of this.#words.entries())
      view.setUint32(headerBytes + typeOffset + i * 4, word, little);
    for (const [i, [info, element]] of layout.entries()) {
      view.setUint8(headerBytes + layoutOffset + i * 4, info);
      view.setUint8(headerBytes + layoutOffset + i * 4 + 1, element);
    }
    for (let i = 0; i < this.#strings.length; i++) {
      view.setUint8(headerBytes + stringOffset + i, this.#strings.charCodeAt(i));
    }
    return bytes;
  }
}
