import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { button, connectTo, openPage } from './open-page.ts';

const divideBy = (kind: string) => page.getByRole('combobox', { name: 'Divided by' }).selectOptions(kind);
const search = () => page.getByRole('searchbox', { name: 'Search these points' });
const option = (name: string | RegExp) => page.getByRole('option', { name });

test('a tracepoint is found, looked at and probed by keys', async () => {
  await openPage();
  await connectTo('edge-01');
  await button('Functions').click();
  await divideBy('Tracepoints');
  await expect.element(page.getByRole('status').filter({ hasText: '4 of 4' })).toBeVisible();
  await search().fill('skb:*');
  await expect.element(page.getByRole('status').filter({ hasText: '2 of 2' })).toBeVisible();
  await expect.element(search()).toHaveValue('skb:*');
  await search().fill('kfree');
  await expect.element(option('skb:consume_skb')).not.toBeInTheDocument();
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('heading', { name: 'tracepoint:skb:kfree_skb' })).toBeVisible();
  await expect.element(page.getByRole('row', { name: 'protocol unsigned short 24 2' })).toBeVisible();
  await expect.element(page.getByText(/^Root and tracefs;/)).toBeVisible();
  await userEvent.keyboard('p');
  await expect.element(button('Start')).toBeEnabled();
  await expect.element(page.getByText('tracepoint:skb:kfree_skb').nth(1)).toBeVisible();
  await search().fill('no such point');
  await expect.element(page.getByText('None here fits.')).toBeVisible();
});

test('functions that only a kprobe reaches say why; a function takes the page back', async () => {
  await openPage();
  await connectTo('edge-01');
  await button('Functions').click();
  await divideBy('kprobe only');
  await search().fill('isra');
  await option(/^ip_rcv_finish_core\.isra\.0/).click();
  await expect.element(page.getByRole('heading', { name: 'kprobe:ip_rcv_finish_core.isra.0' })).toBeVisible();
  await expect
    .element(page.getByRole('definition').filter({ hasText: 'BTF does not describe it' }))
    .toBeVisible();
  await divideBy('Packet path');
  await page.getByRole('treeitem', { name: /^ip_rcv_core/ }).click();
  await expect.element(page.getByRole('heading', { name: 'ip_rcv_core' })).toBeVisible();
});

test('the demo says that its recording has no such listing', async () => {
  await openPage();
  await button('Open the demo investigation').click();
  await button('Browse functions').click();
  await divideBy('Tracepoints');
  await expect.element(page.getByRole('alert')).toHaveTextContent('is not in the recording behind demo');
});
