import { describe, expect, test } from 'vitest';
import { EventRing } from '../../../renderer/state/event-ring.ts';
import { journeyOf } from '../../../renderer/state/journey.ts';
import { RECORD_BYTES, writeRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { inspect } from '../../../shared/packet/inspect.ts';
import { plainRecord } from './record-bytes.ts';

const POINTS = ['ip_rcv', 'ip_rcv_core', 'ip_forward', 'tracepoint:skb:kfree_skb'];
const A = 0xffff888004000100n;
const B = 0xffff888104000100n;

function ringOf(events: readonly Partial<EventRecord>[]): EventRing {
  const ring = new EventRing(1024);
  const bytes = new Uint8Array(RECORD_BYTES * events.length);
  const view = new DataView(bytes.buffer);
  events.forEach((event, at) =>
    writeRecord(view, at * RECORD_BYTES, { ...plainRecord(at + 1, 0), ...event }),
  );
  ring.push(bytes);
  return ring;
}

const steps = (ring: EventRing, number: number) =>
  journeyOf(
    {
      ring,
      nameOf: (point) => POINTS[point] ?? '',
      readingOf: (record) => inspect(record.bytes, { start: 'ipv4', at: 0, packetLength: record.len }),
    },
    number,
  );
const numbers = (ring: EventRing, number: number) => steps(ring, number).map((step) => step.number);

describe('the way of a packet', () => {
  test('is the functions that saw its sk_buff, from whichever of them it is looked at, others between', () => {
    // B differs from A above the lower 32 bits only.
    const ring = ringOf([
      { skb: A, point: 0 },
      { skb: B, point: 0 },
      { skb: A, point: 1 },
      { skb: 0n, point: 1 },
      { skb: A, point: 1, edge: 'return' },
      { skb: A, point: 3 },
    ]);
    for (const at of [0, 2, 4, 5]) expect(numbers(ring, at)).toEqual([0, 2, 4, 5]);
    expect(numbers(ring, 1)).toEqual([1]);
    expect(numbers(ring, 3)).toEqual([]);
  });

  test('ends where the sk_buff is freed: behind that, its address is another packet', () => {
    const ring = ringOf([
      { skb: A, point: 0 },
      { skb: A, point: 3 },
      { skb: A, point: 0, ifindex: 9 },
      { skb: A, point: 2, ifindex: 9 },
    ]);
    expect(numbers(ring, 0)).toEqual([0, 1]);
    expect(numbers(ring, 1)).toEqual([0, 1]);
    expect(numbers(ring, 2)).toEqual([2, 3]);
    expect(numbers(ring, 3)).toEqual([2, 3]);
  });

  test('a second visit is another packet, unless it comes from another device as out of a tunnel', () => {
    const ring = ringOf([
      { skb: A, point: 0, ifindex: 2 },
      { skb: A, point: 0, ifindex: 7 },
      { skb: A, point: 0, ifindex: 2 },
    ]);
    expect(numbers(ring, 0)).toEqual([0, 1]);
    expect(numbers(ring, 2)).toEqual([1, 2]);
  });

  test('says what changed in between: the state, and the fields of its headers', () => {
    const header = (ttl: number): Uint8Array =>
      Uint8Array.from(Buffer.from(`45000014000000${'00'}${ttl.toString(16)}110000c0000201c0000202`, 'hex'));
    const ring = ringOf([
      { skb: A, point: 0, bytes: header(64), len: 20, device: 'eth0', mark: 0 },
      { skb: A, point: 2, bytes: header(63), len: 20, device: 'eth1', mark: 0x2a },
    ]);
    expect(steps(ring, 0)[0]?.changes).toEqual([]);
    expect(steps(ring, 0)[1]?.changes).toEqual([
      { what: 'dev', before: 'eth0', after: 'eth1' },
      { what: 'mark', before: '0x0', after: '0x2a' },
      { what: 'ip.ttl', before: '64', after: '63' },
    ]);
  });

  test('what the ring no longer holds is no part of it', () => {
    const ring = new EventRing(2);
    const bytes = new Uint8Array(RECORD_BYTES * 3);
    const view = new DataView(bytes.buffer);
    [0, 1, 2].forEach((point) =>
      writeRecord(view, point * RECORD_BYTES, { ...plainRecord(point + 1, 0), skb: A, point }),
    );
    ring.push(bytes);
    expect(numbers(ring, 0)).toEqual([]);
    expect(numbers(ring, 2)).toEqual([1, 2]);
  });
});
