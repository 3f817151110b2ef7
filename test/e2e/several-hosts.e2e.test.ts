import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakGuest } from '../lab/break.ts';
import { guestsAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { launchChromium, screenshot, watchForErrors } from '../support/browser.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { Skblens } from '../support/skblens.ts';

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
  'chromium',
)('two real kernels on one page', () => {
  let guests: readonly [Guest, Guest];
  let server: Skblens;
  let browser: Browser;
  let page: Page;
  let errors: readonly string[];

  beforeAll(async () => {
    guests = await guestsAlone('sid', 'trixie');
    const data = mkdtempSync(join(tmpdir(), 'skblens-hosts-'));
    server = startSkblens(['serve', '--json', '-F', guests[0].sshConfigPath], { XDG_DATA_HOME: data });
    const { url } = await server.line('serving');
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(90_000);
    errors = watchForErrors(page);
    await page.goto(url as string);
  });
  afterAll(async () => {
    await browser.close();
    server.process.kill('SIGTERM');
    await server.exit;
  });

  const tab = (host: string) =>
    page
      .getByRole('navigation', { name: 'Connected hosts' })
      .getByRole('button', { name: new RegExp(`^${host}`) });
  const run = () => page.getByRole('region', { name: 'Run' });
  const received = async (): Promise<number> =>
    Number((await page.locator('[title="Events received here"] dd').textContent())?.replaceAll(',', ''));

  async function connect(host: string): Promise<void> {
    await page.getByRole('button', { name: 'Hosts', exact: true }).click();
    await page.getByRole('textbox', { name: 'Host' }).fill(host);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: host, exact: true }).waitFor();
    await page.getByText('/sys/kernel/btf/vmlinux').waitFor();
  }

  async function probe(): Promise<void> {
    await page.getByRole('button', { name: 'Functions', exact: true }).click();
    await page.getByText(/\d\d,\d{3} functions/).waitFor();
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip_rcv_core');
    await page.getByRole('treeitem').filter({ hasText: 'ip_rcv_core' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'ip_rcv_core', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Probe', exact: true }).click();
    await page.getByLabel('Filter in the kernel').selectOption('bad-ip-header');
    await page.getByRole('button', { name: 'Start' }).click();
    await run().getByText('Attached', { exact: false }).waitFor();
  }

  test('each is probed, and each gets the packets of its own kernel', async () => {
    for (const host of ['sid', 'trixie']) {
      await connect(host);
      await probe();
    }
    await breakGuest(guests[0], { count: 3, intervalMilliseconds: 100 });
    await breakGuest(guests[1], { count: 5, intervalMilliseconds: 100 });
    await expect.poll(received, { timeout: 90_000 }).toBe(5);
    await tab('sid').click();
    await expect.poll(received, { timeout: 90_000 }).toBe(3);
    await page.getByRole('contentinfo').getByText('Linux 7.').waitFor();
    await screenshot(page, 'several-hosts');
  });

  test('one loses its connection: it says so and comes back, and the other goes on', async () => {
    await page.getByRole('button', { name: 'Hosts', exact: true }).click();
    const own = await page.getByText(/:\d+ - [\d.]+:22$/).textContent();
    const port = /:(\d+) - /.exec(own ?? '')?.[1] ?? expect.fail('no port');
    const sshd = await guests[0].run(`ss -Htnp "sport = :22 and dport = :${port}"`);
    const pids = [...sshd.stdout.matchAll(/pid=(\d+)/g)].map((match) => match[1]);
    expect(pids.length).toBeGreaterThan(0);
    await guests[0].run(`kill -9 ${pids.join(' ')}`);
    await tab('sid').getByText('Connection lost').waitFor();
    await page.getByRole('alert').getByText('The connection to sid was lost').first().waitFor();
    await tab('trixie').getByText('probe running').waitFor();
    await tab('trixie').click();
    await page.getByRole('button', { name: 'Packets', exact: true }).click();
    const before = await received();
    await breakGuest(guests[1], { count: 4, intervalMilliseconds: 100 });
    await expect.poll(received, { timeout: 90_000 }).toBe(before + 4);
    await expect.poll(() => tab('sid').textContent(), { timeout: 120_000 }).not.toContain('Connection lost');
    await tab('sid').click();
    expect(await received()).toBe(3);
    expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
    expect(errors).toEqual([]);
  });
});
