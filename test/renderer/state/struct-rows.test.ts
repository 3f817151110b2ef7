import { describe, expect, test } from 'vitest';
import {
  MOST_POINTERS,
  MOST_ROWS,
  matchingRows,
  rowAt,
  structRows,
} from '../../../renderer/state/struct-rows.ts';
import type { StructRow } from '../../../renderer/state/struct-rows.ts';
import { KernelStructs } from '../../../electron/backend/target/kernel-structs.ts';
import { cachelineOfMachine } from '../../../shared/btf/cachelines.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { BtfWriter } from '../../shared/btf/writer.ts';
import { fakeKernel } from '../dev/fake-kernel.ts';

const { structs } = fakeKernel();
const skb = structs.layouts('sk_buff')[0] ?? expect.fail('no sk_buff');

function rowsWith(opened: readonly string[] = [], closed: readonly string[] = []): StructRow[] {
  return structRows(skb.nodes, {
    opened: new Set(opened),
    closed: new Set(closed),
    nodesOf: ({ type }) => structs.body({ module: 'vmlinux', type }).nodes,
    elements: new Map(),
    cacheline: 512,
  });
}

const of = (rows: readonly StructRow[], path: string): StructRow =>
  rows.find((row) => row.path === path) ?? expect.fail(`no ${path}`);

describe('the lines of a struct', () => {
  test('what has no name is open, with its level, its arm and the absolute place of each member', () => {
    const rows = rowsWith();
    expect(rows.slice(0, 9).map((row) => [row.level, row.path, row.bitOffset / 8, row.arms.at(-1)])).toEqual([
      [1, '', 0, null],
      [2, '', 0, 0],
      [3, 'next', 0, null],
      [3, 'prev', 8, null],
      [3, '', 16, null],
      [4, 'dev', 16, 0],
      [4, 'dev_scratch', 16, 1],
      [2, 'list', 0, 1],
      [1, 'sk', 24, null],
    ]);
    expect(rows[5]).toMatchObject({ parent: 4, position: 1, siblings: 2, opens: 'leads', expanded: false });
    expect(rowsWith([], ['/0']).slice(0, 2)).toMatchObject([{ expanded: false }, { path: 'sk' }]);
  });

  test('a cacheline is told on the first line that begins in it, also where none begins on its byte', () => {
    const lines = rowsWith().filter(({ cacheline }) => cacheline !== null);
    expect(lines.map(({ path, cacheline }) => [path, cacheline])).toEqual([
      ['len', 1],
      ['truesize', 2],
    ]);
  });

  test('behind a pointer places count anew, and the path has its arrow', () => {
    const dev = of(rowsWith(), 'dev').id;
    const rows = rowsWith([dev]);
    const mtu = of(rows, 'dev->mtu');
    expect(mtu).toMatchObject({ level: 5, pointers: 1, bitOffset: 24 * 8 });
    const stats = of(rows, 'dev->stats');
    const inner = of(rowsWith([dev, stats.id]), 'dev->stats.tx_packets');
    expect(inner).toMatchObject({ level: 6, pointers: 1, bitOffset: 48 * 8 });
  });

  test('pointers in a circle end', () => {
    let opened: string[] = [];
    for (let depth = 0; depth < 20; depth++) {
      const rows = rowsWith(opened);
      opened = rows.filter((row) => /(^|->)next$/.test(row.path) && row.opens !== null).map(({ id }) => id);
    }
    const rows = rowsWith(opened);
    expect(Math.max(...rows.map(({ pointers }) => pointers))).toBe(MOST_POINTERS);
    expect(of(rows, Array.from({ length: MOST_POINTERS + 1 }, () => 'next').join('->')).opens).toBeNull();
  });

  test('an element of an array that was asked for, and what lies in it', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    const pair = w.composite('struct', 'pair', 8, [
      { name: 'a', type: int, bitOffset: 0 },
      { name: 'b', type: int, bitOffset: 32 },
    ]);
    w.composite('struct', 'holder', 64, [
      { name: 'n', type: w.array(int, 2), bitOffset: 0 },
      { name: 'grid', type: w.array(w.array(pair, 2), 3), bitOffset: 64 },
      { name: 'last', type: w.array(w.pointer(pair), 0), bitOffset: 448 },
    ]);
    const made = new KernelStructs([{ module: 'vmlinux', btf: parseBtf(w.bytes()) }], 'h');
    const [holder] = made.layouts('holder');
    const rows = structRows(holder?.nodes ?? [], {
      opened: new Set(['/1', '/2']),
      closed: new Set(),
      nodesOf: ({ type }) => made.body({ module: 'vmlinux', type }).nodes,
      elements: new Map([
        ['/0', 1],
        ['/1', 2],
      ]),
      cacheline: 512,
    });
    expect(rows.map(({ path, bitOffset }) => `${bitOffset / 8} ${path}`).slice(0, 6)).toEqual([
      '0 n[1]',
      '8 grid[2]',
      '40 grid[2][0].a',
      '44 grid[2][0].b',
      '56 last',
      '0 last[0]->a',
    ]);
  });

  test('cachelines begin where those of the machine do', () => {
    const begin = (bytes: number) =>
      structRows(skb.nodes, {
        opened: new Set(),
        closed: new Set(),
        nodesOf: () => null,
        elements: new Map(),
        cacheline: bytes * 8,
      }).flatMap(({ cacheline, bitOffset }) => (cacheline === null ? [] : [[cacheline, bitOffset / 8]]));
    expect(begin(64)).toEqual([
      [1, 80],
      [2, 128],
    ]);
    expect(begin(128)).toEqual([[1, 128]]);
    expect(begin(256)).toEqual([]);
    expect(['x86_64', 'aarch64', 's390x', 'ppc64le', ''].map(cachelineOfMachine)).toEqual([
      64, 64, 256, 128, 64,
    ]);
  });

  test('there are never more than so many', () => {
    const many = Array.from({ length: 300 }, () => skb.nodes[0] ?? expect.fail('no node'));
    const wide = Array.from({ length: 300 }, () => ({ ...many[0], nodes: many }) as (typeof many)[number]);
    const rows = structRows(wide, {
      opened: new Set(),
      closed: new Set(),
      nodesOf: () => null,
      elements: new Map(),
      cacheline: 512,
    });
    expect(rows.length).toBe(MOST_ROWS);
  });
});

describe('searching', () => {
  test('keeps what holds all words, and what that is in', () => {
    const rows = matchingRows(rowsWith(), 'dev net_device');
    expect(rows.map(({ path, level, parent }) => [path, level, parent])).toEqual([
      ['', 1, -1],
      ['', 2, 0],
      ['', 3, 1],
      ['dev', 4, 2],
    ]);
    expect(matchingRows(rowsWith(), 'hole')).toHaveLength(2);
    expect(matchingRows(rowsWith(), '112').map(({ path }) => path)).toEqual(['data']);
    expect(matchingRows(rowsWith(), 'zzz')).toEqual([]);
    expect(matchingRows(rowsWith(), ' ')).toHaveLength(rowsWith().length);
  });
});

test('the line that holds a bit is the innermost one, holes included, nothing behind a pointer', () => {
  const rows = rowsWith([of(rowsWith(), 'dev').id]);
  expect(rowAt(rows, 0)?.path).toBe('next');
  expect(rowAt(rows, 17 * 8)?.path).toBe('dev');
  expect(rowAt(rows, 90 * 8 + 3)?.path).toBe('ignore_df');
  expect(rowAt(rows, 93 * 8)?.node.kind).toBe('hole');
  expect(rowAt(rows, 135 * 8)?.node.kind).toBe('padding');
  expect(rowAt(rows, 136 * 8)).toBeNull();
});
