import { describe, expect, test } from 'vitest';
import { rowsOf, treeStep } from '../../../renderer/ui/tree.ts';
import type { TreeNode } from '../../../renderer/ui/tree.ts';

const leaf = (id: string, text = id): TreeNode => ({ id, text, children: [] });
const roots: TreeNode[] = [
  { id: 'eth', text: 'Ethernet', children: [leaf('dst', 'h_dest'), leaf('src', 'h_source')] },
  { id: 'ip', text: 'IP', children: [leaf('ttl')] },
  leaf('data'),
];
const open = rowsOf(roots, new Set());
const closed = rowsOf(roots, new Set(['eth']));

describe('rowsOf', () => {
  test('gives each visible node its level and place among its siblings', () => {
    expect(open.map(({ node, level, position, siblings }) => [node.id, level, position, siblings])).toEqual([
      ['eth', 1, 1, 3],
      ['dst', 2, 1, 2],
      ['src', 2, 2, 2],
      ['ip', 1, 2, 3],
      ['ttl', 2, 1, 1],
      ['data', 1, 3, 3],
    ]);
  });

  test('leaves out what a closed node holds', () => {
    expect(closed.map(({ node }) => node.id)).toEqual(['eth', 'ip', 'ttl', 'data']);
    expect(closed[0]?.expanded).toBe(false);
  });
});

describe('treeStep', () => {
  test('right opens a closed node, and goes into an open one', () => {
    expect(treeStep(closed, 0, 'ArrowRight')).toEqual({ kind: 'expand', ids: ['eth'] });
    expect(treeStep(open, 0, 'ArrowRight')).toEqual({ kind: 'move', to: 1 });
    expect(treeStep(open, 1, 'ArrowRight')).toBeNull();
  });

  test('left closes an open node, and goes up from what is in it', () => {
    expect(treeStep(open, 0, 'ArrowLeft')).toEqual({ kind: 'collapse', ids: ['eth'] });
    expect(treeStep(open, 2, 'ArrowLeft')).toEqual({ kind: 'move', to: 0 });
    expect(treeStep(closed, 0, 'ArrowLeft')).toBeNull();
  });

  test('* opens all siblings', () => {
    expect(treeStep(closed, 1, '*')).toEqual({ kind: 'expand', ids: ['eth', 'ip'] });
  });

  test('a letter goes to the next that begins with it, and round', () => {
    expect(treeStep(open, 1, 'h')).toEqual({ kind: 'move', to: 2 });
    expect(treeStep(open, 2, 'H')).toEqual({ kind: 'move', to: 1 });
    expect(treeStep(open, -1, 'i')).toEqual({ kind: 'move', to: 3 });
    expect(treeStep(open, 0, 'z')).toBeNull();
    expect(treeStep([], -1, 'a')).toBeNull();
  });
});
