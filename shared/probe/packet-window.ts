/** The captured window: 16 words of 8 bytes, from 18 bytes before the expected header (an Ethernet header and a tag) on. */
export const WINDOW_BEFORE = 18;
export const WINDOW_WORDS = 16;
export const WINDOW_BYTES = WINDOW_WORDS * 8;

/** Bytes of packet in a window of which `inside` lie in the linear part, see `clipWindow`. */
export interface ClippedWindow {
  /** Where the first kept byte lies, relative to the expected header. */
  readonly window: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Which of the captured bytes belong to the sk_buff: from `head` (nothing lies before it) to the end
 * of its linear part. `headroom` is data - head, `offset` the expected header's place relative to
 * data, `linear` is len - data_len.
 */
export function clipWindow(headroom: number, offset: number, linear: number): ClippedWindow {
  const before = Math.max(0, Math.min(WINDOW_BEFORE, headroom + offset));
  const after = Math.max(0, Math.min(WINDOW_BYTES - WINDOW_BEFORE, linear - offset));
  return { window: 0 - before, from: WINDOW_BEFORE - before, to: WINDOW_BEFORE + after };
}
