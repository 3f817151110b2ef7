/** How a page of the ring buffer begins, from events/header_page. */
export interface PageHeader {
  /** Bytes of a page as trace_pipe_raw hands it out. */
  readonly size: number;
  /** Where its events begin. */
  readonly data: number;
}

/** One event in a page: `from` to `to` is its entry, as the event's format file describes it. */
export type PageEvent = (offset: number, from: number, to: number) => void;

const LONGEST_PAGE = 1 << 20;
const TIMESTAMP = 0;
const COMMIT = 8;
/** Above the length that was written there are flags: events were lost before this page. */
const COMMIT_MASK = 0x7ffffff;

/** Null for what is no page of a 64-bit kernel. */
export function pageHeader(size: number, data: number): PageHeader | null {
  const whole = Number.isInteger(size) && Number.isInteger(data);
  return whole && data >= 16 && size > data && size <= LONGEST_PAGE ? { size, data } : null;
}

/** Nanoseconds of the trace clock from which the offsets of a page's events count. */
export function pageTime(page: DataView): bigint {
  return page.getBigUint64(TIMESTAMP, true);
}

/**
 * Calls `event` for each event of a page of a little-endian kernel (kernel/trace/ring_buffer.c, rb_event_length):
 * the time of its start, the page's u64 and the deltas so far, as nanoseconds after pageTime(). Each event is a u32
 * `type_len:5, time_delta:27`: 1 to 28 four-byte words of entry, or 0 with its length in the next u32; 29 is
 * padding (without a delta: to the end of the page), 30 adds a longer delta, 31 sets the time. False when an event
 * reaches beyond the page: those before it were given.
 */
export function eachEvent(page: DataView, header: PageHeader, event: PageEvent): boolean {
  const written = page.getUint32(COMMIT, true) & COMMIT_MASK;
  const end = header.data + written;
  if (end > page.byteLength) return false;
  let time = 0;
  for (let at = header.data; at + 4 <= end;) {
    const word = page.getUint32(at, true);
    const type = word & 31;
    const delta = word >>> 5;
    at += 4;
    if (type > 0 && type <= 28) {
      if (at + type * 4 > end) return false;
      time += delta;
      event(time, at, at + type * 4);
      at += type * 4;
      continue;
    }
    if (type === 29 && delta === 0) return true;
    if (at + 4 > end) return false;
    const next = page.getUint32(at, true);
    if (type === 30) time += next * 2 ** 27 + delta;
    else if (type === 31) time = Number(BigInt(next) * 2n ** 27n + BigInt(delta) - pageTime(page));
    else {
      // The length counts its own four bytes.
      const to = at + Math.ceil(next / 4) * 4;
      if (next < 4 || to > end) return false;
      time += delta;
      if (type === 0) event(time, at + 4, at + next);
      at = to - 4;
    }
    at += 4;
  }
  return true;
}
