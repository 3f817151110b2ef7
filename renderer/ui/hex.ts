export const BYTES_A_LINE = 16;

/** Positions in bytes relative to where the header was expected; `to` is exclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface HexCell {
  /** Relative to where the header was expected. */
  readonly offset: number;
  readonly value: number;
}

export interface HexLine {
  /** A multiple of 16; may be negative. */
  readonly offset: number;
  /** Sixteen places; null where no byte was captured. */
  readonly cells: readonly (HexCell | null)[];
}

/** Lines of sixteen, aligned so that a line begins exactly where the header was expected. */
export function hexLines(bytes: Uint8Array, window: number): readonly HexLine[] {
  if (bytes.length === 0) return [];
  const lines: HexLine[] = [];
  const end = window + bytes.length;
  for (let offset = Math.floor(window / BYTES_A_LINE) * BYTES_A_LINE; offset < end; offset += BYTES_A_LINE) {
    const cells: (HexCell | null)[] = [];
    for (let place = 0; place < BYTES_A_LINE; place++) {
      const value = bytes[offset + place - window];
      cells.push(value === undefined ? null : { offset: offset + place, value });
    }
    lines.push({ offset, cells });
  }
  return lines;
}

export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** `0010`, `-0010`: the offset of a line, as Wireshark writes them. */
export function hexOffset(offset: number): string {
  const digits = Math.abs(offset).toString(16).padStart(4, '0');
  return offset < 0 ? `-${digits}` : digits;
}

export function asciiOf(value: number): string {
  return value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '·';
}

export function within(offset: number, range: ByteRange | null): boolean {
  return range !== null && offset >= range.from && offset < range.to;
}

/** Where an arrow key leads from `offset`, kept inside the captured bytes; null for any other key. */
export function hexStep(offset: number, key: string, window: number, length: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: offset - 1,
    ArrowRight: offset + 1,
    ArrowUp: offset - BYTES_A_LINE,
    ArrowDown: offset + BYTES_A_LINE,
    Home: Math.floor(offset / BYTES_A_LINE) * BYTES_A_LINE,
    End: Math.floor(offset / BYTES_A_LINE) * BYTES_A_LINE + BYTES_A_LINE - 1,
    PageUp: window,
    PageDown: window + length - 1,
  };
  const to = steps[key];
  if (to === undefined || length === 0) return null;
  const inside = to >= window && to < window + length;
  // Up and down stay where they are at an edge; along a line the ends of the capture are the limit.
  if (!inside && (key === 'ArrowUp' || key === 'ArrowDown')) return offset;
  return Math.max(window, Math.min(window + length - 1, to));
}
