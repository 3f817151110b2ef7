import { describe, expect, test } from 'vitest';
import { membersAtOffset } from '../../../shared/btf/at-offset.ts';
import { cachelinesTouched } from '../../../shared/btf/cachelines.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { gapsOf } from '../../../shared/btf/gaps.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import { findComposites, resolvePath } from '../../../shared/btf/path.ts';
import { printType } from '../../../shared/btf/print.ts';
import { sizeOf } from '../../../shared/btf/resolve.ts';
import { refusal } from './refusal.ts';
import { BtfWriter } from './writer.ts';

/** struct outer: an unnamed union with an unnamed struct in it, holes, bitfields, arrays, pointers. */
function example(endian: 'little' | 'big' = 'little') {
  const w = new BtfWriter({ endian });
  const u8 = w.int('u8', 1);
  const u32 = w.int('u32', 4);
  const u64 = w.int('unsigned long', 8);
  const inner = w.composite('struct', 'inner', 8, [
    { name: 'id', type: u32, bitOffset: 0 },
    { name: 'tag', type: u8, bitOffset: 32 },
  ]);
  const unnamedStruct = w.composite('struct', '', 16, [
    { name: 'next', type: w.pointer(inner), bitOffset: 0 },
    { name: 'flags', type: u32, bitOffset: 64, bits: 3 },
    { name: 'mode', type: u32, bitOffset: 67, bits: 5 },
  ]);
  const unnamedUnion = w.composite('union', '', 16, [
    { name: '', type: unnamedStruct, bitOffset: 0 },
    { name: 'raw', type: u64, bitOffset: 0 },
  ]);
  const entry = w.composite('struct', '', 2, [
    { name: 'a', type: u8, bitOffset: 0 },
    { name: 'b', type: u8, bitOffset: 8 },
  ]);
  const alias = w.typedef('opaque_t', w.composite('struct', '', 1, [{ name: 'v', type: u8, bitOffset: 0 }]));
  const outer = w.composite('struct', 'outer', 72, [
    { name: 'first', type: u8, bitOffset: 0 },
    { name: '', type: unnamedUnion, bitOffset: 64 },
    { name: 'in', type: w.const(inner), bitOffset: 192 },
    { name: 'many', type: w.array(inner, 3), bitOffset: 256 },
    { name: 'table', type: w.array(entry, 4), bitOffset: 448 },
    { name: 'op', type: alias, bitOffset: 512 },
    { name: 'tail', type: w.array(u8, 0), bitOffset: 520 },
  ]);
  w.typedef('outer_t', w.const(outer));
  return { btf: parseBtf(w.bytes()), outer, inner };
}

describe.each(['little', 'big'] as const)('layout, %s-endian', (endian) => {
  const { btf, outer } = example(endian);

  test('paths, offsets and widths', () => {
    const rows = namedMembers(layoutOf(btf, outer)).map(
      (m) => `${m.path} ${m.byteOffset} ${m.bitOffset} ${m.bits} ${m.type}${m.bitfield ? ' bitfield' : ''}`,
    );
    expect(rows).toEqual([
      'first 0 0 8 u8',
      'next 8 64 64 struct inner *',
      'flags 16 128 3 u32 bitfield',
      'mode 16 131 5 u32 bitfield',
      'raw 8 64 64 unsigned long',
      'in 24 192 64 const struct inner',
      'many 32 256 192 struct inner[3]',
      'table 56 448 64 struct {...}[4]',
      'table[0].a 56 448 8 u8',
      'table[0].b 57 456 8 u8',
      'op 64 512 8 opaque_t',
      'tail 65 520 0 u8[]',
    ]);
  });

  test('all structs held by value', () => {
    const paths = namedMembers(layoutOf(btf, outer, { expand: 'all' })).map((m) => m.path);
    expect(paths).toEqual([
      'first',
      'next',
      'flags',
      'mode',
      'raw',
      'in',
      'in.id',
      'in.tag',
      'many',
      'table',
      'table[0].a',
      'table[0].b',
      'op',
      'op.v',
      'tail',
    ]);
  });

  test('gaps', () => {
    const gaps = gapsOf(layoutOf(btf, outer, { expand: 'all' }));
    expect(
      gaps.map((gap) => `${gap.kind} ${gap.bitOffset}+${gap.bits} in "${gap.path}" after ${gap.after?.path}`),
    ).toEqual([
      'hole 8+56 in "" after first',
      'padding 136+56 in "" after mode',
      'padding 232+24 in "in" after in.tag',
      'padding 520+56 in "" after tail',
    ]);
  });

  test('cachelines', () => {
    expect(cachelinesTouched({ bitOffset: 448, bits: 128 })).toEqual({ first: 0, last: 1 });
    expect(cachelinesTouched({ bitOffset: 512, bits: 0 })).toEqual({ first: 1, last: 1 });
  });

  test('what lies at a byte', () => {
    const at = (byte: number) =>
      membersAtOffset(btf, outer, byte).map((m) => `${m.path} ${m.bitOffset} ${m.bits}`);
    expect(at(0)).toEqual(['first 0 8']);
    expect(at(3)).toEqual([]);
    expect(at(9)).toEqual(['next 64 64', 'raw 64 64']);
    expect(at(16)).toEqual(['flags 128 3', 'mode 131 5']);
    expect(at(44)).toEqual(['many[1].tag 352 8']);
    expect(at(61)).toEqual(['table[2].b 488 8']);
    expect(at(64)).toEqual(['op.v 512 8']);
    expect(at(1000)).toEqual([]);
  });

  test('paths are found', () => {
    const where = (path: string) => {
      const { pointers, byteOffset, bitOffset, bits, type } = resolvePath(btf, path);
      return `${JSON.stringify(pointers)} ${byteOffset} ${bitOffset} ${bits} ${type}`;
    };
    expect(where('outer.first')).toBe('[] 0 0 8 u8');
    expect(where(' struct outer . mode')).toBe('[] 16 131 5 u32');
    expect(where('outer_t.in.tag')).toBe('[] 28 224 8 u8');
    expect(where('outer.many[2].tag')).toBe('[] 52 416 8 u8');
    expect(where('outer.next->tag')).toBe('[8] 4 32 8 u8');
    expect(where('outer.tail[5]')).toBe('[] 70 560 8 u8');
    expect(where('outer')).toBe('[] 0 0 576 struct outer');
  });

  test.each([
    ['nosuch.data', 'E_NOTFOUND'],
    ['outer.nosuch', 'E_NOTFOUND'],
    ['outer.first.x', 'E_NOTFOUND'],
    ['union outer.first', 'E_NOTFOUND'],
    ['outer.next.tag', 'E_PATH'],
    ['outer.in->tag', 'E_PATH'],
    ['outer.first[0]', 'E_PATH'],
    ['outer.many[3]', 'E_PATH'],
    ['outer..first', 'E_PATH'],
    ['outer.first)', 'E_PATH'],
    ['', 'E_PATH'],
    [`outer${'.in'.repeat(1000)}`, 'E_PATH'],
  ] as const)('%s is refused', (path, code) => {
    expect(refusal(() => resolvePath(btf, path)).code).toBe(code);
  });
});

describe('an unnamed member of a named struct (-fms-extensions)', () => {
  test('lends its members to the outer one', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    const head = w.composite('struct', 'head', 8, [{ name: 'name', type: int, bitOffset: 32 }]);
    const outer = w.composite('struct', 'outer', 16, [
      { name: '', type: w.typedef('head_t', head), bitOffset: 64 },
    ]);
    const btf = parseBtf(w.bytes());
    expect(namedMembers(layoutOf(btf, outer)).map((m) => `${m.path} ${m.bitOffset}`)).toEqual(['name 96']);
    expect(resolvePath(btf, 'outer.name').byteOffset).toBe(12);
    expect(printType(btf, outer)).toContain('head_t {');
  });
});

describe('printed', () => {
  test('a struct', () => {
    const { btf, outer } = example();
    expect(printType(btf, outer)).toMatchInlineSnapshot(`
      "struct outer {
          u8 first;                                            /*      0       1 */
          /* hole: 7 bytes */
          union {
              struct {
                  struct inner *next;                          /*      8       8 */
                  u32 flags:3;                                 /*   16:0  3 bits */
                  u32 mode:5;                                  /*   16:3  5 bits */
                  /* padding: 7 bytes */
              };                                               /*      8      16 */
              unsigned long raw;                               /*      8       8 */
          };                                                   /*      8      16 */
          const struct inner in;                               /*     24       8 */
          struct inner many[3];                                /*     32      24 */
          struct {
              u8 a;                                            /*     56       1 */
              u8 b;                                            /*     57       1 */
          } table[4];                                          /*     56       8 */
          /* --- cacheline 1 (byte 64) --- */
          opaque_t op;                                         /*     64       1 */
          u8 tail[];                                           /*     65       0 */
          /* padding: 7 bytes */

          /* size: 72, cachelines of 64: 2, members: 7, holes: 1, together 7 bytes */
      };
      "
    `);
  });

  test('an enum', () => {
    const w = new BtfWriter();
    w.enum('e', [['A', -1]], true);
    w.enum64('big', [['B', 2n ** 63n]]);
    const btf = parseBtf(w.bytes());
    expect(printType(btf, 1)).toBe('enum e {\n    A = -1,\n}; /* size: 4, signed */\n');
    expect(printType(btf, 2)).toBe('enum big {\n    B = 9223372036854775808,\n}; /* size: 8 */\n');
  });
});

describe('structs of one name', () => {
  test('the one with members comes first', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    const empty = w.composite('struct', 'twice', 0, []);
    const full = w.composite('struct', 'twice', 4, [{ name: 'a', type: 1, bitOffset: 0 }]);
    const btf = parseBtf(w.bytes());
    expect(findComposites(btf, 'twice')).toEqual([full, empty]);
    expect(resolvePath(btf, 'twice.a').rootId).toBe(full);
    expect(refusal(() => resolvePath(btf, 'twice.a', empty)).code).toBe('E_NOTFOUND');
  });
});

describe('hostile layouts end soon', () => {
  /** The code refused with. The quickest of three counts: the machine may be busy with something else. */
  const quick = (action: () => unknown): string => {
    const attempts = [1, 2, 3].map(() => {
      const start = performance.now();
      const { code } = refusal(action);
      return { code, time: performance.now() - start };
    });
    expect(Math.min(...attempts.map(({ time }) => time))).toBeLessThan(100);
    return attempts[0]?.code ?? '';
  };

  test('a struct that holds itself', () => {
    const w = new BtfWriter();
    w.composite('struct', 's', 8, [{ name: '', type: 2, bitOffset: 0 }]);
    w.composite('union', '', 8, [{ name: '', type: 1, bitOffset: 0 }]);
    const btf = parseBtf(w.bytes());
    expect(quick(() => layoutOf(btf, 1))).toBe('E_DEPTH');
    expect(quick(() => printType(btf, 1))).toBe('E_DEPTH');
    expect(quick(() => resolvePath(btf, 's.x'))).toBe('E_NOTFOUND');
    expect(quick(() => membersAtOffset(btf, 1, 0))).toBe('E_DEPTH');
  });

  test('thirty unnamed structs, each twice in the next', () => {
    const w = new BtfWriter();
    let top = w.int('int', 4);
    for (let i = 0; i < 30; i++) {
      top = w.composite('struct', i === 29 ? 'laugh' : '', 8, [
        { name: '', type: top, bitOffset: 0 },
        { name: '', type: top, bitOffset: 0 },
      ]);
    }
    const btf = parseBtf(w.bytes());
    expect(quick(() => layoutOf(btf, top))).toBe('E_BUDGET');
    expect(quick(() => printType(btf, top))).toBe('E_BUDGET');
    expect(quick(() => resolvePath(btf, 'laugh.x'))).toBe('E_NOTFOUND');
    expect(quick(() => membersAtOffset(btf, top, 0))).toBe('E_BUDGET');
  });

  test('a chain of a hundred thousand const', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    for (let id = 1; id < 100_000; id++) w.const(id);
    w.composite('struct', 's', 4, [{ name: 'a', type: 100_000, bitOffset: 0 }]);
    const btf = parseBtf(w.bytes());
    expect(quick(() => layoutOf(btf, 100_001))).toBe('E_DEPTH');
    expect(quick(() => sizeOf(btf, 100_000))).toBe('E_DEPTH');
  });

  test('an array whose size overflows', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    let top = 1;
    for (let i = 0; i < 3; i++) top = w.array(top, 0xffffffff);
    w.composite('struct', 's', 4, [{ name: 'a', type: top, bitOffset: 0 }]);
    const btf = parseBtf(w.bytes());
    expect(quick(() => layoutOf(btf, top + 1))).toBe('E_LIMIT');
  });

  test('a struct with more members than the budget', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    const members = Array.from({ length: 30_000 }, () => ({ name: 'a', type: 1, bitOffset: 0 }));
    const id = w.composite('struct', 's', 4, members);
    expect(quick(() => layoutOf(parseBtf(w.bytes()), id))).toBe('E_BUDGET');
  });
});
