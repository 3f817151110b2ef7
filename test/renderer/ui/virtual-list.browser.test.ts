import { createRawSnippet, flushSync } from 'svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { userEvent } from 'vitest/browser';
import VirtualList from '../../../renderer/ui/VirtualList.svelte';
import '../../../renderer/ui/base.css';

/** Rows are told apart by their aria-posinset: what is drawn in them does not matter here. */
const row = createRawSnippet<[index: number]>(() => ({ render: () => '<span></span>' }));

const host = document.createElement('div');
host.style.height = '440px';

afterEach(() => host.remove());

async function frames(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

async function show(props: { count: number; active?: number; stick?: boolean }) {
  document.body.append(host);
  const calls = { onactive: vi.fn(), onopen: vi.fn(), onleave: vi.fn(), onend: vi.fn() };
  const made = await render(VirtualList, { target: host, props: { label: 'rows', row, ...calls, ...props } });
  const list = host.querySelector<HTMLElement>('[role="listbox"]');
  if (!list) throw new Error('no list');
  const shown = (): number[] =>
    [...list.querySelectorAll('[role="option"]')]
      .map((option) => Number(option.getAttribute('aria-posinset')) - 1)
      .toSorted((a, b) => a - b);
  return { ...made, calls, list, shown };
}

describe('VirtualList', () => {
  test('draws a million rows with a few elements, which scrolling neither adds nor removes', async () => {
    const { list, shown } = await show({ count: 1_000_000 });
    await frames(2);
    const elements = [...list.querySelectorAll('[role="option"]')];
    expect(elements.length).toBe(21);
    expect(shown()[0]).toBe(0);
    list.scrollTop = 22 * 123_456;
    await frames(3);
    expect(shown()[0]).toBe(123_456);
    expect(new Set(list.querySelectorAll('[role="option"]'))).toEqual(new Set(elements));
    list.scrollTop = list.scrollHeight;
    await frames(3);
    expect(shown().at(-1)).toBe(999_999);
  });

  test('puts each row where it belongs', async () => {
    const { list } = await show({ count: 1000 });
    await frames(2);
    list.scrollTop = 22 * 500;
    await frames(3);
    const top = list.getBoundingClientRect().top;
    for (const option of list.querySelectorAll('[role="option"]')) {
      const index = Number(option.getAttribute('aria-posinset')) - 1;
      expect(option.getBoundingClientRect().top - top).toBeCloseTo((index - 500) * 22, 0);
    }
  });

  test('keys act on the active row, and a row that becomes active comes into view', async () => {
    const { list, calls, rerender, shown } = await show({ count: 1000, active: 3 });
    await frames(2);
    list.focus();
    await userEvent.keyboard('{ArrowDown}');
    expect(calls.onactive).toHaveBeenLastCalledWith(4);
    await userEvent.keyboard('{End}');
    expect(calls.onactive).toHaveBeenLastCalledWith(999);
    await userEvent.keyboard('{Enter}');
    expect(calls.onopen).toHaveBeenLastCalledWith(3, 'key');
    await rerender({ active: 700 });
    await frames(3);
    expect(shown()).toContain(700);
    expect(list.getAttribute('aria-activedescendant')).toMatch(/-700$/);
    expect(list.querySelector('[aria-selected="true"]')?.getAttribute('aria-posinset')).toBe('701');
    expect(list.querySelector('[aria-selected="true"]')?.getAttribute('aria-setsize')).toBe('1000');
  });

  test('follows its end while it grows, and says so when the user leaves it', async () => {
    const { list, calls, rerender, shown } = await show({ count: 100, stick: true });
    await frames(2);
    expect(shown().at(-1)).toBe(99);
    for (let count = 200; count <= 1000; count += 100) {
      await rerender({ count });
      flushSync();
      expect(shown().at(-1)).toBe(count - 1);
      await frames(1);
    }
    expect(calls.onleave).not.toHaveBeenCalled();
    list.dispatchEvent(new WheelEvent('wheel', { deltaY: -100 }));
    expect(calls.onleave).toHaveBeenCalledOnce();
  });

  test('stands still while it grows when it does not follow', async () => {
    const { list, rerender, shown, calls } = await show({ count: 500 });
    await frames(2);
    list.scrollTop = 2200;
    await frames(3);
    await rerender({ count: 5000 });
    await frames(3);
    expect(list.scrollTop).toBe(2200);
    expect(shown()[0]).toBe(100);
    list.scrollTop = list.scrollHeight;
    await frames(3);
    expect(calls.onend).toHaveBeenCalledOnce();
  });

  test('a list shorter than its pool draws only what there is', async () => {
    const { shown, rerender } = await show({ count: 3 });
    await frames(2);
    expect(shown()).toEqual([0, 1, 2]);
    await rerender({ count: 0 });
    expect(shown()).toEqual([]);
  });
});
