import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyRecord,
  FLAG_DEVICE,
  FLAG_SKB,
  RECORD_BYTES,
  writeRecord,
} from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { onesSum } from '../../../shared/packet/checksum.ts';
import { Reconciler } from '../../../shared/probe/reconcile.ts';
import type { Reconciliation } from '../../../shared/probe/reconcile.ts';
import { reconcileLines } from '../../../shared/probe/reconcile-text.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';

const NETNS = 4026531840;
const GOOD = ipv4();

/** An IPv4 packet of 84 bytes, its checksum right. */
function ipv4(change: (header: Uint8Array) => void = () => undefined): Uint8Array {
  const packet = new Uint8Array(84);
  packet.set([0x45, 0, 0, 84, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1]);
  const length = (packet[0] ?? 0) & 15;
  change(packet);
  const sum = ~onesSum(packet, 0, 4 * Math.max(5, length), 0) & 0xffff;
  packet[10] = sum >> 8;
  packet[11] = sum & 0xff;
  return packet;
}

function ipv6(change: (header: Uint8Array) => void = () => undefined): Uint8Array {
  const packet = new Uint8Array(60);
  packet.set([0x60, 0, 0, 0, 0, 20, 58, 64, 0xfd, 0x99]);
  packet.set([0xfd, 0x99], 24);
  change(packet);
  return packet;
}

function frame(): Uint8Array {
  const bytes = new Uint8Array(98);
  bytes.set([2, 0, 0x5e, 0x10, 0, 1, 2, 0, 0x5e, 0x10, 0, 2, 8, 0]);
  bytes.set(GOOD, 14);
  return bytes;
}

/** A record of a packet that begins where the header is expected, with four bytes captured before it. */
function recordAt(seconds: number, packet: Uint8Array, more: Partial<EventRecord> = {}): Uint8Array {
  const bytes = new Uint8Array(4 + packet.length);
  bytes.set(packet, 4);
  const records = new Uint8Array(RECORD_BYTES);
  writeRecord(new DataView(records.buffer), 0, {
    ...emptyRecord(bytes),
    flags: FLAG_SKB | FLAG_DEVICE,
    ns: BigInt(Math.round(seconds * 1e9)),
    window: -4,
    len: packet.length,
    netns: NETNS,
    deviceType: 768,
    ...more,
  });
  return records;
}

function spec(more: object = {}) {
  return probeSpec.parse({ function: 'ip_rcv_core', ...more });
}

function reconcilerOf(
  more: object | undefined,
  points: readonly string[],
  release: string | null,
): Reconciler {
  const reconciler = new Reconciler();
  reconciler.begin(spec(more), points, { release });
  return reconciler;
}

function counted(
  packet: Uint8Array,
  more: Partial<EventRecord> = {},
  point = 'ip_rcv_core',
  release = '6.1.0',
) {
  const reconciler = reconcilerOf({}, [point], release);
  reconciler.attached();
  reconciler.reading({ uptime: 100, netns: NETNS, values: {} });
  reconciler.take(recordAt(100.5, packet, more));
  reconciler.reading({ uptime: 101, netns: NETNS, values: {} });
  reconciler.ended();
  const found = reconciler.result(0);
  return Object.fromEntries(
    (found?.counters ?? [])
      .filter(({ explained }) => explained > 0)
      .map((one) => [one.counter, one.explained]),
  );
}

describe('the kernel’s own tests, run again on the captured bytes', () => {
  const header = { 'Ip.InHdrErrors': 1 };
  test.each([
    ['a good packet', GOOD, {}, {}],
    ['an Ethernet frame', frame(), {}, header],
    ['a frame for another host', frame(), { pktType: 3 }, {}],
    ['version 6', ipv4((bytes) => bytes.fill(0x60, 0, 1)), {}, header],
    ['a header length of 4 words', ipv4((bytes) => bytes.fill(0x44, 0, 1)), {}, header],
    ['19 bytes', GOOD.subarray(0, 19), {}, header],
    ['options that do not fit', ipv4((bytes) => bytes.fill(0x4f, 0, 1)).subarray(0, 50), {}, header],
    [
      'a wrong checksum',
      GOOD.map((byte, at) => (at === 8 ? 63 : byte)),
      {},
      { ...header, 'IpExt.InCsumErrors': 1 },
    ],
    ['a total length of 19', ipv4((bytes) => bytes.fill(19, 3, 4)), {}, header],
    ['fewer bytes than the total length', GOOD.subarray(0, 60), {}, { 'IpExt.InTruncatedPkts': 1 }],
    ['a header that lies in fragments', frame(), { dataLen: 90 }, {}],
    ['a header that was not captured', new Uint8Array(0), { len: 84 }, {}],
  ] as const)('IPv4: %s', (_what, packet, more, expected) => {
    expect(counted(packet, more)).toEqual(expected);
  });

  test('a merged packet beyond 64 KB has total length 0 from 6.3 on', () => {
    const merged = ipv4((bytes) => bytes.fill(0, 2, 4));
    expect(counted(merged, { len: 70_000 }, 'ip_rcv_core', '6.12.1')).toEqual({});
    expect(counted(merged, { len: 70_000 }, 'ip_rcv_core', '6.1.0')).toEqual(header);
  });

  const header6 = { 'Ip6.InHdrErrors': 1 };
  test.each([
    ['a good packet', ipv6(), {}, {}],
    ['version 4', ipv6((bytes) => bytes.fill(0x40, 0, 1)), {}, header6],
    ['39 bytes', ipv6().subarray(0, 39), {}, header6],
    ['from ::1 on a wire', ipv6((bytes) => bytes.fill(0, 8, 23).fill(1, 23, 24)), {}, header6],
    ['from ::1 on lo', ipv6((bytes) => bytes.fill(0, 8, 23).fill(1, 23, 24)), { deviceType: 772 }, {}],
    ['from a multicast address', ipv6((bytes) => bytes.fill(0xff, 8, 9)), {}, header6],
    ['to ff01::', ipv6((bytes) => bytes.set([0xff, 1], 24)), {}, header6],
    ['to ff02::', ipv6((bytes) => bytes.set([0xff, 2], 24)), {}, {}],
    ['a payload that is cut', ipv6((bytes) => bytes.fill(21, 5, 6)), {}, { 'Ip6.InTruncatedPkts': 1 }],
    ['a jumbo payload', ipv6((bytes) => bytes.fill(0, 5, 7)), {}, {}],
    ['a frame for another host', frame(), { pktType: 3 }, {}],
  ] as const)('IPv6: %s', (_what, packet, more, expected) => {
    expect(counted(packet, more, 'ip6_rcv_core')).toEqual(expected);
  });

  test('time to live, and messages', () => {
    expect(
      counted(
        ipv4((bytes) => bytes.fill(1, 8, 9)),
        {},
        'ip_forward',
      ),
    ).toEqual(header);
    expect(counted(GOOD, {}, 'ip_forward')).toEqual({});
    expect(
      counted(
        ipv6((bytes) => bytes.fill(0, 7, 8)),
        {},
        'ip6_forward',
      ),
    ).toEqual(header6);
    expect(counted(GOOD, {}, 'icmp_rcv')).toEqual({ 'Icmp.InMsgs': 1 });
    expect(counted(ipv6(), {}, 'icmpv6_rcv')).toEqual({ 'Icmp6.InMsgs': 1 });
  });

  test('a return is not counted again', () => {
    expect(counted(frame(), { edge: 'return' })).toEqual({});
  });
});

interface Story {
  readonly spec?: object;
  readonly points?: readonly string[];
  readonly before?: number;
  readonly after: number;
  readonly csum?: number;
  readonly at: readonly number[];
  readonly missed?: number;
  readonly more?: Partial<EventRecord>;
}

/** Readings at 100, 101 and 102 s, InHdrErrors growing in the first second; packets at the times that are given. */
function tell(story: Story): Reconciliation | null {
  const reconciler = reconcilerOf(story.spec, story.points ?? ['ip_rcv_core'], '6.1.0');
  const values = (errors: number) => ({
    'Ip.InHdrErrors': errors,
    'IpExt.InCsumErrors': errors > 0 ? (story.csum ?? 0) : 0,
  });
  reconciler.reading({ uptime: 90, netns: NETNS, values: values(0) });
  reconciler.attached();
  reconciler.reading({ uptime: 100, netns: NETNS, values: values(story.before ?? 0) });
  for (const at of story.at) reconciler.take(recordAt(at, frame(), story.more));
  reconciler.reading({ uptime: 101, netns: NETNS, values: values(story.after) });
  reconciler.reading({ uptime: 102, netns: NETNS, values: values(story.after) });
  return reconciler.result(story.missed ?? 0);
}

function errorsOf(found: Reconciliation | null) {
  return found?.counters.find(({ counter }) => counter === 'Ip.InHdrErrors');
}

describe('growth beside packets', () => {
  test('all explained, whatever was before the first reading', () => {
    const found = tell({ before: 7, after: 10, at: [99.5, 100.2, 100.5, 100.9, 101.6] });
    expect(found).toMatchObject({ netns: NETNS, seconds: 1, missed: 0, filtered: false });
    expect(errorsOf(found)).toMatchObject({ delta: 3, explained: 3, unexplained: 0 });
    expect(reconcileLines(found as Reconciliation)[0]).toBe(
      'InHdrErrors +3, of which 3 are explained by captured packets; 0 unexplained (over 1.0 s, network namespace 4026531840)',
    );
  });

  test('what no packet accounts for, and where else it may come from', () => {
    const found = tell({ after: 5, at: [100.5, 100.6] });
    expect(errorsOf(found)).toMatchObject({
      delta: 5,
      explained: 2,
      unexplained: 3,
      elsewhere: ['ip_forward'],
    });
    expect(reconcileLines(found as Reconciliation)[0]).toContain('3 unexplained (counted in ip_forward too)');
  });

  test('events that were held back make it the least', () => {
    const found = tell({ after: 5, at: [100.5], missed: 9 });
    expect(reconcileLines(found as Reconciliation).join('\n')).toMatch(
      /at least 1 are explained[^]*9 events were held/,
    );
  });

  test('a packet next to a reading may be on either side of it', () => {
    expect(errorsOf(tell({ after: 2, at: [100.5, 101.01] }))).toMatchObject({ explained: 2, unexplained: 0 });
    expect(errorsOf(tell({ after: 2, at: [99.99, 100.5] }))).toMatchObject({ explained: 2, unexplained: 0 });
    expect(errorsOf(tell({ after: 1, at: [100.5, 100.99] }))).toMatchObject({ explained: 1, unexplained: 0 });
    expect(errorsOf(tell({ after: 2, at: [100.5, 101.2] }))).toMatchObject({ explained: 1, unexplained: 1 });
  });

  test('more packets than counts are said too', () => {
    const found = tell({ after: 1, at: [100.3, 100.5, 100.7] });
    expect(errorsOf(found)).toMatchObject({ delta: 1, explained: 3, unexplained: -2 });
    expect(reconcileLines(found as Reconciliation)[0]).toContain('2 more packets were captured than counted');
  });

  test('packets of another namespace count there', () => {
    const found = tell({ after: 0, at: [100.5, 100.6], more: { netns: 77 } });
    expect(errorsOf(found)).toMatchObject({ delta: 0, explained: 0 });
    expect(found?.otherNamespaces).toBe(2);
    expect(reconcileLines(found as Reconciliation)[0]).toContain(
      '2 captured packets count in other namespaces',
    );
  });

  test('a filter that leaves wrong checksums out, and how many there were', () => {
    const found = tell({ spec: { filter: 'bad-ip-header' }, after: 5, csum: 4, at: [100.5] });
    expect(found).toMatchObject({ filtered: true, checksumErrors: 4 });
    expect(reconcileLines(found as Reconciliation).join('\n')).toContain(
      '4 of InHdrErrors are wrong checksums',
    );
  });

  test('two functions of one way count a packet once', () => {
    const points = ['ip_rcv', 'ip_rcv_core'];
    const reconciler = reconcilerOf({}, points, '6.1.0');
    reconciler.attached();
    reconciler.reading({ uptime: 100, netns: NETNS, values: { 'Ip.InHdrErrors': 0 } });
    for (const point of [0, 1]) reconciler.take(recordAt(100.5, frame(), { point }));
    reconciler.reading({ uptime: 101, netns: NETNS, values: { 'Ip.InHdrErrors': 1 } });
    reconciler.ended();
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 1, explained: 1, unexplained: 0 });
  });

  test('nothing is said of a function that no counter tells of, before two readings, or of returns', () => {
    expect(tell({ points: ['schedule'], after: 1, at: [] })).toBeNull();
    expect(tell({ spec: { edge: 'return' }, after: 1, at: [] })).toBeNull();
    const reconciler = reconcilerOf({}, ['ip_rcv_core'], null);
    reconciler.attached();
    reconciler.reading({ uptime: 1, netns: NETNS, values: {} });
    reconciler.ended();
    expect(reconciler.result(0)).toBeNull();
  });

  test('another namespace begins anew, and so does a watch that was started again', () => {
    const reconciler = reconcilerOf({}, ['ip_rcv_core'], '6.1.0');
    reconciler.attached();
    const reading = (uptime: number, netns: number, errors: number): void =>
      reconciler.reading({ uptime, netns, values: { 'Ip.InHdrErrors': errors } });
    reading(100, 1, 50);
    reading(101, 1, 60);
    reading(102, NETNS, 5);
    reconciler.take(recordAt(102.5, frame()));
    reading(103, NETNS, 6);
    reading(104, NETNS, 6);
    expect(reconciler.result(0)).toMatchObject({ netns: NETNS, seconds: 1 });
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 1, explained: 1 });
  });

  test('records may come before the names of the points and after their reading', () => {
    const reconciler = new Reconciler();
    reconciler.take(recordAt(100.5, frame()));
    reconciler.attached();
    reconciler.reading({ uptime: 100, netns: NETNS, values: { 'Ip.InHdrErrors': 0 } });
    reconciler.begin(spec(), ['ip_rcv_core'], { release: '6.1.0' });
    reconciler.reading({ uptime: 101, netns: NETNS, values: { 'Ip.InHdrErrors': 2 } });
    reconciler.reading({ uptime: 102, netns: NETNS, values: { 'Ip.InHdrErrors': 2 } });
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 2, explained: 1, unexplained: 1 });
    reconciler.take(recordAt(100.7, frame()));
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 2, explained: 2, unexplained: 0 });
  });
});

describe('a replay, whose counters and packets run apart', () => {
  function replay(): Reconciler {
    const reconciler = new Reconciler();
    reconciler.begin(spec(), ['ip_rcv_core'], { release: '6.1.0', replay: true });
    reconciler.attached();
    for (const second of [0, 1, 2, 3])
      reconciler.reading({ uptime: 100 + second, netns: NETNS, values: { 'Ip.InHdrErrors': second * 2 } });
    return reconciler;
  }

  test('counters that run ahead wait for the packets', () => {
    const reconciler = replay();
    expect(reconciler.result(0)).toBeNull();
    for (const at of [98.5, 100.3, 100.6, 101.3]) reconciler.take(recordAt(at, frame()));
    expect(reconciler.result(0)).toMatchObject({ seconds: 1 });
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 2, explained: 2, unexplained: 0 });
    reconciler.ended();
    for (const at of [101.6, 102.5]) reconciler.take(recordAt(at, frame()));
    expect(errorsOf(reconciler.result(0))).toMatchObject({ delta: 4, explained: 4, unexplained: 0 });
  });

  test('packets of another time are compared with nothing', () => {
    const reconciler = replay();
    reconciler.take(recordAt(300, frame()));
    expect(reconciler.result(0)).toBeNull();
  });
});

test('any records and readings leave it whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 3 * RECORD_BYTES }), fc.double({ noNaN: true })), {
        maxLength: 20,
      }),
      (steps) => {
        const reconciler = reconcilerOf({}, ['ip_rcv_core', 'ip6_rcv_core'], '6.12');
        reconciler.attached();
        for (const step of steps)
          if (typeof step === 'number')
            reconciler.reading({ uptime: step, netns: 0, values: { 'Ip.InHdrErrors': step } });
          else reconciler.take(step);
        reconciler.ended();
        const found = reconciler.result(0);
        for (const { explained } of found?.counters ?? []) expect(Number.isNaN(explained)).toBe(false);
      },
    ),
  );
});
