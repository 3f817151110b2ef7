import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { locale } from '../../renderer/state/locale.svelte.ts';
import type { CleanupReceipt, LinkState } from '../../shared/contract/ssh-session.ts';
import { Fail } from '../../shared/contract/failure.ts';
import { button, connectTo, openPage, startProbe } from './open-page.ts';

const clean: CleanupReceipt = {
  command: 'bpftrace -B line -q /dev/stdin',
  seconds: 12.34,
  exit: '0',
  processes: [],
  programs: [],
  clean: true,
  summary: '',
};

describe('the receipt of a run', () => {
  const receipt = () => page.getByRole('group').filter({ hasText: 'bpftrace -B line' });

  test('says that nothing is left, that something is, or that nobody could look', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await startProbe('ip_rcv_core');
    await button('Stop').click();
    const tell = (change: Partial<CleanupReceipt>): void =>
      backend.page().event('runReceipt', { run: 1, session: 's1', receipt: { ...clean, ...change } });
    tell({});
    await page.getByText('Nothing is left on the target').click();
    await expect.element(receipt()).toHaveTextContent('bpftrace -B line -q /dev/stdin (12.3 s, 0)');
    const good = getComputedStyle(receipt().element()).color;

    tell({ clean: false, processes: ['4711 bpftrace'], programs: ['17 kprobe'] });
    await expect.element(receipt()).toHaveTextContent('2 things are left on the target');
    await expect.element(receipt()).toHaveTextContent('4711 bpftrace');
    await expect.element(receipt()).toHaveTextContent('17 kprobe');
    const bad = getComputedStyle(receipt().element()).color;

    tell({ clean: false, processes: null, programs: null, exit: null });
    await expect.element(receipt()).toHaveTextContent('The target could not be looked at after the run');
    await expect.element(receipt()).toHaveTextContent('(12.3 s, connection lost)');
    await expect.element(receipt()).toHaveTextContent('not looked for: no bpftool there, or not root');
    expect(new Set([good, bad, getComputedStyle(receipt().element()).color]).size).toBe(3);
  });
});

describe('a lost connection', () => {
  test('tells what is done about it, and when nothing is any more', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    backend.lose();
    const banner = page.getByRole('alert');
    await expect.element(banner).toHaveTextContent('The connection to edge-01 was lost');
    const link = (state: LinkState): void => backend.page().event('sessionLink', { session: 's1', state });
    link({ kind: 'waiting', attempt: 2, seconds: 8 });
    await expect.element(banner).toHaveTextContent('Attempt 2 begins in 8 s.');
    await expect.element(button('Reconnect')).toBeEnabled();
    link({ kind: 'connecting', attempt: 2 });
    await expect.element(banner).toHaveTextContent('Attempt 2 is under way…');
    await expect.element(button('Reconnect')).toBeDisabled();
    const { failure } = new Fail('connect-refused', { host: 'edge-01', port: 22 });
    link({ kind: 'gave-up', failure });
    await expect.element(banner).toHaveTextContent('It is not tried again by itself.');
    await expect.element(banner).toHaveTextContent(failure.message);
    await expect.element(button('Reconnect')).toBeEnabled();
    locale.choose('zh-CN');
    await expect.element(banner).toHaveTextContent('与 edge-01 的连接已中断');
    await expect.element(banner).toHaveTextContent('不会再自动尝试。');
    for (const paragraph of banner.element().querySelectorAll('p'))
      expect(paragraph.textContent).toMatch(/^\S.*。$/);
    expect(banner.element().querySelector('p')?.textContent).not.toContain('。 ');
    link({ kind: 'resumed' });
    await expect.element(banner).not.toBeInTheDocument();
  });
});
