import type { StructNode } from '../../../shared/btf/body.ts';

/** The holes of a struct and their bits together; one that several arms of a union have counts once. */
export function gapsIn(nodes: readonly StructNode[]): { readonly holes: number; readonly bits: number } {
  const holes = new Map<string, number>();
  const walk = (list: readonly StructNode[]): void => {
    for (const node of list) {
      if (node.kind === 'member') walk(node.nodes);
      else if (node.kind === 'hole') holes.set(`${node.bitOffset} ${node.bits}`, node.bits);
    }
  };
  walk(nodes);
  return { holes: holes.size, bits: [...holes.values()].reduce((sum, bits) => sum + bits, 0) };
}
