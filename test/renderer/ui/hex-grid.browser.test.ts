import { afterEach, describe, expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { userEvent } from 'vitest/browser';
import type { ByteRange } from '../../../renderer/ui/hex.ts';
import HexGrid from '../../../renderer/ui/HexGrid.svelte';
import { ethernetFrame } from '../dev/packets.ts';
import '../../../renderer/ui/base.css';

const host = document.createElement('div');
afterEach(() => host.remove());

async function show(chosen: ByteRange | null) {
  document.body.append(host);
  const frame = ethernetFrame(1);
  const bytes = new Uint8Array(14 + frame.length);
  bytes.set(frame, 14);
  const onchoose = vi.fn<(offset: number) => void>();
  const onhover = vi.fn<(offset: number | null) => void>();
  const made = await render(HexGrid, {
    target: host,
    props: {
      bytes,
      window: -14,
      label: 'Bytes',
      chosen,
      hovered: null,
      headerAt: 14,
      describe: (offset: number, value: number) => `byte ${offset} is ${value}`,
      onchoose,
      onhover,
      layerOf: () => -1,
    },
  });
  onchoose.mockImplementation((offset) => void made.rerender({ chosen: { from: offset, to: offset + 1 } }));
  const grid = host.querySelector<HTMLElement>('[role="grid"]');
  if (!grid) throw new Error('no grid');
  const cell = (offset: number): HTMLElement => {
    const found = grid.querySelector<HTMLElement>(`[aria-label^="byte ${offset} is"]`);
    if (!found) throw new Error(`no byte ${offset}`);
    return found;
  };
  return { grid, cell, onchoose, onhover, bytes };
}

describe('HexGrid', () => {
  test('shows every byte at its offset from the expected header', async () => {
    const { grid, cell, bytes } = await show(null);
    expect(
      [...grid.querySelectorAll('[role="rowheader"]')].map((head) => head.textContent).slice(0, 3),
    ).toEqual(['-0010', '0000', '0010']);
    for (const [index, value] of bytes.entries())
      expect(cell(index - 14).textContent).toBe(value.toString(16).padStart(2, '0'));
    expect(cell(12).textContent + (cell(13).textContent ?? '')).toBe('0800');
  });

  test('marks what lies before, where the header was expected, and where it is', async () => {
    const { cell } = await show(null);
    expect(cell(-1).classList.contains('before')).toBe(true);
    expect(cell(0).classList.contains('expected')).toBe(true);
    expect(cell(14).classList.contains('really')).toBe(true);
  });

  test('marks the chosen bytes, in hex and in text', async () => {
    const { grid } = await show({ from: 12, to: 14 });
    expect(grid.querySelectorAll('[role="gridcell"][aria-selected="true"]')).toHaveLength(2);
    expect(grid.querySelectorAll('.ascii .chosen')).toHaveLength(2);
  });

  test('arrow keys walk over the bytes, starting at the chosen ones', async () => {
    const { grid, onchoose, cell } = await show({ from: 12, to: 14 });
    grid.focus();
    expect(grid.getAttribute('aria-activedescendant')).toBe(cell(12).id);
    await userEvent.keyboard('{ArrowRight}');
    expect(onchoose).toHaveBeenLastCalledWith(13);
    await userEvent.keyboard('{ArrowDown}');
    expect(onchoose).toHaveBeenLastCalledWith(29);
    await userEvent.keyboard('{Home}{ArrowUp}{ArrowUp}');
    expect(onchoose).toHaveBeenLastCalledWith(0);
    await userEvent.keyboard('{ArrowUp}');
    expect(onchoose).toHaveBeenLastCalledWith(0);
    await userEvent.keyboard('{PageUp}');
    expect(onchoose).toHaveBeenLastCalledWith(-14);
  });

  test('tells which byte the pointer is on, and when it leaves', async () => {
    const { grid, cell, onhover } = await show(null);
    await userEvent.hover(cell(5));
    expect(onhover).toHaveBeenLastCalledWith(5);
    grid.dispatchEvent(new PointerEvent('pointerleave'));
    expect(onhover).toHaveBeenLastCalledWith(null);
  });
});
