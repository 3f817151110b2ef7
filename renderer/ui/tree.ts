/** A node of a tree that is shown as a flat list of its visible rows. */
export interface TreeNode {
  readonly id: string;
  /** What typing ahead finds it by. */
  readonly text: string;
  readonly children: readonly TreeNode[];
}

export interface TreeRow<Node extends TreeNode> {
  readonly node: Node;
  /** 1 for a root. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** Row of the parent, or -1. */
  readonly parent: number;
  readonly expanded: boolean;
}

/** The rows of a tree in the order they are seen; children of nodes in `collapsed` are left out. */
export function rowsOf<Node extends TreeNode>(
  roots: readonly Node[],
  collapsed: ReadonlySet<string>,
): readonly TreeRow<Node>[] {
  const rows: TreeRow<Node>[] = [];
  const walk = (nodes: readonly Node[], level: number, parent: number): void => {
    for (const [at, node] of nodes.entries()) {
      const expanded = node.children.length > 0 && !collapsed.has(node.id);
      rows.push({ node, level, position: at + 1, siblings: nodes.length, parent, expanded });
      if (expanded) walk(node.children as readonly Node[], level + 1, rows.length - 1);
    }
  };
  walk(roots, 1, -1);
  return rows;
}

export type TreeStep =
  | { readonly kind: 'move'; readonly to: number }
  | { readonly kind: 'expand'; readonly ids: readonly string[] }
  | { readonly kind: 'collapse'; readonly ids: readonly string[] };

/**
 * What a key means in a tree (W3C ARIA Authoring Practices, tree view): right opens or goes to the
 * first child, left closes or goes to the parent, `*` opens all siblings, a letter goes to the next
 * row that begins with it. Null for any other key.
 */
export function treeStep<Node extends TreeNode>(
  rows: readonly TreeRow<Node>[],
  active: number,
  key: string,
): TreeStep | null {
  const row = rows[active];
  if (key === 'ArrowRight' && row) {
    if (row.node.children.length === 0) return null;
    return row.expanded ? { kind: 'move', to: active + 1 } : { kind: 'expand', ids: [row.node.id] };
  }
  if (key === 'ArrowLeft' && row) {
    if (row.expanded) return { kind: 'collapse', ids: [row.node.id] };
    return row.parent >= 0 ? { kind: 'move', to: row.parent } : null;
  }
  if (key === '*' && row) {
    const siblings = rows.filter((other) => other.parent === row.parent && other.node.children.length > 0);
    return { kind: 'expand', ids: siblings.map((other) => other.node.id) };
  }
  if (key.length === 1 && key !== ' ') {
    const letter = key.toLowerCase();
    for (let step = 1; step <= rows.length; step++) {
      const to = (Math.max(active, -1) + step) % rows.length;
      if (rows[to]?.node.text.toLowerCase().startsWith(letter)) return { kind: 'move', to };
    }
  }
  return null;
}
