import { emptyRecord, RECORD_BYTES, writeRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';

/** Records as a batch carries them; each with its seq, a verdict and what `change` says. */
export function recordBytes(
  from: number,
  count: number,
  verdictOf: (seq: number) => number = () => 0,
  change: Partial<EventRecord> = {},
): Uint8Array {
  const records = new Uint8Array(count * RECORD_BYTES);
  const view = new DataView(records.buffer);
  for (let index = 0; index < count; index++)
    writeRecord(view, index * RECORD_BYTES, {
      ...plainRecord(from + index, verdictOf(from + index)),
      ...change,
    });
  return records;
}

export function plainRecord(seq: number, verdict: number): EventRecord {
  return {
    ...emptyRecord(Uint8Array.of(0x45, seq & 255)),
    seq,
    verdict,
    flags: 1,
    cpu: 0,
    ns: BigInt(seq) * 1000n,
    pid: 1,
    headerAt: null,
    window: 0,
    macLen: 0,
    len: 20,
    dataLen: 0,
    protocol: 0x0800,
    deviceType: 1,
    hardHeaderLength: 14,
    pktType: 0,
    ifindex: 2,
    netns: 1,
    headroom: 64,
    macHeader: -14,
    networkHeader: 0,
    device: 'eth0',
    comm: 'ping',
  };
}
