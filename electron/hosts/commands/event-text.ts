import { FLAG_ARGUMENTS, NO_VALUE } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { packetLine } from '../../../shared/packet/reading.ts';
import type { Verdict } from '../../../shared/packet/verdict.ts';
import type { Expectation } from '../../../shared/packet/verdict-kinds.ts';
import type { ProgramPoint } from '../../../shared/probe/program.ts';

/** The `verdict` object of `--json` lines. */
export function verdictJson(judged: Verdict): Record<string, unknown> {
  const { kind, title, confidence, evidence, cause, headerAt, detail } = judged;
  return { kind, title, confidence, evidence, cause, headerAt, detail };
}

/** What the numbers in a run's records mean. */
export interface RunTold {
  readonly points: readonly ProgramPoint[];
  readonly fields: readonly string[];
  readonly reasons: Readonly<Record<number, string>>;
  /** Texts by their number: see runLabels in the contract. */
  readonly labels: ReadonlyMap<number, string>;
}

/** What an event has beside the packet, for `--json`: each key only where the run asked for it, or the point has it. */
export function eventExtras(record: EventRecord, told: RunTold): Record<string, unknown> {
  const point = told.points[record.point];
  const stack = told.labels.get(record.stackLabel)?.split('\n');
  const caller = told.labels.get(record.callerLabel);
  return {
    edge: record.edge,
    ...(record.skb === 0n ? {} : { skbAddress: `0x${record.skb.toString(16)}` }),
    ...(record.edge === 'return' ? { returned: record.returned } : {}),
    ...(told.fields.length === 0 ? {} : { fields: Object.fromEntries(fieldsOf(record, told)) }),
    ...(record.reason === null
      ? {}
      : { reason: { number: record.reason, name: told.reasons[record.reason] ?? null } }),
    ...(caller === undefined ? {} : { caller }),
    ...(stack === undefined ? {} : { stack }),
    ...(point === undefined || point.kind === 'function' ? {} : { point: point.kind }),
  };
}

/** The picked fields by name; null where the record's point does not have one. */
function fieldsOf(record: EventRecord, { fields }: RunTold): readonly (readonly [string, bigint | null])[] {
  return fields.map((name, i) => {
    const value = record.values[i] ?? NO_VALUE;
    return [name, value === NO_VALUE ? null : value];
  });
}

/** The name of a drop reason with its number, or the number alone. */
export function reasonText(reason: number, reasons: Readonly<Record<number, string>>): string {
  const name = reasons[reason];
  return name === undefined ? `drop reason ${reason}` : `${name} (${reason})`;
}

/** Wall-clock time on this machine with microseconds, as tcpdump and Wireshark show it. `ns` since 1970. */
function timeOfDay(ns: bigint): string {
  const micro = String((ns / 1000n) % 1_000_000n).padStart(6, '0');
  const when = new Date(Number(ns / 1_000_000n));
  const parts = [when.getHours(), when.getMinutes(), when.getSeconds()];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}.${micro}`;
}

/** One event as a person reads it in a terminal: when and where, what the packet is, the verdict with its evidence, the bytes. */
export function eventLines(
  record: EventRecord,
  judged: Verdict | null,
  expect: Expectation,
  told: RunTold,
  clockOffset: bigint,
): string[] {
  const many = told.points.length > 1;
  const point = told.points[record.point];
  const where =
    many && point !== undefined ? ` ${point.name}${record.edge === 'return' ? ' returns' : ''}` : '';
  const packet = many && record.skb !== 0n ? ` skb ${record.skb.toString(16)}` : '';
  const time = timeOfDay(record.ns + clockOffset);
  const head = `#${record.seq} ${time}${where}${packet} cpu ${record.cpu} ${record.comm}[${record.pid}] ${record.device || '-'} len ${record.len}`;
  const beside = besideLines(record, told);
  if (record.flags & FLAG_ARGUMENTS) return [`${head} arguments ${hexWords(record.bytes)}`, ...beside];
  if (judged === null) return [head, ...beside];
  const { bytes, window } = record;
  return [
    `${head}  ${packetLine({ bytes, window, expect, packetLength: record.len, skb: null }, judged)}`,
    ...beside,
    ...verdictLines(judged),
    ...(judged.kind === 'as-expected' ? [] : hexLines(record.bytes, record.window)),
  ];
}

function besideLines(record: EventRecord, told: RunTold): string[] {
  const caller = told.labels.get(record.callerLabel);
  const stack = told.labels.get(record.stackLabel)?.split('\n') ?? [];
  const fields = fieldsOf(record, told).map(([name, value]) => `${name} = ${value ?? 'not here'}`);
  return [
    ...(record.edge === 'return' ? [`   returned ${record.returned}`] : []),
    ...(record.reason === null
      ? []
      : [`   ${reasonText(record.reason, told.reasons)}${caller === undefined ? '' : `, by ${caller}`}`]),
    ...fields.map((text) => `   ${text}`),
    ...stack.map((frame) => `     ${frame}`),
  ];
}

export function verdictLines(judged: Verdict): string[] {
  const sure = `${(judged.confidence * 100).toFixed(1)} %`;
  const lines = [
    `   ${judged.title} (${sure}${judged.headerAt ? `, the expected header begins at ${judged.headerAt}` : ''})`,
  ];
  if (judged.kind === 'as-expected') return lines;
  for (const item of judged.evidence) lines.push(`     ${item.basis}: ${item.text}`);
  if (judged.cause) {
    lines.push(`     cause${judged.cause.proven ? '' : ' (not proven)'}: ${judged.cause.text}`);
    lines.push(`     remedy: ${judged.cause.remedy}`);
  }
  return lines;
}

/** Sixteen bytes a line, offsets relative to the expected header. */
export function hexLines(bytes: Uint8Array, window: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`     ${String(window + at).padStart(4)}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines;
}

function hexWords(bytes: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 8)
    words.push(
      `0x${Buffer.from(bytes.subarray(at, at + 8))
        .toString('hex')
        .replace(/^0+(?=.)/, '')}`,
    );
  return words.join(' ');
}
