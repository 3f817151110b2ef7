import { FLAG_ARGUMENTS, FLAG_CAPTURE, FLAG_DEVICE } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { targetTime } from './target-time.ts';

/** Widths of the columns in characters; the summary takes what is left. */
export const COLUMNS = { seq: 7, time: 15, cpu: 3, process: 20, device: 10, length: 5 } as const;

export type Column = keyof typeof COLUMNS;

/** Those of a run on a target. */
export const RUN_COLUMNS = Object.keys(COLUMNS) as readonly Column[];

/** A file knows no processor and no process; of some it knows the devices. */
export function captureColumns(named: boolean): readonly Column[] {
  return named ? ['seq', 'time', 'device', 'length'] : ['seq', 'time', 'length'];
}

/** Where several functions are probed: which of them, in characters. */
export const PLACE = 26;

/** One row as one line of fixed columns: a row of the table is a single text node. */
export function eventLine(
  record: EventRecord,
  clockOffset: bigint | null,
  summary: string,
  place: string | null = null,
  columns: readonly Column[] = RUN_COLUMNS,
): string {
  return [
    ...columns.map((column) => cell(column, record, clockOffset)),
    ...(place === null ? [] : [cut(place, PLACE)]),
    summary,
  ].join('  ');
}

function cell(column: Column, record: EventRecord, clockOffset: bigint | null): string {
  const width = COLUMNS[column];
  switch (column) {
    case 'seq':
      return String(record.seq).padStart(width);
    case 'time':
      return targetTime(record.ns, clockOffset).padStart(width);
    case 'cpu':
      return String(record.cpu).padStart(width);
    case 'process':
      return cut(`${printable(record.comm)}/${record.pid}`, width);
    case 'device': {
      const known = record.flags & FLAG_DEVICE || (record.flags & FLAG_CAPTURE && record.device !== '');
      return cut(known ? printable(record.device) : '-', width);
    }
    case 'length':
      return (record.flags & FLAG_ARGUMENTS ? '-' : String(record.len)).padStart(width);
  }
}

/** Names of processes and devices are any bytes but NUL: what is not printable must not shift the columns. */
export function printable(name: string): string {
  return name.replace(/[^\x20-\x7e\xa0-\xff]/g, '?');
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
