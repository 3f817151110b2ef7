import { FLAG_ARGUMENTS, FLAG_CAPTURE, FLAG_DEVICE } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { targetTime } from './target-time.ts';

/** Widths of the columns in characters; the summary takes what is left. */
export const COLUMNS = { seq: 7, time: 15, cpu: 3, process: 20, device: 10, length: 5 } as const;

/** Where several functions are probed: which of them, in characters. */
export const PLACE = 26;

/** One row as one line of fixed columns: a row of the table is a single text node. */
export function eventLine(
  record: EventRecord,
  clockOffset: bigint | null,
  summary: string,
  place: string | null = null,
): string {
  return [
    String(record.seq).padStart(COLUMNS.seq),
    targetTime(record.ns, clockOffset).padStart(COLUMNS.time),
    String(record.cpu).padStart(COLUMNS.cpu),
    cut(record.flags & FLAG_CAPTURE ? '-' : `${printable(record.comm)}/${record.pid}`, COLUMNS.process),
    cut(
      record.flags & FLAG_DEVICE || (record.flags & FLAG_CAPTURE && record.device !== '')
        ? printable(record.device)
        : '-',
      COLUMNS.device,
    ),
    (record.flags & FLAG_ARGUMENTS ? '-' : String(record.len)).padStart(COLUMNS.length),
    ...(place === null ? [] : [cut(place, PLACE)]),
    summary,
  ].join('  ');
}

/** Names of processes and devices are any bytes but NUL: what is not printable must not shift the columns. */
export function printable(name: string): string {
  return name.replace(/[^\x20-\x7e\xa0-\xff]/g, '?');
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
