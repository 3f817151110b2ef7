import { expect } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import '../../renderer/ui/base.css';
import { locale } from '../../renderer/state/locale.svelte.ts';
import { fakeBackend } from './dev/fake-backend.ts';
import type { FakeBackend, FakeOptions } from './dev/fake-backend.ts';

/** The whole page over a fake backend on the real wire, in English, 1440 by 900, with nothing remembered. */
export async function openPage(options: Partial<FakeOptions> = {}): Promise<FakeBackend> {
  localStorage.clear();
  locale.choose('en');
  await page.viewport(1440, 900);
  const backend = fakeBackend({ rate: 50, functions: 500, hosts: ['edge-01', 'edge-02'], ...options });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  return backend;
}

export const button = (name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' });

export async function connectTo(host: string): Promise<void> {
  await button('Hosts').click();
  await page.getByRole('textbox', { name: 'Host' }).fill(host);
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('heading', { name: host, exact: true })).toBeVisible();
}

/** Leaves the packets view in front. */
export async function startProbe(functionName: string, filter = 'none'): Promise<void> {
  await button('Functions').click();
  await page.getByRole('searchbox', { name: 'Search functions' }).fill(functionName);
  await userEvent.keyboard('{Enter}');
  await button('Probe').click();
  await page.getByLabelText('Filter in the kernel').selectOptions(filter);
  await button('Start').click();
}
