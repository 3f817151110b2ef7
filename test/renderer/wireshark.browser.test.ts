import { expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import { agrees } from '../../renderer/state/wireshark-view.svelte.ts';
import '../../renderer/ui/base.css';
import { fakeBackend } from './dev/fake-backend.ts';

test('readings agree when the headers that both name are the same, in order', () => {
  expect(agrees(['raw', 'ip', 'icmp', 'data'], ['ipv4', 'icmp', 'payload'])).toBe(true);
  expect(agrees(['eth', 'ethertype', 'ip', 'tcp'], ['ethernet', 'ipv4', 'tcp'])).toBe(true);
  expect(agrees(['raw', 'ip'], ['ethernet', 'ipv4', 'icmp'])).toBe(false);
  expect(agrees(['raw'], ['ipv4'])).toBe(false);
  expect(agrees([], ['payload'])).toBe(true);
});

test('the selected packet is read by Wireshark from where its header was expected, and the difference is said', async () => {
  localStorage.clear();
  await page.viewport(1440, 900);
  const backend = fakeBackend({ rate: 50, functions: 100, hosts: [] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  await button('Open the demo investigation').click();
  await button('Browse functions').click();
  await button('Probe').click();
  await button('Start').click();
  await expect
    .element(page.getByRole('status', { name: 'Verdict' }))
    .toHaveTextContent('Ethernet header where an IP header was expected');
  await page.getByRole('tab', { name: 'Wireshark' }).click();
  const pane = page.getByRole('tabpanel', { name: 'Wireshark' });
  await expect.element(pane).toHaveTextContent('Reads it differently');
  await expect.element(pane).toHaveTextContent('ethernet › ipv4 › icmp');
  // 101 is LINKTYPE_RAW, and the first byte is the destination MAC's, not one from before it.
  await expect.element(pane).toHaveTextContent('Raw packet data (101)');
  await expect.element(pane).toHaveTextContent('bogus version (0)');
});
