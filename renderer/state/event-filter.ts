import type { EventRing } from './event-ring.ts';

/**
 * The numbers of the records that a choice of verdicts lets through, extended as records arrive and
 * never computed again while the choice stands. Evicted numbers leave from the front; the array is
 * bounded by the ring's capacity.
 */
export class EventFilter {
  readonly #ring: EventRing;
  readonly #shown: (verdict: number) => boolean;
  #numbers: Uint32Array;
  #start = 0;
  #end = 0;
  #scanned: number;
  /** How many numbers were ever let through: tells a frozen view how many are new. */
  appended = 0;

  constructor(ring: EventRing, shown: (verdict: number) => boolean) {
    this.#ring = ring;
    this.#shown = shown;
    this.#numbers = new Uint32Array(256);
    this.#scanned = ring.first;
    this.extend();
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Takes in what arrived since the last call, and drops what the ring has evicted. */
  extend(): void {
    const ring = this.#ring;
    this.#scanned = Math.max(this.#scanned, ring.first);
    for (; this.#scanned < ring.next; this.#scanned++)
      if (this.#shown(ring.verdictOf(this.#scanned))) this.#append(this.#scanned);
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
