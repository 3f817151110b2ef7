import { ENTRY_BYTES, entryPid, entryType } from './tracefs-entry.ts';
import { eachEvent, pageTime } from './tracefs-pages.ts';
import type { PageHeader } from './tracefs-pages.ts';

/** One event in a page that came. */
export interface RawEvent {
  readonly page: DataView;
  readonly from: number;
  readonly to: number;
  readonly cpu: number;
  readonly pid: number;
  /** `common_type`: the number in its format file. */
  readonly type: number;
  readonly ns: bigint;
}

interface Waiting {
  readonly event: Omit<RawEvent, 'ns'>;
  readonly base: bigint;
  readonly offset: number;
  /** To sort by: exact to some nanoseconds. */
  readonly time: number;
}

/** Events that wait for those of other processors: more are given out as they are. */
const MOST_WAITING = 1 << 17;

/** Puts the events of all processors into one order: each processor's pages come by themselves, once a second. */
export class PageRounds {
  readonly #header: PageHeader;
  #waiting: Waiting[] = [];
  #cpus = new Set<number>();

  constructor(header: PageHeader) {
    this.#header = header;
  }

  get full(): boolean {
    return this.#waiting.length >= MOST_WAITING;
  }

  /** Keeps `bytes`. False for a page that is damaged: what stands before the damage is kept. */
  add(cpu: number, bytes: Uint8Array): boolean {
    const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (page.byteLength !== this.#header.size) return false;
    const base = pageTime(page);
    const start = Number(base);
    let whole = true;
    this.#cpus.add(cpu);
    const fits = eachEvent(page, this.#header, (offset, from, to) => {
      if (to - from < ENTRY_BYTES) {
        whole = false;
        return;
      }
      const event = { page, from, to, cpu, pid: entryPid(page, from), type: entryType(page, from) };
      this.#waiting.push({ event, base, offset, time: start + offset });
    });
    return whole && fits;
  }

  /** Gives what happened before `until` nanoseconds, in order of time; null: everything. */
  take(until: number | null, give: (event: RawEvent) => void): void {
    const all = this.#waiting;
    if (this.#cpus.size > 1) all.sort((one, other) => one.time - other.time);
    let count = all.length;
    if (until !== null) while (count > 0 && (all[count - 1]?.time ?? 0) >= until) count--;
    this.#waiting = count === all.length ? [] : all.slice(count);
    if (this.#waiting.length === 0) this.#cpus = new Set();
    for (const { event, base, offset } of count === all.length ? all : all.slice(0, count))
      give({ ...event, ns: base + BigInt(offset) });
  }
}
