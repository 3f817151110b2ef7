import { FLAG_ARGUMENTS, RECORD_BYTES, readRecord, skbLowAt } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';

const FIRST_CAPACITY = 1024;

/** The verdict of a record of plain arguments: there was no packet to judge. */
export const NO_VERDICT = 255;

/** The verdict of the record that begins at `at`: see the layout in shared/capture/record.ts. */
export function verdictAt(records: Uint8Array, at: number): number {
  return (records[at + 5] ?? 0) & FLAG_ARGUMENTS ? NO_VERDICT : (records[at + 4] ?? 0);
}

/**
 * The newest `capacity` records of one run, in one typed array. Records are addressed by an absolute
 * number that never changes (0, 1, 2… in order of arrival): `first` is the oldest still held, `next`
 * the number that the next one will get. Nothing is allocated per record. Memory grows by doubling
 * up to `capacity` x 256 bytes and no further.
 */
export class EventRing {
  readonly capacity: number;
  #slots: number;
  #bytes: Uint8Array;
  #view: DataView;
  first = 0;
  next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slots = Math.min(capacity, FIRST_CAPACITY);
    this.#bytes = new Uint8Array(this.#slots * RECORD_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get size(): number {
    return this.next - this.first;
  }

  /** Takes whole records; a remainder that is not a whole record is left out. */
  push(records: Uint8Array): void {
    let count = Math.floor(records.length / RECORD_BYTES);
    let from = 0;
    if (count > this.capacity) {
      from = count - this.capacity;
      this.next += from;
      this.first = this.next;
      count = this.capacity;
    }
    this.#grow(Math.min(this.capacity, this.size + count));
    let taken = 0;
    while (taken < count) {
      const slot = this.next % this.#slots;
      const run = Math.min(count - taken, this.#slots - slot);
      const start = (from + taken) * RECORD_BYTES;
      this.#bytes.set(records.subarray(start, start + run * RECORD_BYTES), slot * RECORD_BYTES);
      this.next += run;
      taken += run;
    }
    this.first = Math.max(this.first, this.next - this.capacity);
  }

  has(number: number): boolean {
    return number >= this.first && number < this.next;
  }

  /** The record, or null if it is not held (any more). Its `bytes` is a view into the ring. */
  read(number: number): EventRecord | null {
    return this.has(number) ? readRecord(this.#view, (number % this.#slots) * RECORD_BYTES) : null;
  }

  /** The record's verdict as an index in VERDICT_KINDS or NO_VERDICT, without reading the rest of it. */
  verdictOf(number: number): number {
    return verdictAt(this.#bytes, (number % this.#slots) * RECORD_BYTES);
  }

  /** The lower half of the address of the record's sk_buff: enough to pass over others by, and no bigint each. */
  skbLowOf(number: number): number {
    return skbLowAt(this.#view, (number % this.#slots) * RECORD_BYTES);
  }

  /** Forgets every record; numbers go on where they were. */
  clear(): void {
    this.first = this.next;
  }

  #grow(wanted: number): void {
    if (wanted <= this.#slots) return;
    let slots = this.#slots;
    while (slots < wanted) slots *= 2;
    slots = Math.min(slots, this.capacity);
    const bytes = new Uint8Array(slots * RECORD_BYTES);
    for (let number = this.first; number < this.next; number++) {
      const from = (number % this.#slots) * RECORD_BYTES;
      bytes.set(this.#bytes.subarray(from, from + RECORD_BYTES), (number % slots) * RECORD_BYTES);
    }
    this.#slots = slots;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
