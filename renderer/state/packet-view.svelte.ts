import type { Field, Layer } from '../../shared/packet/inspect.ts';
import type { ByteRange } from '../ui/hex.ts';
import type { TreeNode } from '../ui/tree.ts';
import { decodeRecord } from './decode.ts';
import type { Reading } from './decode.ts';
import type { Run } from './run.svelte.ts';

/** A layer, or a field of one, as a node of the tree; `range` is relative to where the header was expected. */
export interface PacketNode extends TreeNode {
  readonly layer: Layer;
  readonly field: Field | null;
  readonly range: ByteRange;
  readonly children: readonly PacketNode[];
}

export type ReadingName = 'as-is' | 'as-kernel';

/**
 * The selected event as it is looked at: which reading of its bytes, and which bytes are chosen. A
 * field, a byte and a piece of evidence all choose bytes: that is what links them.
 */
export class PacketView {
  readonly #run: Run;
  readonly #kernel: () => string | null;
  reading = $state.raw<ReadingName>('as-is');
  chosen = $state.raw<ByteRange | null>(null);
  hovered = $state.raw<ByteRange | null>(null);
  /** The node that was chosen itself, where several share the same bytes. */
  #chosenNode = $state.raw<string | null>(null);

  constructor(run: Run, kernel: () => string | null) {
    this.#run = run;
    this.#kernel = kernel;
  }

  readonly record = $derived.by(() => this.#run.record);
  readonly decoded = $derived.by(() =>
    this.record === null ? null : decodeRecord(this.record, this.#run.specOf(this.record), this.#kernel()),
  );

  readonly shownReading = $derived.by((): ReadingName => (this.decoded?.differ ? this.reading : 'as-is'));

  readonly roots = $derived.by((): readonly PacketNode[] => {
    const { decoded, record } = this;
    if (!decoded || !record) return [];
    const layers = this.shownReading === 'as-kernel' ? decoded.asKernel : decoded.asIs;
    return nodesOf(layers ?? [], record.window);
  });

  readonly #flat = $derived(this.roots.flatMap((root) => [root, ...root.children]));

  /** The node that is marked in the tree: the one chosen, else the smallest that holds the first chosen byte. */
  readonly chosenNode = $derived.by(() => {
    const { chosen } = this;
    if (chosen === null) return null;
    const itself = this.#flat.find((node) => node.id === this.#chosenNode);
    return itself && itself.range.from === chosen.from && itself.range.to === chosen.to
      ? itself
      : this.nodeAt(chosen.from);
  });

  /** The smallest field, else layer, that holds a byte. */
  nodeAt(offset: number): PacketNode | null {
    let best: PacketNode | null = null;
    for (const node of this.#flat) {
      const { from, to } = node.range;
      if (offset < from || offset >= to) continue;
      const size = to - from;
      const bestSize = best ? best.range.to - best.range.from : Infinity;
      if (size < bestSize || (size === bestSize && node.field !== null && best?.field === null)) best = node;
    }
    return best;
  }

  /** The place of the layer that a byte belongs to, or -1. */
  layerAt(offset: number): number {
    return this.roots.findLastIndex(({ range }) => offset >= range.from && offset < range.to);
  }

  chooseNode(node: PacketNode): void {
    this.#chosenNode = node.id;
    this.chosen = node.range;
  }

  /** A byte chooses its field; a byte of no field, itself. */
  chooseByte(offset: number): void {
    const node = this.nodeAt(offset);
    if (node?.field) this.chooseNode(node);
    else this.chooseRange({ from: offset, to: offset + 1 });
  }

  chooseRange(range: ByteRange): void {
    this.#chosenNode = null;
    this.chosen = range;
  }

  hoverByte(offset: number | null): void {
    const node = offset === null ? null : this.nodeAt(offset);
    this.hovered = offset === null ? null : node?.field ? node.range : { from: offset, to: offset + 1 };
  }

  choose(reading: ReadingName): void {
    this.reading = reading;
    this.#chosenNode = null;
  }

  /** Another event: the bytes that were chosen in the last one mean nothing in it. */
  forget(): void {
    this.chosen = null;
    this.hovered = null;
    this.#chosenNode = null;
  }
}

function nodesOf(layers: Reading, window: number): readonly PacketNode[] {
  return layers.map((layer, at) => {
    const fields = layer.fields.map((field, index): PacketNode => ({
      id: `${at}.${index}`,
      text: labelOf(field, layer),
      layer,
      field,
      range: fieldRange(field, window),
      children: [],
    }));
    const from = layer.at + window;
    return {
      id: String(at),
      text: layer.title,
      layer,
      field: null,
      range: { from, to: from + layer.length },
      children: fields,
    };
  });
}

/** Bits of a longer field choose only the bytes that they lie in. */
function fieldRange(field: Field, window: number): ByteRange {
  const from = field.at + window;
  if (field.bit === null) return { from, to: from + field.length };
  return {
    from: from + Math.floor(field.bit.offset / 8),
    to: from + Math.ceil((field.bit.offset + field.bit.count) / 8),
  };
}

/** The member's name as the kernel's struct has it, else the protocol's own. */
export function memberOf(field: Field): string {
  const name = field.kernel ?? field.name;
  return name.slice(name.lastIndexOf('.') + 1);
}

/** A member that holds several fields, as frag_off does, is named with the protocol's own name of each. */
function labelOf(field: Field, layer: Layer): string {
  const shared = layer.fields.some((other) => other !== field && other.kernel === field.kernel);
  return field.kernel !== null && shared
    ? `${memberOf(field)} ${field.name.slice(field.name.indexOf('.') + 1)}`
    : memberOf(field);
}

/** The struct that the kernel reads a layer with (`iphdr`), or null. */
export function structOf(layer: Layer): string | null {
  const named = layer.fields.find((field) => field.kernel !== null)?.kernel;
  return named ? named.slice(0, named.indexOf('.')) : null;
}
