import { beforeEach, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page, userEvent } from 'vitest/browser';
import FieldsPane from '../../renderer/features/packet/FieldsPane.svelte';
import { locale } from '../../renderer/state/locale.svelte.ts';
import { PacketView } from '../../renderer/state/packet-view.svelte.ts';
import { Run } from '../../renderer/state/run.svelte.ts';
import '../../renderer/ui/base.css';
import { RECORD_BYTES, writeRecord } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import type { ProgramPoint } from '../../shared/probe/program.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import { echoRequest, ethernetFrame } from './dev/packets.ts';
import { plainRecord } from './state/record-bytes.ts';

/** What a run on four places of one path gives, as the target's kernel tells it. */
const POINTS = ['ip_rcv', 'ip_forward', 'ip_output', 'tracepoint:skb:kfree_skb'].map(
  (name) => ({ name, kind: 'function', pointer: 'network', parameters: [] }) as unknown as ProgramPoint,
);
const SKB = 0xffff888004000100n;
const OTHER = 0xffff888004000300n;

/** An echo request with one less hop to go, and its checksum mended as the kernel does. */
function forwarded(): Uint8Array {
  const packet = echoRequest(7);
  packet[8] = 63;
  const sum = ((packet[10] ?? 0) << 8) + (packet[11] ?? 0) + 0x0100;
  packet[10] = (sum >> 8) & 0xff;
  packet[11] = ((sum & 0xff) + (sum >> 16)) & 0xff;
  return packet;
}

function runOf(events: readonly Partial<EventRecord>[]): Run {
  const run = new Run(1, 1024);
  run.spec = probeSpec.parse({ function: 'ip_rcv', also: ['ip_forward', 'ip_output'] });
  run.points = POINTS;
  const bytes = new Uint8Array(RECORD_BYTES * events.length);
  events.forEach((event, at) =>
    writeRecord(new DataView(bytes.buffer), at * RECORD_BYTES, {
      ...plainRecord(at + 1, 0),
      len: event.bytes?.length ?? 84,
      ...event,
    }),
  );
  run.take(bytes);
  run.refresh();
  return run;
}

beforeEach(async () => {
  localStorage.clear();
  locale.choose('en');
  await page.viewport(1000, 700);
});

const path = () => page.getByRole('list', { name: 'Path', exact: true });
const step = (name: RegExp) => path().getByRole('button', { name });

test('a packet is followed by its sk_buff: the places in order, the time, and what changed on the way', async () => {
  const good = VERDICT_KINDS.indexOf('as-expected');
  const bad = VERDICT_KINDS.indexOf('ethernet-where-ip-expected');
  const run = runOf([
    { skb: SKB, point: 0, ns: 5_000_000n, bytes: echoRequest(7), verdict: good, device: 'eth0', flags: 3 },
    { skb: OTHER, point: 0, ns: 5_001_000n, bytes: ethernetFrame(8), verdict: bad, device: 'wg0', flags: 3 },
    { skb: SKB, point: 1, ns: 5_012_000n, bytes: echoRequest(7), verdict: good, device: 'eth0', flags: 3 },
    { skb: SKB, point: 2, ns: 5_047_000n, bytes: forwarded(), verdict: good, device: 'eth1', flags: 3 },
    { skb: OTHER, point: 3, ns: 5_060_000n, bytes: ethernetFrame(8), verdict: bad, device: 'wg0', flags: 3 },
  ]);
  run.select(0);
  const view = new PacketView(run, () => null);
  await render(FieldsPane, { props: { run, view } });

  // By keys alone: the tab is the third, and its steps are buttons.
  (page.getByRole('tab', { name: 'Header fields' }).element() as HTMLElement).focus();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}');
  await expect.element(page.getByRole('tab', { name: 'Path' })).toHaveAttribute('aria-selected', 'true');
  const shown = () =>
    path()
      .getByRole('button')
      .elements()
      .map((element) => element.textContent.replace(/\s+/g, ' ').trim());
  expect(shown()).toEqual([
    '+0 µs ip_rcv eth0 As expected',
    '+12 µs ip_forward eth0 As expected',
    '+47 µs ip_output eth1 As expected',
  ]);
  await expect.element(path()).toHaveTextContent(/ip\.ttl: 64 → 63/);

  (step(/ip_output/).element() as HTMLElement).focus();
  await userEvent.keyboard('{Enter}');
  expect(run.selected).toBe(3);
  await expect
    .element(path().getByRole('listitem').filter({ hasText: 'ip_output' }).first())
    .toHaveAttribute('aria-current', 'step');

  run.look(1);
  await expect.element(step(/kfree_skb/)).toHaveTextContent('+59 µs');
  expect(shown().map((text) => text.split(' ')[2])).toEqual(['ip_rcv', 'tracepoint:skb:kfree_skb']);
});

test('a packet that nobody else saw says so, and one without an sk_buff that it cannot be followed', async () => {
  const run = runOf([
    { skb: SKB, point: 0, bytes: echoRequest(1) },
    { skb: 0n, point: 1, bytes: echoRequest(2) },
  ]);
  run.select(0);
  const view = new PacketView(run, () => null);
  await render(FieldsPane, { props: { run, view } });
  await page.getByRole('tab', { name: 'Path' }).click();
  expect(path().getByRole('button').elements()).toHaveLength(1);
  await expect.element(page.getByText('No other probed function has seen this packet so far.')).toBeVisible();
  run.look(1);
  await expect.element(page.getByText('This event names no sk_buff')).toBeVisible();
  await expect.element(path()).not.toBeInTheDocument();
});
