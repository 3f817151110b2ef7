import type { EventRecord } from '../../shared/capture/record.ts';
import type { EventRing } from './event-ring.ts';

/** Records that are looked into at a time: a few milliseconds even where each packet has to be decoded. */
const SLICE = 2048;

/**
 * The numbers of the records that a choice of verdicts and a display filter let through, extended as records
 * arrive and never computed again while the choice stands. Evicted numbers leave from the front; the array is
 * bounded by the ring's capacity.
 */
export class EventFilter {
  readonly #ring: EventRing;
  readonly #shown: (verdict: number) => boolean;
  readonly #fits: ((record: EventRecord) => boolean) | null;
  #numbers: Uint32Array;
  #start = 0;
  #end = 0;
  #scanned: number;
  /** How many numbers were ever let through: tells a frozen view how many are new. */
  appended = 0;

  constructor(
    ring: EventRing,
    shown: (verdict: number) => boolean,
    fits: ((record: EventRecord) => boolean) | null = null,
  ) {
    this.#ring = ring;
    this.#shown = shown;
    this.#fits = fits;
    this.#numbers = new Uint32Array(256);
    this.#scanned = ring.first;
    this.extend();
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Whether every record of the ring has been looked at. */
  get done(): boolean {
    return this.#scanned >= this.#ring.next;
  }

  /** Takes in what arrived since the last call, a slice of it where records are looked into, and drops what was evicted. */
  extend(): void {
    const ring = this.#ring;
    this.#scanned = Math.max(this.#scanned, ring.first);
    const end = this.#fits === null ? ring.next : Math.min(ring.next, this.#scanned + SLICE);
    for (; this.#scanned < end; this.#scanned++) {
      if (!this.#shown(ring.verdictOf(this.#scanned))) continue;
      const record = this.#fits === null ? null : ring.read(this.#scanned);
      if (record === null || this.#fits === null || this.#fits(record)) this.#append(this.#scanned);
    }
    while (this.#start < this.#end && (this.#numbers[this.#start] ?? 0) < ring.first) this.#start++;
  }

  /** The record number at a position of the filtered list, or -1. */
  at(position: number): number {
    return position < 0 || position >= this.length ? -1 : (this.#numbers[this.#start + position] ?? -1);
  }

  /** A copy of the numbers as they are now: what a frozen view goes on showing. */
  snapshot(): Uint32Array {
    return this.#numbers.slice(this.#start, this.#end);
  }

  #append(number: number): void {
    if (this.#end === this.#numbers.length) {
      const live = this.#numbers.subarray(this.#start, this.#end);
      const grown =
        live.length * 2 > this.#numbers.length ? new Uint32Array(this.#numbers.length * 2) : this.#numbers;
      grown.set(live);
      this.#numbers = grown;
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#numbers[this.#end++] = number;
    this.appended++;
  }
}
