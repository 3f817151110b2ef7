import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { button, connectTo, openPage, startProbe } from './open-page.ts';

const table = () => page.getByRole('table').last();
const row = (name: string) => table().getByRole('rowheader', { name, exact: true });

describe('counters', () => {
  test('all of them can be searched, kept on top, and looked at one by one with what they count', async () => {
    await openPage();
    await connectTo('edge-01');
    await button('Counters').click();
    await expect.element(row('Ip.InHdrErrors')).toBeVisible();
    await expect.element(row('Tcp.InSegs')).toBeVisible();
    expect(row('TcpExt.TCPTimeouts').elements()).toHaveLength(0);
    await page.getByRole('checkbox', { name: 'Only those that moved' }).click();
    await page.getByRole('searchbox', { name: 'Search counters' }).fill('tcp time');
    await expect.element(row('TcpExt.TCPTimeouts')).toBeVisible();
    expect(row('Tcp.InSegs').elements()).toHaveLength(0);
    await button('Keep TcpExt.TCPTimeouts on top').click();
    await page.getByRole('searchbox', { name: 'Search counters' }).fill('nothing of the kind');
    await expect.element(page.getByText('No counter is called “nothing of the kind”.')).toBeVisible();
    await expect.element(row('TcpExt.TCPTimeouts')).toBeVisible();
    expect(localStorage.getItem('skblens.counter-pins')).toBe('Ip.InHdrErrors TcpExt.TCPTimeouts');
    await button('TcpExt.TCPTimeouts').click();
    const focus = page.getByRole('region', { name: 'TcpExt.TCPTimeouts' });
    await expect.element(focus.getByText('net/ipv4/tcp_timer.c: tcp_retransmit_timer')).toBeVisible();
    await focus.getByRole('button', { name: 'Probe tcp_retransmit_timer' }).click();
    await expect.element(page.getByRole('form', { name: 'Probe tcp_retransmit_timer' })).toBeVisible();
  });

  test('a namespace is chosen by name, and only its counters are shown', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await button('Counters').click();
    const select = page.getByRole('combobox', { name: 'Network namespace' });
    await expect
      .element(select.getByRole('option', { name: /^edge-t · 4026532400 · no process/ }))
      .toBeInTheDocument();
    await select.selectOptions('4026532400');
    await expect.element(page.getByText('It has not moved since the watch began.')).toBeVisible();
    await expect.element(select).toHaveValue('4026532400');
    expect(backend.ran).toEqual([]);
  });

  test('beside a run it is said which packets explain the growth, there and at the run bar', async () => {
    await openPage({ rate: 40 });
    await connectTo('edge-01');
    await startProbe('ip_rcv_core');
    const said = page.getByRole('button', {
      name: /InHdrErrors \+\d+, all \d+ explained by captured packets/,
    });
    await expect.element(said, { timeout: 8000 }).toBeVisible();
    await expect.element(page.getByText('our CPU')).toBeVisible();
    await said.click();
    const beside = page.getByRole('region', { name: 'Counters beside the captured packets' });
    await expect.element(beside.getByText(/in network namespace 4026532281/)).toBeVisible();
    await expect.element(beside.getByRole('rowheader', { name: 'InCsumErrors' })).toBeVisible();
  });
});

describe('before and behind a probe', () => {
  test('a hot function is warned of, and how often one is hit is counted when asked', async () => {
    await openPage();
    await connectTo('edge-01');
    await button('Functions').click();
    await page.getByRole('searchbox', { name: 'Search functions' }).fill('ip_rcv_core');
    await userEvent.keyboard('{Enter}');
    await button('Probe').click();
    await button('How often would it be hit?').click();
    await expect
      .element(page.getByText('About 1,433 hits a second just now, by Ip.InReceives.'))
      .toBeVisible();
  });

  test('who did it: the device, the far end of its tunnel and the program there', async () => {
    await openPage({ rate: 40 });
    await connectTo('edge-01');
    await startProbe('ip_rcv_core', 'bad-ip-header');
    await button('Look behind ipip-r').click();
    const who = page.getByRole('region', { name: 'Who did it?' });
    await expect.element(who.getByText('xdp generic: to_tunnel (id 27)')).toBeVisible();
    await expect.element(who.getByText(/other end of this tunnel/)).toBeVisible();
    await expect
      .element(who.getByText(/bpf_redirect from tc removes the Ethernet header before ARPHRD_TUNNEL/))
      .toBeVisible();
    await who.getByText('Commands', { exact: true }).click();
    await expect.element(who.getByText(/tc -j filter show dev if7 ingress/)).toBeVisible();
  });
});
