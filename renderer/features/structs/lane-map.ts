import type { StructNode } from '../../../shared/btf/body.ts';

/** Bytes of one line of the map. */
export const LINE_BYTES = 16;
/** Above so many boxes or lines the map ends, and says so. */
const MOST_BOXES = 4_000;
const MOST_LINES = 4_000;
/** Lines of one and the same content in a row, above which they are folded. */
const REPEATED = 3;

/** A part of a member or gap that lies in one line. Bits from the start of the struct. */
export interface MapBox {
  readonly kind: 'member' | 'hole' | 'padding';
  readonly label: string;
  readonly type: string;
  readonly bitOffset: number;
  readonly bits: number;
  /** The part of the line's height that it takes, 0 to 1: arms of a union lie above each other. */
  readonly top: number;
  readonly height: number;
  /** The part of the line's width, 0 to 1. */
  readonly left: number;
  readonly width: number;
  /** Whether the member begins in this line: then its name stands there. */
  readonly begins: boolean;
}

export type MapLine =
  | {
      readonly kind: 'line';
      readonly byteOffset: number;
      /** How many arms of unions lie above each other here. */
      readonly lanes: number;
      readonly boxes: readonly MapBox[];
    }
  /** Lines that would look like the one before. */
  | { readonly kind: 'folded'; readonly byteOffset: number; readonly bytes: number };

interface Flat extends Omit<MapBox, 'left' | 'width' | 'begins'> {
  readonly lanes: number;
}

/** The bytes of a struct as lines of boxes; `cut` when it is too large to be drawn whole. */
export function laneMap(
  nodes: readonly StructNode[],
  kind: 'struct' | 'union',
): { readonly lines: readonly MapLine[]; readonly cut: boolean } {
  const flat: Flat[] = [];
  const whole = { top: 0, height: 1 };
  if (kind === 'union') flatten(nodes, kind, whole, lanesOf(nodes, kind), flat);
  else for (const node of nodes) flatten([node], 'struct', whole, lanesOf([node], 'struct'), flat);
  const drawn = flat.filter(({ bits }) => bits > 0).slice(0, MOST_BOXES);
  const lineBits = LINE_BYTES * 8;
  const shown = new Map<number, Flat[]>();
  for (const box of drawn) {
    const first = Math.floor(box.bitOffset / lineBits);
    const last = Math.floor((box.bitOffset + box.bits - 1) / lineBits);
    for (const line of first === last ? [first] : [first, first + 1, last]) shown.set(line, []);
  }
  const numbers = [...shown.keys()].sort((a, b) => a - b);
  for (const [at, number] of [...numbers.entries()].reverse()) {
    const before = numbers[at - 1];
    if (before === undefined || number - before < 2 || number - before > REPEATED) continue;
    for (let between = before + 1; between < number; between++) shown.set(between, []);
  }
  const kept = [...shown.keys()].sort((a, b) => a - b).slice(0, MOST_LINES);
  const place = new Map(kept.map((number, at) => [number, at]));
  for (const box of drawn) {
    const first = Math.floor(box.bitOffset / lineBits);
    const last = Math.floor((box.bitOffset + box.bits - 1) / lineBits);
    for (let at = place.get(first) ?? kept.length; at < kept.length && (kept[at] ?? 0) <= last; at++)
      shown.get(kept[at] ?? 0)?.push(box);
  }
  const lines: MapLine[] = [];
  for (const [at, number] of kept.entries()) {
    const before = kept[at - 1];
    if (before !== undefined && number - before > 1) {
      const byteOffset = (before + 1) * LINE_BYTES;
      lines.push({ kind: 'folded', byteOffset, bytes: number * LINE_BYTES - byteOffset });
    }
    const boxes = shown.get(number) ?? [];
    lines.push({
      kind: 'line',
      byteOffset: number * LINE_BYTES,
      lanes: boxes.reduce((most, { lanes }) => Math.max(most, lanes), 1),
      boxes: boxes.map((box) => boxIn(box, number * lineBits, lineBits)),
    });
  }
  return { lines, cut: flat.length > MOST_BOXES || shown.size > MOST_LINES };
}

interface Band {
  readonly top: number;
  readonly height: number;
}

/** Arms of a union share their band, each by how many lanes it takes itself; members of a struct take all of it. */
function flatten(
  nodes: readonly StructNode[],
  kind: 'struct' | 'union',
  band: Band,
  lanes: number,
  into: Flat[],
): void {
  const total = lanesOf(nodes, kind);
  let used = 0;
  for (const node of nodes) {
    const own = lanesOf([node], 'struct');
    const share = kind === 'struct' ? band : shareOf(band, used / total, own / total);
    used += own;
    if (node.kind === 'member' && node.nodes.length > 0 && node.body !== null)
      flatten(node.nodes, node.body, share, lanes, into);
    else {
      const { bitOffset, bits } = node;
      const [label, type] = node.kind === 'member' ? [node.path, node.type] : ['', ''];
      into.push({ kind: node.kind, label, type, bitOffset, bits, ...share, lanes });
    }
    if (into.length > MOST_BOXES) return;
  }
}

function shareOf({ top, height }: Band, from: number, part: number): Band {
  return { top: top + height * from, height: height * part };
}

function lanesOf(nodes: readonly StructNode[], kind: 'struct' | 'union'): number {
  let lanes = kind === 'union' ? 0 : 1;
  for (const node of nodes) {
    const own =
      node.kind === 'member' && node.nodes.length > 0 && node.body !== null
        ? lanesOf(node.nodes, node.body)
        : 1;
    lanes = kind === 'union' ? lanes + own : Math.max(lanes, own);
  }
  return Math.max(lanes, 1);
}

function boxIn({ lanes: _lanes, ...box }: Flat, lineStart: number, lineBits: number): MapBox {
  const from = Math.max(box.bitOffset, lineStart);
  const to = Math.min(box.bitOffset + box.bits, lineStart + lineBits);
  return {
    ...box,
    left: (from - lineStart) / lineBits,
    width: (to - from) / lineBits,
    begins: box.bitOffset >= lineStart,
  };
}
