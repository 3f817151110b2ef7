import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { locale } from '../../renderer/state/locale.svelte.ts';
import { button, connectTo, openPage } from './open-page.ts';

const box = () => page.getByRole('textbox', { name: 'Host' });
const list = () => page.getByRole('listbox', { name: 'Hosts' });
const rows = (): string[] =>
  [...list().element().querySelectorAll('.row')].map((row) => row.textContent.trim().replace(/\s+/g, ' '));
const sources = ['/home/me/.ssh/config', '/home/me/.ssh/config.d/work'];

describe('the list of hosts', () => {
  test('stands by file, the recent ones first, and a recent one can be forgotten', async () => {
    await openPage({ hosts: ['edge-01', 'db', 'edge-02'], sources });
    await expect.element(list().getByRole('option').first()).toHaveTextContent('edge-01');
    expect(rows().map((row) => row.split(' ')[0])).toEqual([
      '~/.ssh/config',
      'edge-01',
      'edge-02',
      '~/.ssh/config.d/work',
      'db',
    ]);
    await connectTo('root@10.0.0.9:2222');
    await button('Disconnect').click();
    await expect.poll(() => rows().slice(0, 2)).toEqual(['Recent', 'root@10.0.0.9:2222 typed, in no config']);
    expect(localStorage.getItem('skblens.recent-hosts')).toBe('["root@10.0.0.9:2222"]');
    await list()
      .getByRole('option', { name: /10\.0\.0\.9/ })
      .click();
    await button('Forget').click();
    await expect.poll(() => rows()[0]).toBe('~/.ssh/config');
    expect(localStorage.getItem('skblens.recent-hosts')).toBe('[]');
  });

  test('Enter takes the host that the arrows moved to, else what was typed', async () => {
    await openPage({ hosts: ['edge-01', 'db', 'edge-02'], sources });
    await box().fill('edge');
    await expect.element(page.getByText('Enter connects to “edge”.')).toBeVisible();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect.element(box()).toHaveFocus();
    const active = box().element().getAttribute('aria-activedescendant');
    expect(document.getElementById(active ?? '')?.textContent).toContain('edge-02');
    await expect.element(page.getByText('Enter connects to “edge-02”.')).toBeVisible();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'edge-02', exact: true })).toBeVisible();
    await button('Disconnect').click();
    await box().fill('edge');
    await userEvent.keyboard('{ArrowDown}');
    await box().fill('edge-0');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'edge-0', exact: true })).toBeVisible();
  });

  test('a mark on a host is seen on its page, its tab and the status bar, and is remembered', async () => {
    await openPage({ hosts: ['edge-01', 'edge-02'] });
    await list()
      .getByRole('option', { name: /edge-01/ })
      .click();
    await page.getByLabelText('Mark').selectOptions('production');
    await expect.element(list().getByRole('option', { name: /edge-01/ })).toHaveTextContent('Production');
    await connectTo('edge-01');
    const status = page.getByRole('contentinfo', { name: 'Status' });
    await expect.element(status).toHaveTextContent('Production');
    const { borderTopWidth, borderTopColor } = getComputedStyle(status.element());
    expect(borderTopWidth).toBe('3px');
    await connectTo('edge-02');
    await expect.element(status).not.toHaveTextContent('Production');
    expect(getComputedStyle(status.element()).borderTopColor).not.toBe(borderTopColor);
    const tab = page
      .getByRole('navigation', { name: 'Connected hosts' })
      .getByRole('button', { name: /^edge-01/ });
    await expect.element(tab).toHaveTextContent('Production');
    expect(localStorage.getItem('skblens.host-marks')).toBe('[["edge-01","production"]]');
    await tab.click();
    await page.getByLabelText('Mark').first().selectOptions('');
    await expect.element(status).not.toHaveTextContent('Production');
    expect(localStorage.getItem('skblens.host-marks')).toBe('[]');
  });
});

describe('an attempt to connect', () => {
  test('shows the step that it is at, and Cancel ends it there', async () => {
    await openPage();
    await box().fill('slow');
    await userEvent.keyboard('{Enter}');
    const steps = page.getByRole('list', { name: 'Steps of connecting' });
    await expect.element(steps.getByRole('listitem').nth(4)).toHaveAttribute('aria-current', 'step');
    await expect.element(steps.getByRole('listitem').nth(4)).toHaveTextContent(/^Authentication/);
    expect(steps.getByRole('listitem').elements()).toHaveLength(6);
    await page.getByText('Connection log').click();
    await expect
      .element(page.getByRole('list', { name: 'Connection log' }))
      .toHaveTextContent('connecting to 192.0.2.40 port 22');
    await button('Cancel').click();
    await expect.element(page.getByRole('alert')).toHaveTextContent('Cancelled.');
    await expect.element(page.getByText('It ended at: Authentication.')).toBeVisible();
    await expect.element(box()).toHaveValue('slow');
  });

  test('that fails says where, why and what to do, and its log stays', async () => {
    await openPage();
    await box().fill('refused');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('alert')).toHaveTextContent('ssh -p 22 refused');
    await expect.element(page.getByText('It ended at: TCP connection.')).toBeVisible();
    await page.getByText('Connection log').click();
    const log = page.getByRole('list', { name: 'Connection log' });
    await expect.element(log).toHaveTextContent('connecting to 192.0.2.40 port 22');
    locale.choose('zh-CN');
    await expect
      .element(page.getByRole('list', { name: '连接日志' }))
      .toHaveTextContent('正在连接 192.0.2.40 端口 22');
  });

  test('that succeeds leaves its log on the page of the target', async () => {
    await openPage();
    await connectTo('edge-01');
    await page.getByText('Connection log').click();
    await expect.element(page.getByRole('list', { name: 'Connection log' })).toHaveTextContent('accepted');
  });
});
