/**
 * A moment on the target: its wall clock as `HH:MM:SS.µµµµµµ` in the reader's time zone when the
 * distance between its clocks is known, else seconds since it booted.
 *
 * @param ns CLOCK_BOOTTIME of the target
 * @param clockOffset CLOCK_REALTIME minus CLOCK_BOOTTIME, in nanoseconds
 */
export function targetTime(ns: bigint, clockOffset: bigint | null): string {
  const micros = (ns + (clockOffset ?? 0n)) / 1000n;
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  if (clockOffset === null) return `${micros / 1_000_000n}.${fraction}`;
  return `${new Date(Number(micros / 1000n)).toTimeString().slice(0, 8)}.${fraction}`;
}
