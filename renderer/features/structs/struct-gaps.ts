import type { StructNode } from '../../../shared/btf/body.ts';

/** The holes of a struct, those inside unnamed members too, and their bits together. */
export function gapsIn(nodes: readonly StructNode[]): { readonly holes: number; readonly bits: number } {
  let holes = 0;
  let bits = 0;
  for (const node of nodes) {
    const found =
      node.kind === 'member' ? gapsIn(node.nodes) : { holes: Number(node.kind === 'hole'), bits: node.bits };
    if (node.kind === 'padding') continue;
    holes += found.holes;
    bits += found.bits;
  }
  return { holes, bits };
}
