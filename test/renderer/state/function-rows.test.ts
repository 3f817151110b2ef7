import { describe, expect, test } from 'vitest';
import { TypeAhead, functionStep } from '../../../renderer/features/functions/tree-keys.ts';
import { FunctionRows, pathGroups, treeGroups } from '../../../renderer/state/function-rows.ts';
import type { FunctionRow } from '../../../renderer/state/function-rows.ts';
import { pathNotes } from '../../../renderer/texts/zh-CN/packet-path.ts';
import { PACKET_PATH } from '../../../shared/probe/packet-path.ts';

const leaf = { groups: [] };
const groups = treeGroups([
  {
    kind: 'module',
    name: 'vmlinux',
    entries: [],
    groups: [
      { kind: 'prefix', name: 'ip', entries: [0, 1, 2], ...leaf },
      { kind: 'prefix', name: 'tcp', entries: [3, 4], ...leaf },
    ],
  },
  { kind: 'module', name: 'veth', entries: [5], ...leaf },
]);
const IP = '/module:vmlinux/prefix:ip';
const all = new Set(['/module:vmlinux', IP, '/module:vmlinux/prefix:tcp', '/module:veth']);
const names = ['ip_one', 'ip_rcv', 'ip_two', 'tcp_ack', '__tcp_push', 'veth_xmit'];
const textOf = (row: FunctionRow): string =>
  row.kind === 'group' ? row.group.name : (names[row.entry] ?? '');
const told = (rows: FunctionRows): unknown[] =>
  Array.from({ length: rows.count }, (_, index) => {
    const row = rows.at(index);
    return row && [textOf(row), row.level, row.position, row.siblings, row.parent];
  });

describe('rows', () => {
  test('are those of open groups, each with its place', () => {
    expect(told(new FunctionRows(groups, new Set()))).toEqual([
      ['vmlinux', 1, 1, 2, -1],
      ['veth', 1, 2, 2, -1],
    ]);
    expect(told(new FunctionRows(groups, new Set(['/module:vmlinux', IP])))).toEqual([
      ['vmlinux', 1, 1, 2, -1],
      ['ip', 2, 1, 2, 0],
      ['ip_one', 3, 1, 3, 1],
      ['ip_rcv', 3, 2, 3, 1],
      ['ip_two', 3, 3, 3, 1],
      ['tcp', 2, 2, 2, 0],
      ['veth', 1, 2, 2, -1],
    ]);
  });

  test('of a closed group are not seen, nor what is open in it', () => {
    expect(new FunctionRows(groups, new Set([IP])).count).toBe(2);
  });

  test('are found by their entry, and none lies outside', () => {
    const rows = new FunctionRows(groups, all);
    for (let entry = 0; entry < 6; entry++) expect(rows.at(rows.rowOf(entry))).toMatchObject({ entry });
    expect(rows.rowOf(6)).toBe(-1);
    expect(new FunctionRows(groups, new Set()).rowOf(0)).toBe(-1);
    for (const row of [-1, rows.count, NaN]) expect(rows.at(row)).toBeNull();
  });

  test('without groups are the functions themselves', () => {
    expect(told(new FunctionRows([], new Set(), [4, 0]))).toEqual([
      ['__tcp_push', 1, 1, 2, -1],
      ['ip_one', 1, 2, 2, -1],
    ]);
  });

  test('of 60,000 functions cost an object each time they are looked at, not before', () => {
    const many = Array.from({ length: 60_000 }, (_, entry) => entry);
    const [group] = treeGroups([{ kind: 'module', name: 'all', entries: many, groups: [] }]);
    if (!group) return expect.fail('no group');
    const rows = new FunctionRows([group], new Set([group.id]));
    expect(rows.count).toBe(60_001);
    expect(rows.at(60_000)).toMatchObject({ entry: 59_999, position: 60_000, parent: 0 });
  });

  test('of the packet’s path say what this kernel does not have', () => {
    const path = pathGroups(PACKET_PATH, (name) => (name === 'ip_rcv' ? 7 : null));
    expect(path.reduce((sum, group) => sum + group.entries.length, 0)).toBe(PACKET_PATH.length);
    const ipv4 = path.find((group) => group.name === 'receive-ipv4');
    expect(ipv4?.entries[0]).toBe(7);
    expect(ipv4?.size).toBe(1);
    const absent = -1 - (ipv4?.entries[1] ?? 0);
    expect(PACKET_PATH[absent]?.name).toBe('ip_list_rcv');
  });

  test('every step of the path is told in Chinese', () => {
    expect(Object.keys(pathNotes).toSorted()).toEqual(PACKET_PATH.map(({ name }) => name).toSorted());
    for (const note of Object.values(pathNotes)) expect(note).toMatch(/[\u4e00-\u9fff]/);
  });
});

describe('keys', () => {
  const rows = new FunctionRows(groups, new Set(['/module:vmlinux', IP]));

  test.each([
    [0, 'ArrowRight', { kind: 'move', to: 1 }],
    [5, 'ArrowRight', { kind: 'open', ids: ['/module:vmlinux/prefix:tcp'] }],
    [2, 'ArrowRight', null],
    [1, 'ArrowLeft', { kind: 'close', ids: [IP] }],
    [3, 'ArrowLeft', { kind: 'move', to: 1 }],
    [6, 'ArrowLeft', null],
    [5, 'ArrowLeft', { kind: 'move', to: 0 }],
    [3, 'p', { kind: 'probe' }],
    [3, 'P', { kind: 'probe' }],
    [1, 'p', null],
    [3, '*', { kind: 'favourite' }],
    [1, '*', { kind: 'open', ids: [IP, '/module:vmlinux/prefix:tcp'] }],
    [-1, 'p', null],
    [3, 'x', null],
  ] as const)('row %i, %s', (row, key, step) => {
    expect(functionStep(rows, row, key, false)).toEqual(step);
  });

  test('a P in a name that is being typed probes nothing', () => {
    expect(functionStep(rows, 3, 'p', true)).toBeNull();
  });

  test('typing goes to what begins so, and on from there', () => {
    const typing = new TypeAhead();
    const open = new FunctionRows(groups, all);
    const type = (key: string, now: number, active: number): number | null =>
      typing.type(key, now, open, active, textOf);
    expect(type('i', 0, 0)).toBe(1);
    expect(type('p', 100, 1)).toBe(1);
    expect(type('_', 200, 1)).toBe(2);
    expect(type('r', 300, 2)).toBe(3);
    expect(type('z', 400, 3)).toBe(-1);
    expect(typing.pending(500)).toBe(true);
    expect(typing.pending(5000)).toBe(false);
    expect(type('t', 5000, 3)).toBe(5);
    expect(type('t', 5100, 5)).toBe(6);
    expect(type('t', 5200, 6)).toBe(7);
    expect(type('v', 5300, 7)).toBe(-1);
    expect(type('ArrowDown', 5400, 7)).toBeNull();
    expect(type('v', 5500, 7)).toBe(8);
    expect(type('Enter', 9000, 0)).toBeNull();
    expect(type(' ', 9000, 0)).toBeNull();
  });
});
