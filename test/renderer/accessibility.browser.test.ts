import axe from 'axe-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { theme } from '../../renderer/state/theme.svelte.ts';
import { button, connectTo, openPage, startProbe } from './open-page.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

/** What axe finds wrong with the page as it stands, a line each. */
async function violations(): Promise<readonly string[]> {
  // What fades in is judged once it is there.
  await Promise.all(
    document.getAnimations().map(async (animation) => animation.finished.catch(() => undefined)),
  );
  const { violations: found } = await axe.run(document, { runOnly: RULES });
  return found.map(({ id, nodes, help }) => `${id}: ${help}: ${nodes[0]?.target.join(' ') ?? ''}`);
}

test('a page that has faults is found out', async () => {
  await openPage();
  const image = document.createElement('img');
  const text = document.createElement('p');
  text.textContent = 'hardly to be read';
  text.style.cssText = 'position: fixed; top: 40px; left: 200px; color: #777; background: #888';
  document.body.append(image, text);
  const found = (await violations()).map((line) => line.split(':')[0]);
  image.remove();
  text.remove();
  expect(found).toEqual(expect.arrayContaining(['image-alt', 'color-contrast']));
});

describe.each(['light', 'dark'] as const)('%s: axe finds nothing wrong with', (name) => {
  beforeEach(async () => {
    await openPage({ rate: 5 });
    theme.choose(name);
  });

  test('the hosts, a target, its counters', async () => {
    expect(await violations()).toEqual([]);
    await connectTo('edge-01');
    await expect.element(page.getByText('/sys/kernel/btf/vmlinux')).toBeVisible();
    expect(await violations()).toEqual([]);
    await button('Counters').click();
    await expect.element(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  test('functions, a signature, the probe form', async () => {
    await connectTo('edge-01');
    await button('Functions').click();
    await expect.element(page.getByRole('tree').first()).toBeVisible();
    expect(await violations()).toEqual([]);
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip_rcv_core');
    await userEvent.keyboard('{Enter}');
    await button('Probe').click();
    await expect.element(page.getByRole('figure', { name: 'Script' })).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  test('packets with a verdict, their state, Wireshark beside them', async () => {
    await connectTo('edge-01');
    await startProbe('ip_rcv_core');
    const row = page.getByRole('option').nth(2);
    await row.click();
    expect(await violations()).toEqual([]);
    for (const tab of ['sk_buff and device', 'Wireshark']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await violations()).toEqual([]);
    }
  });

  test('a struct, the investigations, the palette', async () => {
    await connectTo('edge-01');
    await button('Structs').click();
    await page.getByRole('searchbox', { name: 'Struct name' }).fill('sk_buff');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'struct sk_buff' })).toBeVisible();
    expect(await violations()).toEqual([]);
    await button('Investigations').click();
    expect(await violations()).toEqual([]);
    await userEvent.keyboard('{F1}');
    await expect.element(page.getByRole('dialog')).toBeVisible();
    expect(await violations()).toEqual([]);
  });
});
