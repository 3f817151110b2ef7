import { describe, expect, test } from 'vitest';
import { hexLines, hexOffset, hexStep } from '../../../renderer/ui/hex.ts';

const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);

describe('hexLines', () => {
  test('a line begins where the header was expected, whatever the window', () => {
    const lines = hexLines(bytes, -14);
    expect(lines.map((line) => line.offset)).toEqual([-16, 0, 16]);
    expect(lines[0]?.cells.slice(0, 3)).toEqual([null, null, { offset: -14, value: 0 }]);
    expect(lines[1]?.cells[0]).toEqual({ offset: 0, value: 14 });
    expect(lines[2]?.cells[9]).toEqual({ offset: 25, value: 39 });
    expect(lines[2]?.cells[10]).toBeNull();
  });

  test('a window that begins behind the expected position is shown there', () => {
    expect(hexLines(Uint8Array.of(1), 33)).toEqual([
      { offset: 32, cells: [null, { offset: 33, value: 1 }, ...Array.from({ length: 14 }, () => null)] },
    ]);
  });

  test('no bytes, no lines', () => {
    expect(hexLines(new Uint8Array(), -14)).toEqual([]);
  });
});

test('hexOffset writes offsets as Wireshark does', () => {
  expect([0, 16, 4096, -16].map(hexOffset)).toEqual(['0000', '0010', '1000', '-0010']);
});

describe('hexStep', () => {
  const step = (offset: number, key: string): number | null => hexStep(offset, key, -14, 40);

  test('moves within the captured bytes', () => {
    expect(step(0, 'ArrowRight')).toBe(1);
    expect(step(0, 'ArrowLeft')).toBe(-1);
    expect(step(0, 'ArrowDown')).toBe(16);
    expect(step(16, 'ArrowUp')).toBe(0);
    expect(step(5, 'Home')).toBe(0);
    expect(step(5, 'End')).toBe(15);
    expect(step(5, 'PageUp')).toBe(-14);
    expect(step(5, 'PageDown')).toBe(25);
  });

  test('stops at both ends', () => {
    expect(step(-14, 'ArrowLeft')).toBe(-14);
    expect(step(25, 'ArrowRight')).toBe(25);
    expect(step(-5, 'Home')).toBe(-14);
    expect(step(20, 'End')).toBe(25);
    expect(step(20, 'ArrowDown')).toBe(20);
    expect(step(1, 'ArrowUp')).toBe(1);
  });

  test('knows no other key, and nothing to move on', () => {
    expect(step(0, 'a')).toBeNull();
    expect(hexStep(0, 'ArrowRight', 0, 0)).toBeNull();
  });
});
