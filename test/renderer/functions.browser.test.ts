import { beforeEach, describe, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import { locale } from '../../renderer/state/locale.svelte.ts';
import { remembered } from '../../renderer/state/remembered-functions.svelte.ts';
import '../../renderer/ui/base.css';
import { fakeBackend } from './dev/fake-backend.ts';
import { fakeFunctions } from './dev/fake-functions.ts';

/** The functions view over 60,000 functions, as a person uses it: by roles, names and keys. */
async function open(): Promise<void> {
  const backend = fakeBackend({ rate: 50, functions: 60_000, hosts: ['edge-01'] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  await page.getByRole('textbox', { name: 'Host' }).fill('edge-01');
  await userEvent.keyboard('{Enter}');
  await page.getByRole('button', { name: 'Functions', exact: true }).click();
  await expect.element(page.getByRole('status').filter({ hasText: '60,003 functions' })).toBeVisible();
}

beforeEach(async () => {
  localStorage.clear();
  remembered.reload();
  locale.choose('en');
  await page.viewport(1440, 900);
});

const tree = () => page.getByRole('tree', { name: 'Functions' });
const search = () => page.getByRole('searchbox', { name: 'Search functions' });
const selected = () => tree().getByRole('treeitem', { selected: true });
const rowNames = (): string[] =>
  [...tree().element().querySelectorAll<HTMLElement>('[role="treeitem"]')]
    .toSorted((a, b) => rowNumber(a) - rowNumber(b))
    .map((row) => row.querySelector('.name, .title')?.textContent ?? '');
const rowNumber = (row: HTMLElement): number => Number(row.id.split('-').at(-1));

/** Waits for `row` to be there: the groups may still be on their way. */
async function divideBy(name: string, row: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Divided by' }).selectOptions(name);
  await expect.element(tree().getByRole('treeitem').filter({ hasText: row }).first()).toBeVisible();
  (tree().element() as HTMLElement).focus();
}

describe('the tree', () => {
  test('begins with the packet’s path: what is there, what is not, what cannot be probed', async () => {
    await open();
    const item = (name: RegExp) => tree().getByRole('treeitem', { name });
    await expect.element(item(/^Received: IPv4/)).toHaveAttribute('aria-expanded', 'true');
    await expect.element(item(/^ip_rcv_core/)).toHaveAttribute('aria-level', '2');
    await expect.element(item(/^ip_list_rcv not here/)).toHaveAttribute('aria-disabled', 'true');
    await expect.element(item(/^__netif_receive_skb_core .*Attachable: No/)).toBeVisible();
    await item(/^ip_list_rcv not here/).click({ force: true });
    await expect.element(page.getByRole('heading', { name: 'Choose a function' })).toBeVisible();
    await item(/^ip_rcv_core/).click();
    await expect.element(page.getByRole('heading', { name: 'ip_rcv_core' })).toBeVisible();
    await expect.element(page.getByText('IPv4 at skb->data')).toBeVisible();
  });

  test('is walked by keys: open, go down, type ahead, Enter, back to the parent, close', async () => {
    await open();
    await divideBy('Module and prefix', 'The kernel itself');
    await userEvent.keyboard('{Home}');
    await expect.element(selected()).toHaveTextContent('The kernel itself');
    await userEvent.keyboard('{ArrowRight}{ArrowDown}');
    await expect.element(selected()).toHaveAttribute('aria-level', '2');
    await userEvent.keyboard('tcp');
    await expect.element(selected()).toHaveTextContent(/^tcp_/);
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    await expect.element(selected()).toHaveAttribute('aria-level', '3');
    await expect.element(selected()).toHaveAttribute('aria-posinset', '1');
    await userEvent.keyboard('tcp_v4');
    await expect.element(selected()).toHaveTextContent(/^tcp_v4_rcv/);
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'tcp_v4_rcv' })).toBeVisible();
    await userEvent.keyboard('{ArrowLeft}');
    await expect.element(selected()).toHaveTextContent(/^tcp_/);
    await expect.element(selected()).toHaveAttribute('aria-expanded', 'true');
    await userEvent.keyboard('{ArrowLeft}');
    await expect.element(selected()).toHaveAttribute('aria-expanded', 'false');
  });

  test('holds 60,000 functions in a few rows, and folds glue and what has no BTF away', async () => {
    await open();
    await divideBy('First struct taken', 'sk_buff');
    await userEvent.keyboard('{Home}{ArrowRight}');
    const element = tree().element();
    await expect.poll(() => element.scrollHeight).toBeGreaterThan(22 * 59_000);
    expect(element.querySelectorAll('[role="treeitem"]').length).toBeLessThan(60);
    await divideBy('Module and prefix', 'The kernel itself');
    await userEvent.keyboard('{End}');
    await expect.element(selected()).toHaveTextContent('Without BTF: kprobe only');
    await userEvent.keyboard('{ArrowUp}');
    await expect.element(selected()).toHaveTextContent('Made by macros');
    await expect.element(selected()).toHaveAttribute('aria-expanded', 'false');
    await userEvent.keyboard('{ArrowRight}{ArrowRight}*');
    await expect.poll(rowNames).toContain('__x64_sys_read');
  });

  test('P probes the function of the row, and it is then among the recent ones', async () => {
    await open();
    await search().fill('icmp_rcv');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'icmp_rcv' })).toBeVisible();
    await userEvent.keyboard('p');
    await expect.element(page.getByRole('heading', { name: 'Probe icmp_rcv' })).toBeVisible();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Functions', exact: true }).click();
    await search().fill('');
    await divideBy('Recently probed', 'icmp_rcv');
    await expect.poll(rowNames).toEqual(['icmp_rcv']);
  });

  test('the * key marks favourites, which a new page still knows', async () => {
    await open();
    await search().fill('eth_type_trans');
    await userEvent.keyboard('{Enter}*');
    await expect
      .element(page.getByRole('button', { name: 'Favourite' }))
      .toHaveAttribute('aria-pressed', 'true');
    expect(localStorage.getItem('skblens.favourite-functions')).toBe('["eth_type_trans"]');
    await search().fill('');
    await divideBy('Favourites', 'eth_type_trans');
    await expect.poll(rowNames).toEqual(['eth_type_trans']);
    await userEvent.keyboard('{Home}*');
    await expect.element(page.getByText(/^No favourites on this kernel yet/)).toBeVisible();
  });
});

describe('the search', () => {
  test.each(['ip_rcv', 'rcv core', 'iprcvc', 'skb ->bool', 'arg:net_device', 'ret:enum skb_drop_reason'])(
    '%s: in the order of the command line',
    async (line) => {
      await open();
      await search().fill(line);
      const expected = fakeFunctions(60_000)
        .search(line)
        .map(({ name }) => name);
      expect(expected.length).toBeGreaterThan(0);
      await expect.element(page.getByRole('combobox', { name: 'Divided by' })).toBeDisabled();
      // Names without BTF come behind; the command line does not list them.
      const shown = Math.min(20, expected.length);
      await expect.poll(() => rowNames().slice(0, shown)).toEqual(expected.slice(0, shown));
    },
  );

  test('marks what was found in name and signature', async () => {
    await open();
    await search().fill('attr speed');
    const marks = (): string[] =>
      [...tree().element().querySelectorAll('mark')].map((mark) => mark.textContent);
    await expect.poll(marks).toEqual(['speed', 'attr']);
    await search().fill('iprcvc');
    await expect.element(page.getByRole('status').filter({ hasText: 'spelt so' })).toBeVisible();
    await expect.poll(() => marks().slice(0, 3)).toEqual(['ip', 'rcv', 'c']);
  });

  test('Enter right behind the last letter takes what was found for all of them', async () => {
    await open();
    await search().click();
    await userEvent.keyboard('vfs_read{Enter}');
    await expect.element(page.getByRole('heading', { name: 'vfs_read' })).toBeVisible();
  });

  test('help stands at the box, and its examples can be tried', async () => {
    await open();
    await page.getByRole('button', { name: 'What can be searched for, and keys' }).click();
    await page.getByRole('button', { name: 'skb ->bool' }).click();
    await expect.element(search()).toHaveValue('skb ->bool');
    await expect.poll(rowNames).toEqual(['skb_can_shift', 'tcp_add_backlog']);
  });

  test('nothing found says so, and Escape brings the tree back', async () => {
    await open();
    await search().fill('zzzqqq');
    await expect.element(page.getByText(/^No function matches/)).toBeVisible();
    await search().click();
    await userEvent.keyboard('{Escape}');
    await expect.element(tree().getByRole('treeitem', { name: /^Received: IPv4/ })).toBeVisible();
  });
});

describe('the signature view', () => {
  async function show(name: string): Promise<void> {
    await search().fill(name);
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name, exact: true })).toBeVisible();
  }
  const ways = () => page.getByRole('table', { name: 'Attachable' }).getByRole('row');

  test('says for both ends of each way to probe whether, and why not', async () => {
    await open();
    await show('do_exit');
    await expect
      .element(ways().nth(1))
      .toHaveTextContent(/BTF trampoline \(bpftrace 0\.17\.0\) *yes *no *NORETURN/);
    await expect.element(ways().nth(2)).toHaveTextContent(/kprobe \(tracefs or bpftrace\) *yes *no/);
    await expect.element(page.getByText('It never returns: only its entry can be probed.')).toBeVisible();
  });

  test('a function without BTF is there, marked, and can be probed', async () => {
    await open();
    await show('tcp_ack.part.0');
    await expect.element(tree().getByRole('treeitem').first()).toHaveTextContent(/tcp_ack\.part\.0.*kprobe/);
    await expect.element(ways().nth(1)).toHaveTextContent('NO_BTF');
    await expect.element(ways().nth(2)).toHaveTextContent(/yes.*yes/);
    await expect.element(page.getByText(/^BTF does not describe this function/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: 'Probe' })).toBeEnabled();
  });

  test('leads along the packet’s path, and to who takes the same types', async () => {
    await open();
    await show('ip_rcv_core');
    await page.getByRole('button', { name: 'ip_rcv_finish', exact: true }).click();
    await expect.element(page.getByRole('heading', { name: 'ip_rcv_finish' })).toBeVisible();
    await page.getByText(/^\d+ others take struct sk_buff$/).click();
    await page.getByRole('button', { name: 'ip_local_deliver', exact: true }).last().click();
    await expect.element(page.getByRole('heading', { name: 'ip_local_deliver' })).toBeVisible();
  });

  test('copies a prototype and a command', async () => {
    await open();
    await show('ip_rcv_core');
    await expect
      .element(page.getByRole('button', { name: 'Copy as C prototype' }))
      .toHaveAttribute('title', 'struct sk_buff *ip_rcv_core(struct sk_buff *skb, struct net *net);');
    await expect
      .element(page.getByRole('button', { name: 'Copy as bpftrace command' }))
      .toHaveAttribute(
        'title',
        `bpftrace -e 'kfunc:vmlinux:ip_rcv_core { printf("%s %d skb=%p net=%p\\n", comm, pid, args->skb, args->net); }'`,
      );
  });
});
