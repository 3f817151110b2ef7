import { RECORD_BYTES } from './record.ts';

/**
 * One binary message between backend and page: u32 magic, u32 run, u32 number of records, u32 zero,
 * then the records. Little-endian. The page gives back `byteLength` as credit.
 */
const MAGIC = 0x4c424b53;
export const BATCH_HEADER_BYTES = 16;

export interface Batch {
  readonly run: number;
  readonly count: number;
  /** `count` records, a view into the message. */
  readonly records: Uint8Array;
}

export function encodeBatch(run: number, records: Uint8Array): Uint8Array {
  const message = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, run, true);
  view.setUint32(8, records.length / RECORD_BYTES, true);
  message.set(records, BATCH_HEADER_BYTES);
  return message;
}

/** Null if `message` is not a whole batch: a page must not trust its wire more than it needs to. */
export function decodeBatch(message: Uint8Array): Batch | null {
  if (message.length < BATCH_HEADER_BYTES) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = view.getUint32(8, true);
  if (view.getUint32(0, true) !== MAGIC || message.length !== BATCH_HEADER_BYTES + count * RECORD_BYTES)
    return null;
  return { run: view.getUint32(4, true), count, records: message.subarray(BATCH_HEADER_BYTES) };
}
