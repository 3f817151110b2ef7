import { beforeEach, describe, expect, test } from 'vitest';
import { render } from 'vitest-browser-svelte';
import { page } from 'vitest/browser';
import App from '../../renderer/App.svelte';
import { CaptureRun, MOST_PACKETS } from '../../renderer/state/capture-run.svelte.ts';
import { locale } from '../../renderer/state/locale.svelte.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import '../../renderer/ui/base.css';
import { classicPcap } from '../shared/capture/capture-bytes.ts';
import { fakeBackend } from './dev/fake-backend.ts';

const hex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
/** An ICMP echo request of 84 bytes, and the frame that carries it. */
const IP = hex(`45000054e2234000400140be0a6201010a630202080054db01de0001${'2a'.repeat(56)}`);
const FRAME = Uint8Array.of(...hex('02005e20000202005e2000010800'), ...IP);

function capture(linktype: number, packets: readonly Uint8Array[], name = 'case.pcap'): File {
  const list = packets.map((bytes, at) => ({ ns: BigInt(at) * 1_000_000n, bytes }));
  return new File([classicPcap(list, { little: true, nanoseconds: true, linktype })], name);
}

const kindOf = (run: CaptureRun, number: number) =>
  VERDICT_KINDS[run.ring.verdictOf(run.ring.first + number)];

beforeEach(async () => {
  localStorage.clear();
  locale.choose('en');
  await page.viewport(1440, 900);
});

describe('the packets of a capture file', () => {
  test('are judged against what their link type claims, or against what the user says', async () => {
    const run = new CaptureRun(capture(101, [IP, FRAME, IP]));
    await run.read();
    expect([0, 1, 2].map((number) => kindOf(run, number))).toEqual([
      'as-expected',
      'ethernet-where-ip-expected',
      'as-expected',
    ]);
    expect(run.linktypes).toEqual(['RAW']);
    expect(run.running).toBe(false);
    await run.read('ethernet');
    expect([0, 1].map((number) => kindOf(run, number))).toEqual([
      'ip-where-ethernet-expected',
      'as-expected',
    ]);
    expect(run.packets).toBe(3);
  });

  test('are held by their first bytes, and read whole when they are looked at', async () => {
    const large = new Uint8Array(900).fill(7);
    large.set(FRAME);
    const run = new CaptureRun(capture(1, [FRAME, large]));
    await run.read();
    run.select(1);
    expect(run.record?.bytes.length).toBe(128);
    await run.complete();
    expect(run.record?.bytes).toEqual(large);
    await run.read('ethernet');
    run.select(1);
    await run.complete();
    expect(run.record?.bytes).toEqual(large);
    run.select(0);
    await run.complete();
    expect(run.record?.bytes).toEqual(FRAME);
  });

  test('beyond what is kept are counted, and nothing of the first is lost', async () => {
    const head = IP.subarray(0, 20);
    const one = await capture(101, [head]).arrayBuffer();
    const more = Array<ArrayBuffer>(MOST_PACKETS + 4).fill(one.slice(24));
    const run = new CaptureRun(new File([one, ...more], 'long.pcap'));
    await run.read();
    expect(run.packets).toBe(MOST_PACKETS + 5);
    expect(run.ring.first).toBe(0);
    expect(run.ring.next).toBe(MOST_PACKETS);
  });

  test('of a file that breaks off stay, and the break is said', async () => {
    const whole = await capture(1, [FRAME, FRAME]).arrayBuffer();
    const run = new CaptureRun(new File([whole.slice(0, whole.byteLength - 9)], 'cut.pcap'));
    await run.read();
    expect(run.packets).toBe(1);
    expect(run.problem?.code).toBe('capture-truncated');
  });
});

test('a capture dropped on the page is shown with its verdict, its bytes, and closed again', async () => {
  const backend = fakeBackend({ rate: 50, functions: 10, hosts: [] });
  const host = document.createElement('div');
  host.style.height = '100vh';
  document.body.append(host);
  await render(App, { target: host, props: { open: async () => backend.transport } });
  await expect.element(page.getByRole('button', { name: 'Open the demo investigation' })).toBeVisible();
  const dropped = new DataTransfer();
  dropped.items.add(capture(101, [IP, FRAME], 'incident.pcap'));
  window.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true }));

  const bar = page.getByRole('region', { name: 'Capture file' });
  await expect.element(bar).toHaveTextContent('incident.pcap');
  await expect.element(bar).toHaveTextContent('2 packets');
  await expect
    .element(page.getByRole('status', { name: 'Verdict' }))
    .toHaveTextContent('Ethernet header where an IP header was expected');
  // A file of this kind names no processor, process or device: nothing is said of them.
  expect([...document.querySelectorAll('.head span')].map((span) => span.textContent)).toEqual([
    'No.',
    'Time',
    'Len',
    'What the bytes are',
  ]);
  await page.getByRole('tab', { name: 'sk_buff and device' }).click();
  await expect.element(page.getByText('A capture file says nothing of the sk_buff')).toBeVisible();
  expect(page.getByRole('cell', { name: 'Process at that moment' }).elements()).toEqual([]);
  await page.getByRole('combobox', { name: 'Expect' }).selectOptions('ethernet');
  await expect
    .element(page.getByRole('status', { name: 'Verdict' }))
    .toHaveTextContent('IP header where an Ethernet header was expected');
  await page.getByRole('button', { name: 'Close the file' }).click();
  await expect.element(page.getByText('No probe has run yet.')).toBeVisible();
});
