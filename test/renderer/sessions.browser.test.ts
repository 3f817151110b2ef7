import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { button, connectTo, openPage, startProbe } from './open-page.ts';

const hosts = () => page.getByRole('navigation', { name: 'Connected hosts' });
const tab = (host: string) => hosts().getByRole('button', { name: new RegExp(`^${host}`) });
const run = () => page.getByRole('region', { name: 'Run' });
const received = (): number =>
  Number(document.querySelector('[title="Events received here"] dd')?.textContent.replaceAll(',', ''));

describe('several hosts at once', () => {
  test('each keeps its own probe, its own functions and its own counters', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await expect.element(hosts()).not.toBeInTheDocument();
    await startProbe('ip_rcv_core', 'bad-ip-header');
    await expect.element(run().getByText('ip_rcv_core')).toBeVisible();

    await connectTo('edge-02');
    await expect.element(tab('edge-02')).toHaveAttribute('aria-current', 'true');
    await expect.element(tab('edge-01')).toHaveTextContent('probe running');
    await button('Packets').click();
    await expect.element(run()).not.toBeInTheDocument();
    await startProbe('icmp_rcv');
    await expect.element(run().getByText('icmp_rcv')).toBeVisible();
    await expect.element(tab('edge-01')).toHaveTextContent('probe running');

    await tab('edge-01').click();
    await expect.element(run().getByText('ip_rcv_core')).toBeVisible();
    const before = received();
    await tab('edge-02').click();
    await expect.element(run().getByText('icmp_rcv')).toBeVisible();
    const credited = backend.credited();
    await expect.poll(() => backend.credited()).toBeGreaterThan(credited + 20 * 256);
    await tab('edge-01').click();
    await expect.poll(received).toBeGreaterThan(before);
    await button('Functions').click();
    await expect
      .element(page.getByRole('searchbox', { name: 'Search functions' }))
      .toHaveValue('ip_rcv_core');
    await userEvent.keyboard('{Alt>}{PageDown}{/Alt}');
    await expect.element(page.getByRole('searchbox', { name: 'Search functions' })).toHaveValue('icmp_rcv');
    await button('Counters').click();
    await expect.element(page.getByText('edge-02').first()).toBeVisible();
  });

  test('one that is lost says so, and the other goes on', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await startProbe('ip_rcv_core');
    await connectTo('edge-02');
    await startProbe('icmp_rcv');
    backend.lose('s1');
    await expect.element(tab('edge-01')).toHaveTextContent('Connection lost');
    await expect
      .element(page.getByText('The connection to edge-01 was lost'))
      .toHaveAttribute('role', 'status');
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
    const before = received();
    await expect.poll(received).toBeGreaterThan(before);

    await tab('edge-01').click();
    await expect.element(page.getByRole('alert')).toHaveTextContent('The connection to edge-01 was lost');
    await expect.element(run().getByText('ip_rcv_core')).toBeVisible();
    await button('Reconnect').click();
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
    await expect.element(tab('edge-01')).not.toHaveTextContent('Connection lost');
  });

  test('disconnecting ends one, and what it saw can be read until another host is connected', async () => {
    await openPage();
    await connectTo('edge-01');
    await startProbe('ip_rcv_core');
    await connectTo('edge-02');
    await button('Disconnect edge-02').click();
    await expect.element(hosts()).not.toBeInTheDocument();
    await expect.element(page.getByRole('heading', { name: 'edge-01', exact: true })).toBeVisible();
    await button('Packets').click();
    await expect.element(button('Stop')).toBeEnabled();

    await button('Hosts').click();
    await button('Disconnect').click();
    await expect.element(page.getByRole('heading', { name: 'Demo investigation' })).toBeVisible();
    await button('Packets').click();
    await expect.element(page.getByRole('listbox', { name: 'Events' })).toBeVisible();
    await connectTo('edge-01');
    await button('Packets').click();
    await expect.element(run().getByText('ip_rcv_core')).toBeVisible();
    await connectTo('edge-02');
    await button('Packets').click();
    await expect.element(run()).not.toBeInTheDocument();
  });

  test('asking for a host that is connected turns to it, and connects no second time', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await connectTo('edge-02');
    await connectTo('edge-01');
    await expect.element(tab('edge-01')).toHaveAttribute('aria-current', 'true');
    expect(hosts().getByRole('button').elements()).toHaveLength(4);
    await userEvent.keyboard('{F1}switch to edge-02{Enter}');
    await expect.element(tab('edge-02')).toHaveAttribute('aria-current', 'true');
    await userEvent.keyboard('{Alt>}{PageUp}{/Alt}');
    await expect.element(tab('edge-01')).toHaveAttribute('aria-current', 'true');
    backend.lose('s1');
    await expect.element(page.getByRole('alert')).toBeVisible();
    await connectTo('edge-01');
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
    expect(hosts().getByRole('button').elements()).toHaveLength(4);
  });
});
