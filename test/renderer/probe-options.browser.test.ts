import { beforeEach, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import { locale } from '../../renderer/state/locale.svelte.ts';
import '../../renderer/ui/base.css';
import { fakeBackend } from './dev/fake-backend.ts';

const button = (name: string) => page.getByRole('button', { name, exact: true });

beforeEach(async () => {
  localStorage.clear();
  locale.choose('en');
  await page.viewport(1440, 900);
  const backend = fakeBackend({ rate: 50, functions: 2000, hosts: [] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  await button('Open the demo investigation').click();
  await button('Browse functions').click();
  await button('Probe').click();
});

test('a second point and a field are added by Enter, which starts nothing, and are part of the run', async () => {
  const also = page.getByRole('group', { name: 'Also probe' });
  await also.getByRole('combobox').fill('ip_forward');
  await userEvent.keyboard('{Enter}');
  await expect.element(also.getByText('ip_forward', { exact: true })).toBeVisible();
  await expect.element(also.getByRole('combobox')).toHaveValue('');
  const fields = page.getByRole('group', { name: 'Capture fields' });
  await fields.getByRole('combobox').fill('skb->dev->mtu');
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('region', { name: 'Run' })).not.toBeInTheDocument();

  await fields.getByRole('combobox').fill('rm -rf');
  await userEvent.keyboard('{Enter}');
  await expect.element(fields.getByRole('alert')).toHaveTextContent('rm -rf');
  await expect.element(fields.getByRole('combobox')).toHaveValue('rm -rf');
  await fields.getByRole('combobox').fill('');

  await button('Start').click();
  await expect.element(page.getByRole('status', { name: 'Verdict' })).toBeVisible();
  await page.getByRole('tab', { name: 'sk_buff and device' }).click();
  await expect.element(page.getByRole('rowheader', { name: 'skb->dev->mtu' })).toBeVisible();
});

test('a chip is taken out by its button', async () => {
  const also = page.getByRole('group', { name: 'Also probe' });
  await also.getByRole('combobox').fill('ip_forward');
  await userEvent.keyboard('{Enter}');
  await also.getByRole('button', { name: 'Remove ip_forward' }).click();
  await expect.element(also.getByText('ip_forward', { exact: true })).not.toBeInTheDocument();
});

test('the script is the user’s own once it is edited, until it is given back', async () => {
  const script = page.getByRole('figure', { name: 'Script' });
  await expect.element(script).toHaveTextContent('kfunc:vmlinux:ip_rcv_core');
  await button('Edit the script').click();
  const box = page.getByRole('textbox', { name: 'Script' });
  await expect.element(box).toHaveFocus();
  await box.fill('BEGIN { printf("mine\\n"); exit(); }');
  await expect.element(page.getByText('Your script runs as it stands here', { exact: false })).toBeVisible();
  await expect
    .element(page.getByText('This script does not leave out the packets', { exact: false }))
    .toBeVisible();
  await button('Back to the written script').click();
  await expect.element(script).toHaveTextContent('kfunc:vmlinux:ip_rcv_core');
});
