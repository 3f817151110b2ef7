import { beforeEach, describe, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import { locale } from '../../renderer/state/locale.svelte.ts';
import '../../renderer/ui/base.css';
import { fakeBackend } from './dev/fake-backend.ts';
import type { FakeBackend } from './dev/fake-backend.ts';

/** The whole page over a fake backend on the real wire: what a person does, by roles and names. */
async function open(rate = 50): Promise<FakeBackend> {
  const backend = fakeBackend({ rate, functions: 60_000, hosts: ['edge-01', 'unknown', 'refused'] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  return backend;
}

beforeEach(async () => {
  localStorage.clear();
  locale.choose('en');
  await page.viewport(1440, 900);
});

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });

async function connect(host: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Host' }).fill(host);
  await userEvent.keyboard('{Enter}');
}

async function probe(functionName: string, filter = 'none'): Promise<void> {
  await button('Functions').click();
  await page.getByRole('searchbox', { name: 'Search functions' }).fill(functionName);
  await userEvent.keyboard('{Enter}');
  await button('Probe').click();
  await page.getByLabelText('Filter in the kernel').selectOptions(filter);
}

describe('the reference investigation', () => {
  test('from the demo card to the bytes that prove it', async () => {
    await open();
    await button('Open the demo investigation').click();
    await expect.element(page.getByRole('heading', { name: 'demo' })).toBeVisible();
    await expect
      .element(page.getByText('Recorded on Linux 6.1.0-42-cloud-amd64', { exact: false }))
      .toBeVisible();
    await button('Browse functions').click();
    await expect.element(page.getByText('struct sk_buff *ip_rcv_core')).toBeVisible();
    await expect.element(page.getByText('IPv4 at skb->data')).toBeVisible();
    await button('Probe').click();
    await expect.element(page.getByLabelText('Filter in the kernel')).toHaveValue('bad-ip-header');
    await expect
      .element(page.getByRole('figure', { name: 'Script' }))
      .toHaveTextContent('kfunc:vmlinux:ip_rcv_core');
    await button('Start').click();

    const verdict = page.getByRole('status', { name: 'Verdict' });
    await expect.element(verdict).toHaveTextContent('Ethernet header where an IP header was expected');
    await expect.element(verdict).toHaveTextContent('14 bytes later');
    await expect.element(page.getByText('REPLAY').first()).toBeVisible();

    await button(/Bytes 12 to 13 are EtherType 0x0800/).click();
    const chosen = document.querySelectorAll('[role="gridcell"][aria-selected="true"]');
    expect([...chosen].map((cell) => cell.textContent)).toEqual(['08', '00']);
    const tree = page.getByRole('tree', { name: 'Header fields' });
    await expect.element(tree.getByRole('treeitem', { selected: true })).toHaveTextContent('h_proto');

    await tree.getByRole('treeitem', { name: /^tot_len/ }).click({ timeout: 1000 });
    expect(document.querySelectorAll('[role="gridcell"][aria-selected="true"]')).toHaveLength(2);
    await page.getByText('As the kernel reads it').click();
    await expect.element(tree.getByRole('treeitem').first()).toHaveTextContent('Internet Protocol Version 4');
    await expect.element(tree.getByRole('treeitem', { name: /^version/ })).toHaveTextContent('must be 4');
    await button('Stop').click();
    await expect.element(page.getByRole('region', { name: 'Run' }).getByText('Stopped by you')).toBeVisible();
  });

  test('is saved, and opened again with its probe laid out', async () => {
    const backend = await open();
    await connect('edge-01');
    await probe('ip_rcv_core', 'bad-ip-header');
    await button('Start').click();
    await button('Save investigation').click();
    await page.getByLabelText('Name').fill('edge drops pings');
    await page.getByLabelText('Notes').fill('since the tunnel');
    await button('Save').click();
    await expect.element(page.getByText('Saved “edge drops pings”.')).toBeVisible();
    expect(backend.ran).toEqual(['save edge drops pings']);
    await button('Open').click();
    await expect.element(page.getByRole('heading', { name: 'Probe ip_rcv_core' })).toBeVisible();
    await expect.element(page.getByLabelText('Filter in the kernel')).toHaveValue('bad-ip-header');
    await expect.element(button('Start')).toBeEnabled();
  });
});

describe('looking around on a target', () => {
  test('a struct of a signature is one click away, with its offsets', async () => {
    await open();
    await connect('edge-01');
    await button('Functions').click();
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('icmp_rcv');
    await userEvent.keyboard('{Enter}');
    await page.getByRole('figure', { name: 'Signature' }).getByRole('button', { name: 'sk_buff' }).click();
    await expect.element(page.getByRole('heading', { name: 'struct sk_buff' })).toBeVisible();
    await page.getByRole('tab', { name: 'Members' }).click();
    await page.getByRole('searchbox', { name: 'Search members' }).fill('pkt');
    const member = page.getByRole('tree', { name: 'Members' }).getByRole('treeitem');
    await expect.element(member).toHaveTextContent(/90.*3 bits.*pkt_type:3.*__u8/);
    await page.getByRole('searchbox', { name: 'Struct name' }).fill('sk_bufff');
    await userEvent.keyboard('{Enter}');
    await expect
      .element(page.getByRole('alert'))
      .toHaveTextContent('no struct, union, enum or typedef "sk_bufff"');
  });

  test('what cannot be probed says why, and cannot be tried', async () => {
    await open();
    await connect('edge-01');
    await button('Functions').click();
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('receive_skb_core');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: '__netif_receive_skb_core' })).toBeVisible();
    const ways = page.getByRole('table', { name: 'Attachable' });
    await expect
      .element(ways.getByRole('row', { name: /^BTF trampoline/ }))
      .toHaveTextContent(/no.*NO_SYMBOL/);
    await expect.element(page.getByText('it was inlined everywhere', { exact: false })).toBeVisible();
    await expect.element(button('Probe')).toBeDisabled();
    page.getByRole('tree', { name: 'Functions' }).element().focus();
    await userEvent.keyboard('p{Enter}');
    await expect.element(page.getByRole('heading', { name: /^Probe / })).not.toBeInTheDocument();
  });
});

describe('what goes wrong', () => {
  test('an unknown host key is asked about, and a hasty Enter trusts nothing', async () => {
    await open();
    await connect('unknown');
    const dialog = page.getByRole('dialog', { name: 'Is this the right host?' });
    await expect.element(dialog.getByText(/^SHA256:/)).toBeVisible();
    await expect.element(dialog.getByRole('button', { name: 'Cancel' })).toHaveFocus();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('alert')).toHaveTextContent('Cancelled.');
    await expect.element(page.getByRole('textbox', { name: 'Host' })).toHaveValue('unknown');
    await button('Try again').click();
    await button('Trust once').click();
    await expect.element(page.getByRole('heading', { name: 'unknown' })).toBeVisible();
  });

  test('a failure is told where it happened, with its remedy, and nothing typed is lost', async () => {
    await open();
    await connect('refused');
    await expect.element(page.getByRole('alert')).toHaveTextContent('ssh -p 22 refused');
    await expect.element(page.getByRole('textbox', { name: 'Host' })).toHaveValue('refused');
    await connect('edge-01');
    await probe('vfs_read', 'misfit');
    await expect.element(page.getByRole('alert')).toHaveTextContent('takes no struct sk_buff');
    await expect.element(button('Start')).toBeDisabled();
    await page.getByLabelText('Filter in the kernel').selectOptions('none');
    await expect.element(button('Start')).toBeEnabled();
    await page.getByLabelText('Stop after events').fill('many');
    await expect.element(page.getByRole('alert')).toHaveTextContent('Stop after events');
    await expect.element(button('Start')).toBeDisabled();
  });

  test('when the backend itself is gone, the page says so, keeps what it shows, and asks for nothing more', async () => {
    const backend = await open();
    await connect('edge-01');
    await probe('ip_rcv_core', 'bad-ip-header');
    await button('Start').click();
    await expect.element(page.getByRole('status', { name: 'Verdict' })).toBeVisible();
    backend.end();
    await expect.element(page.getByRole('alert')).toHaveTextContent('The backend of skblens has ended');
    await expect.element(page.getByRole('status', { name: 'Verdict' })).toBeVisible();
    await button('Functions').click();
    await expect.element(button('Probe')).toBeDisabled();
    await expect.element(button('Start')).toBeDisabled();
  });

  test('a lost connection leaves what was seen, and Reconnect comes back to it', async () => {
    const backend = await open();
    await connect('edge-01');
    await probe('ip_rcv_core', 'bad-ip-header');
    await button('Start').click();
    await expect.element(page.getByRole('status', { name: 'Verdict' })).toBeVisible();
    backend.lose();
    await expect.element(page.getByRole('alert')).toHaveTextContent('The connection to edge-01 was lost');
    await expect.element(page.getByRole('status', { name: 'Verdict' })).toBeVisible();
    await button('Reconnect').click();
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
    await button('Functions').click();
    await expect.element(page.getByLabelText('Filter in the kernel')).toHaveValue('bad-ip-header');
  });
});

describe('a flood of events', () => {
  test('keeps the page small, loses nothing, gives all credit back, and leaves a reader alone', async () => {
    const backend = await open(10_000);
    await connect('edge-01');
    await probe('ip_rcv_core');
    await button('Start').click();
    const list = page.getByRole('listbox', { name: 'Events' });
    await expect.element(list).toBeVisible();
    const element = list.element();
    await expect.poll(() => element.scrollHeight, { timeout: 10_000 }).toBeGreaterThan(22 * 5000);
    expect(element.querySelectorAll('[role="option"]').length).toBeLessThan(60);
    expect(element.scrollHeight - element.scrollTop - element.clientHeight).toBeLessThan(2);

    element.dispatchEvent(new WheelEvent('wheel', { deltaY: -300 }));
    element.scrollTop -= 300;
    await expect.element(button(/new events$/)).toBeVisible();
    const { scrollTop } = element;
    const rows = [...element.querySelectorAll('[role="option"]')].map((row) => row.textContent).toSorted();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(element.scrollTop).toBe(scrollTop);
    // The run bar may have grown by a line meanwhile, and the list become a row shorter.
    const now = [...element.querySelectorAll('[role="option"]')].map((row) => row.textContent).toSorted();
    const both = Math.min(now.length, rows.length);
    expect(both).toBeGreaterThan(5);
    expect(now.slice(0, both)).toEqual(rows.slice(0, both));

    await button(/new events$/).click();
    await expect.poll(() => element.scrollHeight - element.scrollTop - element.clientHeight).toBeLessThan(2);
    await button('Stop').click();
    await expect.element(page.getByRole('region', { name: 'Run' }).getByText('Stopped by you')).toBeVisible();
    const received = Number(
      document.querySelector('[title="Events received here"] dd')?.textContent.replaceAll(',', ''),
    );
    await expect.poll(() => element.scrollHeight / 22).toBe(received);
    expect(element.querySelectorAll('[role="option"]').length).toBeLessThan(60);
    expect(backend.credited()).toBeGreaterThanOrEqual(received * 256);
  });

  test('shows only the verdicts that are wanted, and a selection survives it', async () => {
    await open(600);
    await connect('edge-01');
    await probe('ip_rcv_core');
    await button('Start').click();
    const corrupt = button(/^Corrupt IP/);
    await expect.element(corrupt).toBeVisible();
    await button('Stop').click();
    await expect.element(page.getByRole('region', { name: 'Run' }).getByText('Stopped by you')).toBeVisible();
    const rows = page.getByRole('listbox', { name: 'Events' }).getByRole('option');
    await page
      .getByRole('listbox', { name: 'Events' })
      .getByRole('option')
      .filter({ hasText: 'Corrupt IP' })
      .first()
      .click();
    await expect
      .element(page.getByRole('status', { name: 'Verdict' }))
      .toHaveTextContent('Corrupt IP header');
    await button(/^As expected/).click();
    for (const row of rows.elements()) expect(row.textContent).not.toContain('As expected');
    await expect
      .element(rows.filter({ hasText: 'Corrupt IP' }).and(page.getByRole('option', { selected: true })))
      .toBeVisible();
    await expect
      .element(page.getByRole('status', { name: 'Verdict' }))
      .toHaveTextContent('Corrupt IP header');
  });
});

describe('keys and languages', () => {
  test('every view and command is reached by keys', async () => {
    await open();
    await connect('edge-01');
    await expect.element(page.getByRole('heading', { name: 'edge-01' })).toBeVisible();
    await userEvent.keyboard('{Alt>}2{/Alt}');
    await expect.element(page.getByRole('searchbox', { name: 'Search functions' })).toHaveFocus();
    await userEvent.keyboard('{F1}counters{Enter}');
    await expect.element(page.getByRole('heading', { name: 'Counters', exact: true })).toBeVisible();
    await userEvent.keyboard('{Control>}p{/Control}icmp rcv{Enter}');
    await expect.element(page.getByRole('heading', { name: 'icmp_rcv' })).toBeVisible();
    await userEvent.keyboard('{Control>}j{/Control}');
    await expect.element(page.getByRole('listbox', { name: 'Commands' })).toHaveTextContent('/proc/net/snmp');
  });

  test('the page speaks Chinese from one moment to the next, and remembers it', async () => {
    await open();
    await button('English').click();
    await expect.element(button('打开演示调查')).toBeVisible();
    expect(document.documentElement.lang).toBe('zh-CN');
    expect(localStorage.getItem('skblens.locale')).toBe('zh-CN');
    await button('打开演示调查').click();
    await expect.element(page.getByText('此目标能做什么')).toBeVisible();
  });
});
