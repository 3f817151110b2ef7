import { describe, expect, test } from 'vitest';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { kindSizes } from '../../../shared/btf/kinds.ts';
import { refusal } from './refusal.ts';
import { BtfWriter } from './writer.ts';

describe.each(['little', 'big'] as const)('a %s-endian file', (endian) => {
  test('every kind reads back', () => {
    const w = new BtfWriter({ endian });
    const int = w.int('int', 4, 1);
    const pointer = w.pointer(int);
    const array = w.array(int, 7);
    const plain = w.composite('struct', 'plain', 8, [
      { name: 'a', type: int, bitOffset: 0 },
      { name: '', type: int, bitOffset: 32 },
    ]);
    const bits = w.composite('union', 'bits', 4, [
      { name: 'x', type: int, bitOffset: 3, bits: 5 },
      { name: 'y', type: int, bitOffset: 0 },
    ]);
    const enumeration = w.enum('e', [
      ['BIG', 0xffffffff],
      ['ZERO', 0],
    ]);
    const signed = w.enum('s', [['MINUS', -1]], true);
    const forward = w.forward('later', true);
    const typedef = w.typedef('t', int);
    const volatile = w.volatile(int);
    const constant = w.const(int);
    const restrict = w.restrict(pointer);
    const prototype = w.prototype(int, [
      ['a', pointer],
      ['', 0],
    ]);
    const func = w.function('f.isra.0', prototype);
    const variable = w.add(14, 'v', int, 0, false, [1]);
    const section = w.add(15, '.data', 16, 1, false, [variable, 4, 12]);
    const float = w.add(16, 'double', 8);
    const declTag = w.declTag('bpf_kfunc', func, 1);
    const typeTag = w.typeTag('user', int);
    const wide = w.enum64('wide', [
      ['TOP', 0xffff_ffff_ffff_fffen],
      ['LOW', 5n],
    ]);
    const wideSigned = w.enum64('ws', [['M', -2n]], true);
    const locParam = w.add(20, '', 0, 2, false, [9, 1, 2]);
    const locProto = w.add(21, '', 0, 3, false, [0, locParam, locParam]);
    const locSection = w.add(22, 'inline', 0, 1, false, [func, locProto, 0x40]);
    const btf = parseBtf(w.bytes());

    expect(btf.endian).toBe(endian);
    expect(btf.typeCount).toBe(locSection + 1);
    const encoding = { signed: true, char: false, bool: false };
    expect([...Array(btf.typeCount).keys()].map((id) => btf.type(id))).toEqual([
      { kind: 'void', id: 0 },
      { kind: 'int', id: int, name: 'int', size: 4, bits: 32, bitOffset: 0, encoding },
      { kind: 'ptr', id: pointer, name: '', typeId: int },
      { kind: 'array', id: array, elementId: int, indexId: 1, count: 7 },
      {
        kind: 'struct',
        id: plain,
        name: 'plain',
        size: 8,
        members: [
          { name: 'a', typeId: int, bitOffset: 0, bitfieldBits: 0 },
          { name: '', typeId: int, bitOffset: 32, bitfieldBits: 0 },
        ],
      },
      {
        kind: 'union',
        id: bits,
        name: 'bits',
        size: 4,
        members: [
          { name: 'x', typeId: int, bitOffset: 3, bitfieldBits: 5 },
          { name: 'y', typeId: int, bitOffset: 0, bitfieldBits: 0 },
        ],
      },
      {
        kind: 'enum',
        id: enumeration,
        name: 'e',
        size: 4,
        signed: false,
        values: [
          { name: 'BIG', value: 4294967295 },
          { name: 'ZERO', value: 0 },
        ],
      },
      { kind: 'enum', id: signed, name: 's', size: 4, signed: true, values: [{ name: 'MINUS', value: -1 }] },
      { kind: 'fwd', id: forward, name: 'later', of: 'union' },
      { kind: 'typedef', id: typedef, name: 't', typeId: int },
      { kind: 'volatile', id: volatile, name: '', typeId: int },
      { kind: 'const', id: constant, name: '', typeId: int },
      { kind: 'restrict', id: restrict, name: '', typeId: pointer },
      {
        kind: 'func_proto',
        id: prototype,
        returnId: int,
        parameters: [{ name: 'a', typeId: pointer }],
        variadic: true,
      },
      { kind: 'func', id: func, name: 'f.isra.0', prototypeId: prototype, linkage: 'static' },
      { kind: 'var', id: variable, name: 'v', typeId: int, linkage: 1 },
      {
        kind: 'datasec',
        id: section,
        name: '.data',
        size: 16,
        variables: [{ typeId: variable, byteOffset: 4, size: 12 }],
      },
      { kind: 'float', id: float, name: 'double', size: 8 },
      { kind: 'decl_tag', id: declTag, name: 'bpf_kfunc', typeId: func, componentIndex: 1, attribute: false },
      { kind: 'type_tag', id: typeTag, name: 'user', typeId: int, attribute: false },
      {
        kind: 'enum64',
        id: wide,
        name: 'wide',
        size: 8,
        signed: false,
        values: [
          { name: 'TOP', value: 0xffff_ffff_ffff_fffen },
          { name: 'LOW', value: 5n },
        ],
      },
      {
        kind: 'enum64',
        id: wideSigned,
        name: 'ws',
        size: 8,
        signed: true,
        values: [{ name: 'M', value: -2n }],
      },
      { kind: 'loc_param', id: locParam, kindNumber: 20, vlen: 2, words: [0, 9, 1, 2] },
      { kind: 'loc_proto', id: locProto, kindNumber: 21, vlen: 3, words: [0, 0, locParam, locParam] },
      { kind: 'locsec', id: locSection, kindNumber: 22, vlen: 1, words: [0, func, locProto, 0x40] },
    ]);
    expect([...btf.functions()]).toEqual([func]);
    expect(btf.findAll('plain')).toEqual([plain]);
    expect(btf.findAll('plain', 'union')).toEqual([]);
  });

  test('any alignment and a longer header read the same', () => {
    for (const headerBytes of [24, 32, 33, 64]) {
      const w = new BtfWriter({ endian, headerBytes, typeOffset: 8 });
      w.int('unsigned long', 4);
      w.typedef('word', 1);
      const bytes = w.bytes();
      for (let shift = 0; shift < 4; shift++) {
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const btf = parseBtf(moved.subarray(shift));
        expect(btf.type(2)).toEqual({ kind: 'typedef', id: 2, name: 'word', typeId: 1 });
        expect(btf.pointerSize).toBe(4);
        const inPool = Buffer.from(moved.buffer).subarray(shift);
        expect(parseBtf(inPool).name(2)).toBe('word');
      }
    }
  });

  test('old-style bitfields read like new ones', () => {
    const w = new BtfWriter({ endian });
    w.int('unsigned int', 4);
    const narrow = w.int('unsigned int', 4, 0, 3, 2);
    const alias = w.typedef('narrow', w.const(narrow));
    const id = w.composite('struct', 's', 4, [
      { name: 'a', type: narrow, bitOffset: 8 },
      { name: 'b', type: alias, bitOffset: 16 },
      { name: 'c', type: 1, bitOffset: 0 },
    ]);
    expect(parseBtf(w.bytes()).members(id)).toEqual([
      { name: 'a', typeId: narrow, bitOffset: 10, bitfieldBits: 3 },
      { name: 'b', typeId: alias, bitOffset: 18, bitfieldBits: 3 },
      { name: 'c', typeId: 1, bitOffset: 0, bitfieldBits: 0 },
    ]);
  });
});

describe('names', () => {
  test('several types of one name are all found', () => {
    const w = new BtfWriter();
    w.int('same', 4);
    w.composite('struct', 'same', 0, []);
    w.composite('struct', 'same', 4, [{ name: 'a', type: 1, bitOffset: 0 }]);
    w.composite('struct', 'samething', 0, []);
    const btf = parseBtf(w.bytes());
    expect(btf.findAll('same')).toEqual([1, 2, 3]);
    expect(btf.findAll('same', 'struct')).toEqual([2, 3]);
    expect(btf.findAll('')).toEqual([]);
  });

  test('UTF-8 names do not move the names behind them', () => {
    const w = new BtfWriter();
    w.int('größe', 4);
    w.int('語', 4);
    w.int('after', 4);
    const btf = parseBtf(w.bytes());
    expect([1, 2, 3].map((id) => btf.name(id))).toEqual(['größe', '語', 'after']);
    expect(btf.findAll('語')).toEqual([2]);
  });
});

describe('kinds of unknown size', () => {
  const sizes = kindSizes.map((size) => [size.info, size.element] as const);

  test('are skipped by the layout section', () => {
    const w = new BtfWriter({ layout: [...sizes, [8, 4]] });
    w.int('int', 4);
    w.add(23, 'new', 1, 3, false, [1, 2, 3, 4, 5]);
    w.typedef('after', 1);
    const btf = parseBtf(w.bytes());
    expect(btf.kind(2)).toBe('unknown');
    expect(btf.type(2)).toEqual({
      kind: 'unknown',
      id: 2,
      kindNumber: 23,
      vlen: 3,
      words: [1, 1, 2, 3, 4, 5],
    });
    expect(btf.name(3)).toBe('after');
  });

  test('a kind above 19 of another size than ours is skipped, not interpreted', () => {
    const w = new BtfWriter({ layout: [...sizes.slice(0, 22), [0, 16]] });
    w.int('int', 4);
    w.add(22, '', 0, 1, false, [1, 2, 3, 4]);
    w.typedef('after', 1);
    const btf = parseBtf(w.bytes());
    expect(btf.kind(2)).toBe('unknown');
    expect(btf.name(3)).toBe('after');
  });

  test('the settled kinds keep their size whatever the layout section says', () => {
    const w = new BtfWriter({
      layout: [
        [0, 0],
        [8, 0],
      ],
    });
    w.int('int', 4);
    w.typedef('after', 1);
    const btf = parseBtf(w.bytes());
    expect(btf.name(2)).toBe('after');
    expect(btf.warnings).toHaveLength(1);
  });

  test('a split BTF uses the layout section of its base', () => {
    const base = parseBtf(new BtfWriter({ layout: [...sizes, [4, 0]] }).bytes());
    const w = new BtfWriter({ base });
    w.add(23, 'new', 0, 9, false, [1]);
    w.int('int', 4);
    expect(parseBtf(w.bytes(), { base }).name(2)).toBe('int');
  });

  test('without a layout section the parser stops', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    w.add(23, 'new', 0);
    expect(refusal(() => parseBtf(w.bytes()))).toMatchObject({ code: 'E_KIND', typeId: 2, offset: 24 + 16 });
  });
});

describe('split BTF', () => {
  test('a chain of three', () => {
    const w1 = new BtfWriter();
    w1.int('int', 4);
    const vmlinux = parseBtf(w1.bytes());
    const w2 = new BtfWriter({ base: vmlinux });
    const pointer = w2.pointer(1);
    const struct = w2.composite('struct', 'of_module', 8, [{ name: 'p', type: pointer, bitOffset: 0 }]);
    const module = parseBtf(w2.bytes(), { base: vmlinux });
    const w3 = new BtfWriter({ base: module });
    const func = w3.function('inlined', w3.prototype(1, [['m', w3.pointer(struct)]]));
    const inline = parseBtf(w3.bytes(), { base: module });

    expect([vmlinux.startId, module.startId, inline.startId]).toEqual([1, 2, 4]);
    expect(inline.name(1)).toBe('int');
    expect(inline.name(struct)).toBe('of_module');
    expect(inline.members(struct)).toEqual([{ name: 'p', typeId: 2, bitOffset: 0, bitfieldBits: 0 }]);
    expect([...inline.functions()]).toEqual([func]);
    expect([...module.functions()]).toEqual([]);
    expect(inline.findAll('int')).toEqual([1]);
    expect(refusal(() => module.type(func)).code).toBe('E_TYPEID');
  });

  test('one without names of its own', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    const base = parseBtf(w.bytes());
    const split = new BtfWriter({ base });
    split.pointer(1);
    expect(parseBtf(split.bytes(), { base }).type(2)).toMatchObject({ kind: 'ptr', typeId: 1 });
  });
});
