import { FLAG_ARGUMENTS } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { inspect } from '../../../shared/packet/inspect.ts';
import { summary } from '../../../shared/packet/summary.ts';
import type { Verdict } from '../../../shared/packet/verdict.ts';
import type { Expectation } from '../../../shared/packet/verdict-kinds.ts';

/** The `verdict` object of `--json` lines. */
export function verdictJson(judged: Verdict): Record<string, unknown> {
  const { kind, title, confidence, evidence, cause, headerAt, detail } = judged;
  return { kind, title, confidence, evidence, cause, headerAt, detail };
}

/** One event as a person reads it in a terminal: what the packet is, the verdict with its evidence, the bytes. */
export function eventLines(record: EventRecord, judged: Verdict | null, expect: Expectation): string[] {
  const head = `#${record.seq} cpu ${record.cpu} ${record.comm}[${record.pid}] ${record.device || '-'} len ${record.len}`;
  if (record.flags & FLAG_ARGUMENTS) return [`${head} arguments ${hexWords(record.bytes)}`];
  if (judged === null) return [head];
  return [
    `${head}  ${packetSummary(record.bytes, record.window, record.len, judged, expect)}`,
    ...verdictLines(judged),
    ...(judged.kind === 'as-expected' ? [] : hexLines(record.bytes, record.window)),
  ];
}

/** Wireshark's one line for the packet as it really is: read from where its header was found. */
export function packetSummary(
  bytes: Uint8Array,
  window: number,
  length: number | null,
  judged: Verdict,
  expect: Expectation,
): string {
  const isFrame = judged.kind === 'ethernet-where-ip-expected' || expect === 'ethernet';
  const at = -window + (isFrame ? 0 : (judged.headerAt ?? 0));
  const start = isFrame
    ? 'ethernet'
    : expect === 'ipv4' || expect === 'ipv6' || expect === 'ip'
      ? 'ip'
      : expect;
  const packetLength = length === null ? null : length - (isFrame ? 0 : (judged.headerAt ?? 0));
  return summary(inspect(bytes, { start, at, packetLength }));
}

export function verdictLines(judged: Verdict): string[] {
  const sure = `${Math.round(judged.confidence * 100)} %`;
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
