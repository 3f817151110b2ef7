import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBatch, encodeBatch } from '../../../shared/capture/batch.ts';
import {
  FLAG_DEVICE,
  FLAG_SKB,
  MAX_VALUES,
  PACKET_BYTES,
  readRecord,
  RECORD_BYTES,
  writeRecord,
} from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const name = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 15,
});
const record: fc.Arbitrary<EventRecord> = fc.record({
  seq: u32,
  verdict: fc.integer({ min: 0, max: 12 }),
  flags: fc.constantFrom(0, FLAG_SKB, FLAG_SKB | FLAG_DEVICE),
  cpu: u16,
  ns: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  pid: u32,
  headerAt: fc.option(fc.integer({ min: -128, max: 128 })),
  window: fc.integer({ min: -128, max: 0 }),
  macLen: u16,
  len: u32,
  dataLen: u32,
  protocol: u16,
  deviceType: u16,
  hardHeaderLength: u16,
  pktType: u16,
  ifindex: u32,
  netns: u32,
  headroom: i32,
  macHeader: fc.option(i32),
  networkHeader: i32,
  device: name,
  comm: name,
  bytes: fc.uint8Array({ maxLength: PACKET_BYTES }),
  skb: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  point: u16,
  edge: fc.constantFrom('entry', 'return'),
  stackLabel: u32,
  callerLabel: u32,
  reason: fc.option(u32),
  mark: u32,
  hash: u32,
  transportHeader: fc.option(fc.integer({ min: -0x8000, max: 0x7fff })),
  ipSummed: fc.integer({ min: 0, max: 255 }),
  returned: i64,
  values: fc.array(i64, { maxLength: MAX_VALUES }),
});

test('a record reads back as it was written, beside its neighbours', () => {
  fc.assert(
    fc.property(record, record, (first, second) => {
      const view = new DataView(new ArrayBuffer(2 * RECORD_BYTES));
      writeRecord(view, RECORD_BYTES, second);
      writeRecord(view, 0, first);
      for (const [at, wanted] of [
        [0, first],
        [RECORD_BYTES, second],
      ] as const) {
        const { flags, ...read } = readRecord(view, at);
        const { flags: wantedFlags, ...rest } = wanted;
        expect(read).toEqual(rest);
        expect(flags & wantedFlags).toBe(wantedFlags);
      }
    }),
  );
});

test('a batch that is cut, padded or foreign is refused', () => {
  const message = encodeBatch(7, new Uint8Array(3 * RECORD_BYTES).fill(9));
  const decoded = decodeBatch(message);
  expect(decoded?.run).toBe(7);
  expect(decoded?.count).toBe(3);
  expect(decoded?.records.length).toBe(3 * RECORD_BYTES);
  expect(decodeBatch(message.subarray(0, -1))).toBeNull();
  expect(decodeBatch(new Uint8Array(message.length + 1))).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeBatch(bytes)).toBeNull();
    }),
  );
});
