import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declaration } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import { resolvePath } from '../../../shared/btf/path.ts';
import { sizeOf } from '../../../shared/btf/resolve.ts';
import type { BtfType } from '../../../shared/btf/types.ts';
import { BtfWriter } from './writer.ts';

const word = fc.nat({ max: 0xffffffff });
const name = fc.oneof(fc.stringMatching(/^[A-Za-z_][\w.]{0,12}$/), fc.constant(''), fc.constant('größe'));
const encoding = fc.record({ signed: fc.boolean(), char: fc.boolean(), bool: fc.boolean() });

/** A type's meaning before ids are known: `ref` picks any id of the file. */
type Recipe = (id: number, ref: (n: number) => number) => BtfType;

const reference = fc.nat({ max: 10_000 });
const recipe: fc.Arbitrary<Recipe> = fc.oneof(
  fc
    .record({ name, size: word, bits: fc.nat({ max: 255 }), bitOffset: fc.nat({ max: 255 }), encoding })
    .map((r): Recipe => (id) => ({ kind: 'int', id, ...r })),
  fc
    .record({ kind: fc.constantFrom('ptr', 'const', 'volatile', 'restrict'), to: reference })
    .map(({ kind, to }): Recipe => (id, ref) => ({ kind, id, name: '', typeId: ref(to) })),
  fc
    .record({ name, to: reference })
    .map((r): Recipe => (id, ref) => ({ kind: 'typedef', id, name: r.name, typeId: ref(r.to) })),
  fc.record({ name, to: reference, attribute: fc.boolean() }).map((r): Recipe => (id, ref) => ({
    kind: 'type_tag',
    id,
    name: r.name,
    typeId: ref(r.to),
    attribute: r.attribute,
  })),
  fc.record({ element: reference, index: reference, count: word }).map((r): Recipe => (id, ref) => ({
    kind: 'array',
    id,
    elementId: ref(r.element),
    indexId: ref(r.index),
    count: r.count,
  })),
  fc
    .record({
      kind: fc.constantFrom('struct', 'union'),
      name,
      size: word,
      members: fc.array(
        fc.record({
          name,
          to: reference,
          bitOffset: fc.nat({ max: 0xffffff }),
          bitfieldBits: fc.nat({ max: 255 }),
        }),
        { maxLength: 6 },
      ),
    })
    .map((r): Recipe => (id, ref) => ({
      kind: r.kind,
      id,
      name: r.name,
      size: r.size,
      members: r.members.map(({ to, ...member }) => ({ ...member, typeId: ref(to) })),
    })),
  fc
    .record({
      name,
      size: word,
      signed: fc.boolean(),
      values: fc.array(fc.record({ name, value: word }), { maxLength: 5 }),
    })
    .map((r): Recipe => (id) => ({
      kind: 'enum',
      id,
      ...r,
      values: r.values.map((v) => ({ name: v.name, value: r.signed ? v.value | 0 : v.value })),
    })),
  fc
    .record({ name, signed: fc.boolean(), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) })
    .map((r): Recipe => (id) => ({
      kind: 'enum64',
      id,
      name: r.name,
      size: 8,
      signed: r.signed,
      values: [{ name: 'V', value: r.signed ? BigInt.asIntN(64, r.value) : r.value }],
    })),
  fc
    .record({ name, of: fc.constantFrom('struct', 'union') })
    .map((r): Recipe => (id) => ({ kind: 'fwd', id, ...r })),
  fc
    .record({
      returned: reference,
      variadic: fc.boolean(),
      parameters: fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,5}$/), to: reference }), {
        maxLength: 5,
      }),
    })
    .map((r): Recipe => (id, ref) => ({
      kind: 'func_proto',
      id,
      returnId: ref(r.returned),
      parameters: r.parameters.map((p) => ({ name: p.name, typeId: ref(p.to) })),
      variadic: r.variadic,
    })),
  fc.record({ name, size: word }).map((r): Recipe => (id) => ({ kind: 'float', id, ...r })),
  fc
    .record({ name, to: reference, component: fc.option(fc.nat({ max: 100 })) })
    .map((r): Recipe => (id, ref) => ({
      kind: 'decl_tag',
      id,
      name: r.name,
      typeId: ref(r.to),
      componentIndex: r.component,
      attribute: false,
    })),
);

function write(w: BtfWriter, type: BtfType): void {
  switch (type.kind) {
    case 'int': {
      const { signed, char, bool } = type.encoding;
      w.int(
        type.name,
        type.size,
        Number(signed) | (Number(char) << 1) | (Number(bool) << 2),
        type.bits,
        type.bitOffset,
      );
      break;
    }
    case 'ptr':
      w.pointer(type.typeId);
      break;
    case 'const':
      w.const(type.typeId);
      break;
    case 'volatile':
      w.volatile(type.typeId);
      break;
    case 'restrict':
      w.restrict(type.typeId);
      break;
    case 'typedef':
      w.typedef(type.name, type.typeId);
      break;
    case 'type_tag':
      w.typeTag(type.name, type.typeId, type.attribute);
      break;
    case 'array':
      w.array(type.elementId, type.count, type.indexId);
      break;
    case 'struct':
    case 'union':
      w.composite(
        type.kind,
        type.name,
        type.size,
        type.members.map((m) => ({
          name: m.name,
          type: m.typeId,
          bitOffset: m.bitOffset,
          bits: m.bitfieldBits,
        })),
        true,
      );
      break;
    case 'enum':
      w.enum(
        type.name,
        type.values.map((v) => [v.name, v.value]),
        type.signed,
        type.size,
      );
      break;
    case 'enum64':
      w.enum64(
        type.name,
        type.values.map((v) => [v.name, v.value]),
        type.signed,
      );
      break;
    case 'fwd':
      w.forward(type.name, type.of === 'union');
      break;
    case 'func_proto':
      w.prototype(type.returnId, [
        ...type.parameters.map((p) => [p.name, p.typeId] as const),
        ...(type.variadic ? [['', 0] as const] : []),
      ]);
      break;
    case 'float':
      w.add(16, type.name, type.size);
      break;
    case 'decl_tag':
      w.declTag(type.name, type.typeId, type.componentIndex ?? -1);
      break;
    default:
      throw new Error(`no recipe makes ${type.kind}`);
  }
}

describe('what is written is read', () => {
  test('any types, either byte order, any header, any alignment, whole or split', () => {
    fc.assert(
      fc.property(
        fc.array(recipe, { maxLength: 30 }),
        fc.constantFrom('little' as const, 'big' as const),
        fc.nat({ max: 40 }),
        fc.nat({ max: 3 }),
        fc.nat({ max: 30 }),
        (recipes, endian, extra, shift, cut) => {
          const ref = (n: number): number => n % (recipes.length + 1);
          const types = recipes.map((make, i) => make(i + 1, ref));
          const split = Math.min(cut, types.length);
          const inFirst = (type: BtfType): boolean => mentioned(type).every((id) => id <= split);
          const chain = types.slice(0, split).every(inFirst);
          const first = new BtfWriter({ endian, headerBytes: 24 + extra });
          for (const type of chain ? types.slice(0, split) : types) write(first, type);
          let btf: Btf = parseBtf(moved(first.bytes(), shift));
          if (chain) {
            const second = new BtfWriter({ endian, base: btf });
            for (const type of types.slice(split)) write(second, type);
            btf = parseBtf(moved(second.bytes(), shift), { base: btf });
          }
          expect(types.map((type) => btf.type(type.id))).toEqual(
            types.map((type) => behindOldBitfields(type, types)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

function moved(bytes: Uint8Array, shift: number): Uint8Array {
  const copy = new Uint8Array(bytes.length + shift);
  copy.set(bytes, shift);
  return copy.subarray(shift);
}

function mentioned(type: BtfType): number[] {
  switch (type.kind) {
    case 'array':
      return [type.elementId, type.indexId];
    case 'struct':
    case 'union':
      return type.members.map((m) => m.typeId);
    case 'func_proto':
      return [type.returnId, ...type.parameters.map((p) => p.typeId)];
    default:
      return 'typeId' in type ? [type.typeId] : [];
  }
}

/** What a member without a width of its own gets from an INT with one, told from the types alone. */
function behindOldBitfields(type: BtfType, types: readonly BtfType[]): BtfType {
  if (type.kind !== 'struct' && type.kind !== 'union') return type;
  const members = type.members.map((member) => {
    if (member.bitfieldBits !== 0) return member;
    let target = types[member.typeId - 1];
    for (let step = 0; step < 32 && target !== undefined; step++) {
      if (!['typedef', 'const', 'volatile', 'restrict', 'type_tag'].includes(target.kind)) break;
      target = 'typeId' in target ? types[target.typeId - 1] : undefined;
    }
    if (target?.kind !== 'int' || (target.bitOffset === 0 && target.bits === target.size * 8)) return member;
    return { ...member, bitOffset: member.bitOffset + target.bitOffset, bitfieldBits: target.bits };
  });
  return { ...type, members };
}

/** A tree of nested structs that a C compiler could have made: members in order, no overlap but in unions. */
interface Node {
  readonly name: string;
  readonly bytes: number;
  readonly children: readonly Node[] | null;
}

const tree: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(1, 2, 4, 8).map((bytes) => ({ name: 'leaf', bytes, children: null })),
    fc
      .record({ named: fc.boolean(), children: fc.array(tie('node'), { minLength: 1, maxLength: 4 }) })
      .map(({ named, children }) => ({
        name: named ? 'body' : '',
        bytes: children.reduce((sum, child) => sum + child.bytes, 0),
        children,
      })),
  ),
})).node;

describe('layouts', () => {
  test('each path of a struct leads where the layout says, and the members fill the struct', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 5 }), (children) => {
        const w = new BtfWriter();
        let counter = 0;
        const ints = new Map([1, 2, 4, 8].map((bytes) => [bytes, w.int(`u${bytes * 8}`, bytes)]));
        const build = (nodes: readonly Node[], name: string): number => {
          let byte = 0;
          const members = nodes.map((node) => {
            const type = node.children === null ? (ints.get(node.bytes) ?? 0) : build(node.children, '');
            const member = {
              name: node.children !== null && node.name === '' ? '' : `m${counter++}`,
              type,
              bitOffset: byte * 8,
            };
            byte += node.bytes;
            return member;
          });
          return w.composite('struct', name, byte, members);
        };
        const id = build(children, 'root');
        const btf = parseBtf(w.bytes());
        const layout = layoutOf(btf, id);
        const leaves = namedMembers(layout).filter((member) => member.body === null);
        let end = 0;
        for (const leaf of leaves) {
          expect(leaf.bitOffset).toBe(end);
          end += leaf.bits;
          expect(resolvePath(btf, `root.${leaf.path}`)).toMatchObject({
            byteOffset: leaf.byteOffset,
            bitOffset: leaf.bitOffset,
            bits: leaf.bits,
          });
        }
        expect(end).toBe((sizeOf(btf, id) ?? 0) * 8);
      }),
      { numRuns: 200 },
    );
  });
});

describe('declarations', () => {
  /** Reads a declarator from its name outwards, the way C does: an independent second opinion. */
  function read(text: string): string[] {
    const at = text.indexOf('NAME');
    let left = text.slice(0, at).trimEnd();
    let right = text.slice(at + 4);
    const steps: string[] = [];
    for (;;) {
      const array = /^\[(\d+)\]/.exec(right);
      if (array !== null) {
        steps.push(`array ${array[1] ?? ''}`);
        right = right.slice(array[0].length);
      } else if (right.startsWith('(void)')) {
        steps.push('function');
        right = right.slice(6);
      } else if (left.endsWith('*')) {
        steps.push('pointer');
        left = left.slice(0, -1).trimEnd();
      } else if (left.endsWith('* const')) {
        steps.push('const', 'pointer');
        left = left.slice(0, -7).trimEnd();
      } else if (left.endsWith('(') && right.startsWith(')')) {
        left = left.slice(0, -1).trimEnd();
        right = right.slice(1);
      } else {
        return [...steps, `${left}${right}`];
      }
    }
  }

  test('any mix of pointers, arrays and functions reads back from the name outwards', () => {
    const layer = fc.constantFrom('pointer', 'array', 'function', 'const');
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 12 }), (layers) => {
        const w = new BtfWriter();
        let id = w.int('int', 4);
        const expected: string[] = ['int'];
        for (const kind of layers) {
          if (kind === 'const' && expected[0] !== 'pointer') continue;
          id =
            kind === 'pointer'
              ? w.pointer(id)
              : kind === 'array'
                ? w.array(id, 7)
                : kind === 'const'
                  ? w.const(id)
                  : w.prototype(id, []);
          expected.unshift(kind === 'array' ? 'array 7' : kind);
        }
        expect(read(declaration(parseBtf(w.bytes()), id, 'NAME'))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
