import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakGuest } from '../lab/break.ts';
import { guestAlone } from '../lab/guest-alone.ts';
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
)('clicked through in Chromium, on a real kernel', () => {
  let guest: Guest;
  let server: Skblens;
  let browser: Browser;
  let page: Page;
  let errors: readonly string[];
  const data = mkdtempSync(join(tmpdir(), 'skblens-e2e-'));

  beforeAll(async () => {
    guest = await guestAlone('trixie');
    server = startSkblens(['serve', '--json', '-F', guest.sshConfigPath], { XDG_DATA_HOME: data });
    const { url } = await server.line('serving');
    browser = await launchChromium();
    page = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      locale: 'en-US',
    });
    page.setDefaultTimeout(90_000);
    errors = watchForErrors(page);
    await page.goto(url as string);
  });
  afterAll(async () => {
    await browser.close();
    server.process.kill('SIGTERM');
    await server.exit;
  });

  test('connect by an alias of the ssh config and read what the target can do', async () => {
    await page.getByRole('textbox', { name: 'Host' }).fill('trixie');
    await page.keyboard.press('Enter');
    await page.getByText('/sys/kernel/btf/vmlinux').waitFor();
    expect(await page.getByText('6.12').count()).toBeGreaterThan(0);
    await screenshot(page, 'target');
  });

  test('find ip_rcv_core among tens of thousands of functions and read its signature', async () => {
    await page.getByRole('button', { name: 'Browse functions' }).click();
    await page.getByText(/\d\d,\d{3} functions/).waitFor();
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip rcv');
    await screenshot(page, 'functions');
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip_rcv_core');
    await page.keyboard.press('Enter');
    await page.getByText('IPv4 at skb->data').waitFor();
  });

  test('from its signature to a struct, through a pointer, and back with a member for the probe', async () => {
    await page.getByRole('button', { name: 'Probe', exact: true }).first().click();
    await page.getByRole('figure', { name: 'Script' }).getByText('kfunc:vmlinux:ip_rcv_core').waitFor();
    await page
      .getByRole('figure', { name: 'Signature' })
      .getByRole('button', { name: 'sk_buff' })
      .first()
      .click();
    await page.getByRole('heading', { name: 'struct sk_buff' }).waitFor();
    const members = page.getByRole('tree', { name: 'Members' });
    await members.getByRole('treeitem', { name: /\bdev struct net_device \*/ }).click();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('searchbox', { name: 'Search members' }).fill('dev->mtu');
    await members.getByRole('treeitem', { name: /\bmtu unsigned int/ }).click();
    const chosen = page.getByRole('group', { name: 'The chosen member' });
    await chosen.getByText('((struct sk_buff *)args->skb)->dev->mtu').waitFor();
    await page.evaluate(() => {
      addEventListener('copy', ({ clipboardData }) => {
        document.body.dataset['copied'] = clipboardData?.getData('text/plain') ?? '';
      });
    });
    await page.keyboard.press('Control+C');
    await page.keyboard.press('Space');
    await chosen.getByRole('button', { name: 'Captured in the probe' }).waitFor();
    expect(await page.evaluate(() => document.body.dataset['copied'])).toBe('skb->dev->mtu');
    await page.getByRole('button', { name: 'Functions', exact: true }).click();
  });

  test('see the script before it runs, start it, and read the verdict with its bytes', async () => {
    await page
      .getByRole('button', { name: 'Probe', exact: true })
      .or(page.getByRole('button', { name: /^Probe P?$/ }))
      .first()
      .click();
    await page.getByLabel('Filter in the kernel').selectOption('bad-ip-header');
    const script = page.getByRole('figure', { name: 'Script' });
    await script.getByText('kfunc:vmlinux:ip_rcv_core').waitFor();
    await script.getByText('!= 4').first().waitFor();
    await screenshot(page, 'script');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('Attached', { exact: false }).first().waitFor();
    await page.getByText(/Waiting for a packet/).waitFor();
    await breakGuest(guest, { count: 6, intervalMilliseconds: 200 });
    const rows = page.getByRole('option').filter({ hasText: 'ICMP echo request' });
    await rows.first().waitFor();
    await rows.first().click();
    await page
      .getByRole('status', { name: 'Verdict' })
      .getByText('Ethernet header where an IP header was expected')
      .waitFor();
    const verdict = page.getByRole('region', { name: 'Packet' });
    await verdict.getByText('EtherType 0x0800').first().waitFor();
    await verdict.getByText('ARPHRD_TUNNEL').first().waitFor();
    await screenshot(page, 'verdict');
  });

  test('the bytes and the header fields are linked both ways', async () => {
    await page
      .getByRole('treeitem', { name: /h_proto/ })
      .first()
      .click();
    const selected = page.getByRole('gridcell', { selected: true });
    await expect.poll(() => selected.allInnerTexts()).toEqual(['08', '00']);
    await page.getByRole('gridcell', { name: /^Byte 14:/ }).click();
    await page.getByRole('treeitem', { name: /version/, selected: true }).waitFor();
  });

  test('the InHdrErrors counter has grown', async () => {
    await page
      .getByRole('button', { name: 'Counters' })
      .or(page.getByRole('tab', { name: 'Counters' }))
      .first()
      .click();
    await page.getByText('InHdrErrors').first().waitFor();
    await breakGuest(guest, { count: 5, intervalMilliseconds: 200 });
    await page.getByText(/It grows/).waitFor();
    await screenshot(page, 'counters');
  });

  test('stop, save the investigation, and open it again', async () => {
    await page
      .getByRole('button', { name: 'Packets' })
      .or(page.getByRole('tab', { name: 'Packets' }))
      .first()
      .click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped by you').first().waitFor();
    expect((await guest.run('pgrep -ax bpftrace; true')).stdout).toBe('');
    await page.getByRole('button', { name: 'Save investigation' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('redirect into ipip');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved “redirect into ipip”').waitFor();
    const folder = join(data, 'skblens', 'investigations');
    const [file = ''] = readdirSync(folder);
    expect(JSON.parse(readFileSync(join(folder, file), 'utf8'))).toMatchObject({
      skblens: 'investigation',
      version: 1,
      host: 'trixie',
      probe: { function: 'ip_rcv_core', filter: 'bad-ip-header' },
    });
    await page.reload();
    await page.getByText('redirect into ipip').first().waitFor();
    await screenshot(page, 'welcome');
    await page.getByText('redirect into ipip').first().click();
    await page.getByRole('figure', { name: 'Script' }).getByText('kfunc:vmlinux:ip_rcv_core').waitFor();
    expect(errors).toEqual([]);
  });
});
