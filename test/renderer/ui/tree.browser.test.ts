import { createRawSnippet } from 'svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { userEvent } from 'vitest/browser';
import type { TreeNode } from '../../../renderer/ui/tree.ts';
import Tree from '../../../renderer/ui/Tree.svelte';
import '../../../renderer/ui/base.css';

const leaf = (id: string): TreeNode => ({ id, text: id, children: [] });
const roots: TreeNode[] = [
  { id: 'ethhdr', text: 'ethhdr', children: [leaf('h_dest'), leaf('h_source'), leaf('h_proto')] },
  { id: 'iphdr', text: 'iphdr', children: [leaf('version'), leaf('ihl')] },
];
const node = createRawSnippet<[TreeNode]>((shown) => ({ render: () => `<span>${shown().text}</span>` }));
const host = document.createElement('div');
host.style.height = '440px';

afterEach(() => host.remove());

async function show(chosen: string | null) {
  document.body.append(host);
  const onchoose = vi.fn<(chosen: TreeNode) => void>();
  const made = await render(Tree, {
    target: host,
    props: { roots, label: 'Header fields', node, chosen, onchoose },
  });
  onchoose.mockImplementation((next) => void made.rerender({ chosen: next.id }));
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const tree = host.querySelector<HTMLElement>('[role="tree"]');
  if (!tree) throw new Error('no tree');
  const items = (): string[] =>
    [...tree.querySelectorAll('[role="treeitem"]')].map((item) =>
      ['aria-level', 'aria-posinset', 'aria-setsize', 'aria-expanded']
        .map((name) => item.getAttribute(name) ?? '-')
        .join(' '),
    );
  const chosenId = (): string | undefined => onchoose.mock.lastCall?.[0].id;
  return { tree, items, chosenId };
}

describe('Tree', () => {
  test('tells level, place and state of every item', async () => {
    const { tree, items } = await show('h_proto');
    expect(tree.getAttribute('aria-label')).toBe('Header fields');
    expect(items()).toEqual([
      '1 1 2 true',
      '2 1 3 -',
      '2 2 3 -',
      '2 3 3 -',
      '1 2 2 true',
      '2 1 2 -',
      '2 2 2 -',
    ]);
    expect(tree.querySelector('[aria-selected="true"]')?.textContent).toContain('h_proto');
  });

  test('arrows walk, close and open it', async () => {
    const { tree, items, chosenId } = await show('h_source');
    tree.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(chosenId()).toBe('h_proto');
    await userEvent.keyboard('{ArrowLeft}');
    expect(chosenId()).toBe('ethhdr');
    await userEvent.keyboard('{ArrowLeft}');
    expect(items()).toEqual(['1 1 2 false', '1 2 2 true', '2 1 2 -', '2 2 2 -']);
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    expect(chosenId()).toBe('h_dest');
    expect(items()).toHaveLength(7);
  });

  test('typing goes to the next item that begins so', async () => {
    const { tree, chosenId } = await show('ethhdr');
    tree.focus();
    await userEvent.keyboard('v');
    expect(chosenId()).toBe('version');
    await userEvent.keyboard('h');
    expect(chosenId()).toBe('h_dest');
  });

  test('a click on the arrow closes without choosing', async () => {
    const { tree, items, chosenId } = await show(null);
    const twist = tree.querySelector('[role="treeitem"] .twist');
    if (!(twist instanceof HTMLElement)) throw new Error('no arrow');
    await userEvent.click(twist);
    expect(items()).toHaveLength(4);
    expect(chosenId()).toBeUndefined();
  });
});
