import { beforeEach, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import App from '../../../renderer/App.svelte';
import { colourRules } from '../../../renderer/state/colour-rules.svelte.ts';
import { locale } from '../../../renderer/state/locale.svelte.ts';
import '../../../renderer/ui/base.css';
import { fakeBackend } from '../dev/fake-backend.ts';
import type { FakeBackend } from '../dev/fake-backend.ts';

/** The page with the probe of ip_rcv_core laid out, over a fake backend on the real wire. */
async function open(): Promise<FakeBackend> {
  const backend = fakeBackend({ rate: 40, functions: 2000, hosts: ['edge-01'] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  await button('Open the demo investigation').click();
  await button('Browse functions').click();
  await button('Probe').click();
  return backend;
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const where = () => page.getByRole('combobox', { name: 'Only packets where' });
const display = () => page.getByRole('combobox', { name: 'Display filter' });
const options = () => page.getByRole('listbox', { name: 'What fits here' }).getByRole('option');

beforeEach(async () => {
  localStorage.clear();
  locale.choose('en');
  colourRules.reset();
  await page.viewport(1440, 900);
});

test('a filter is completed by keys, from names and from the structs of the target', async () => {
  await open();
  await where().fill('ip.tt');
  await expect.element(options().first()).toHaveTextContent('ip.ttl');
  await expect.element(where()).toHaveAttribute('aria-expanded', 'true');
  await userEvent.keyboard('{ArrowDown}');
  await expect.element(options().first()).toHaveAttribute('aria-selected', 'true');
  await userEvent.keyboard('{Enter}');
  await expect.element(where()).toHaveValue('ip.ttl');
  await expect.element(where()).toHaveAttribute('aria-expanded', 'false');

  await where().fill('skb->dev->mt');
  await expect.element(options().first()).toHaveTextContent('mtu');
  await userEvent.keyboard('{ArrowUp}{Enter}');
  await expect.element(where()).toHaveValue('skb->dev->mtu');
  await where().fill('verdict == eth');
  await expect.element(options().first()).toHaveTextContent('ethernet-where-ip-expected');
  await userEvent.keyboard('{Escape}');
  await expect.element(where()).toHaveAttribute('aria-expanded', 'false');
});

test('an error stands under its characters and nothing is started; parts say where they run', async () => {
  await open();
  await where().fill('ip.ttl < 5 && foo == 1');
  await userEvent.keyboard('{Escape}');
  await expect.element(where()).toHaveAttribute('aria-invalid', 'true');
  await expect.element(page.getByText('Character 15: foo is no field, protocol or argument.')).toBeVisible();
  expect(document.querySelector('form.probe u')?.textContent).toBe('foo');
  await expect.element(button('Start')).toBeDisabled();

  await where().fill('skb.dev.name == "tun0" && icmp && verdict != as-expected');
  await userEvent.keyboard('{Escape}');
  await expect.element(where()).toHaveAttribute('aria-invalid', 'false');
  const parts = page.getByRole('list', { name: 'Where each part runs' }).getByRole('listitem');
  await expect.element(parts.nth(0)).toHaveTextContent('kernel skb.dev.name == "tun0"');
  await expect.element(parts.nth(1)).toHaveTextContent('kernel + arrival icmp');
  await expect.element(parts.nth(2)).toHaveTextContent('on arrival verdict != as-expected');
  await expect.element(button('Start')).toBeEnabled();
});

test('the display filter shows fewer rows and loses no record; Ctrl+/ asks for it', async () => {
  await open();
  await button('Start').click();
  const rows = page.getByRole('listbox', { name: 'Events' }).getByRole('option');
  await expect.element(rows.first()).toBeVisible();
  await userEvent.keyboard('{Control>}/{/Control}');
  await expect.element(display()).toHaveFocus();
  await display().fill('seq in {2, 5}');
  await userEvent.keyboard('{Escape}');
  await expect.element(page.getByText(/^2 of \d+$/)).toBeVisible();
  expect(rows.elements().map((row) => row.textContent.trim().split(/\s+/)[0])).toEqual(['2', '5']);
  // A text that is wrong leaves the table as it is.
  await display().fill('seq in {2, 5');
  await expect.element(display()).toHaveAttribute('aria-invalid', 'true');
  await expect.element(page.getByText(/^2 of \d+$/)).toBeVisible();
  await button('Clear the display filter').click();
  await expect.element(display()).toHaveValue('');
  await expect.poll(() => rows.elements().length).toBeGreaterThan(4);
});

test('a colour rule paints rows, stays, and goes back', async () => {
  await open();
  await button('Start').click();
  const rows = page.getByRole('listbox', { name: 'Events' }).getByRole('option');
  await expect.element(rows.first()).toHaveClass(/bad/);
  await button('Colour rules').click();
  await button('Add a rule').click();
  const rule = page.getByRole('combobox', { name: 'Filter of the rule' }).first();
  await rule.fill('se');
  await expect.element(rule).toHaveAttribute('aria-expanded', 'true');
  // Escape closes the list, and not the dialog around it.
  await userEvent.keyboard('{Escape}');
  await expect.element(rule).toHaveAttribute('aria-expanded', 'false');
  await rule.fill('verdict != as-expected');
  await page.getByRole('combobox', { name: 'Colour' }).first().selectOptions('violet');
  await button('Done').click();
  await expect.element(rows.first()).toHaveClass(/odd/);
  expect(localStorage.getItem('skblens.colour-rules')).toContain('verdict != as-expected');
  // Behind the rule for other headers it comes too late.
  await button('Colour rules').click();
  await button('Move New rule down').click();
  await button('Move New rule down').click();
  await button('Done').click();
  await expect.element(rows.first()).toHaveClass(/bad/);
  await button('Colour rules').click();
  await button('Back to the colours by verdict').click();
  await button('Done').click();
  expect(localStorage.getItem('skblens.colour-rules')).not.toContain('verdict != as-expected');
});
