import { RECORD_BYTES, writeRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import type { Leash } from '../ssh/leash.ts';

/** Unacknowledged bytes at which the SSH channel is paused, and at which it flows again. */
const HIGH_MARK = 4 << 20;
const LOW_MARK = 1 << 20;
/** Records wait this long for company before they are sent on. */
const FLUSH_MS = 25;
const FLUSH_BYTES = 256 * 1024;

/**
 * Collects records into batches and holds the channel back while too much of them is unacknowledged.
 * After `finish` it never holds back, or a run could not end for a page that gives no credit: what is then
 * too much is refused.
 */
export class Outbox {
  readonly #leash: Pick<Leash, 'pause' | 'resume'>;
  readonly #send: (records: Uint8Array) => void;
  #buffer = new Uint8Array(64 * RECORD_BYTES);
  #used = 0;
  #unacknowledged = 0;
  #paused = false;
  #finishing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(leash: Pick<Leash, 'pause' | 'resume'>, send: (records: Uint8Array) => void) {
    this.#leash = leash;
    this.#send = send;
  }

  /** False if the record was refused. */
  add(record: EventRecord): boolean {
    if (this.#finishing && this.#unacknowledged + this.#used > 2 * HIGH_MARK) return false;
    if (this.#used + RECORD_BYTES > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
    writeRecord(new DataView(this.#buffer.buffer), this.#used, record);
    this.#used += RECORD_BYTES;
    if (this.#used >= FLUSH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    return true;
  }

  finish(): void {
    this.#finishing = true;
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#used === 0) return;
    const records = this.#buffer.slice(0, this.#used);
    this.#used = 0;
    this.#unacknowledged += records.length;
    this.#send(records);
    if (!this.#paused && !this.#finishing && this.#unacknowledged > HIGH_MARK) {
      this.#paused = true;
      this.#leash.pause();
    }
  }

  credit(bytes: number): void {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - bytes);
    if (this.#paused && this.#unacknowledged < LOW_MARK) {
      this.#paused = false;
      this.#leash.resume();
    }
  }
}
