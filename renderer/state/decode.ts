import { FLAG_ARGUMENTS } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import { inspect } from '../../shared/packet/inspect.ts';
import type { Layer } from '../../shared/packet/inspect.ts';
import { packetLine, readingAsExpected, readingAsFound } from '../../shared/packet/reading.ts';
import { verdict } from '../../shared/packet/verdict.ts';
import type { Verdict } from '../../shared/packet/verdict.ts';
import { verdictInput } from '../../shared/probe/record-verdict.ts';
import type { ProgramPoint } from '../../shared/probe/program.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';

/** One way to read a packet's bytes: its layers, whose offsets are indexes in the record's bytes. */
export type Reading = readonly Layer[];

/** Everything that is derived from the bytes of one record. */
export interface DecodedRecord {
  /** Null for a record of plain arguments. */
  readonly verdict: Verdict | null;
  /** The bytes taken for what the function takes them for; null where it takes them for nothing in particular. */
  readonly asKernel: Reading | null;
  /** The bytes taken for what they are. */
  readonly asIs: Reading;
  /** Whether the two differ, and both are worth showing. */
  readonly differ: boolean;
}

/** @param kernel release of the target, such as `6.1.0-56-cloud-amd64`: it limits the causes that are thought of */
export function decodeRecord(
  record: EventRecord,
  spec: ProbeSpec | null,
  kernel: string | null,
): DecodedRecord {
  const input = verdictInput(record, spec);
  if (input === null) return { verdict: null, asKernel: null, asIs: [], differ: false };
  const found = verdict({ ...input, kernel });
  const asIs = inspect(record.bytes, readingAsFound(input, found));
  const asKernel = input.expect === 'auto' ? null : inspect(record.bytes, readingAsExpected(input));
  const differ = asKernel !== null && found.kind !== 'as-expected' && !sameReading(asKernel, asIs);
  return { verdict: found, asKernel, asIs, differ };
}

/** One line for a row of the table: what the bytes are, whatever they were taken for. */
export function recordSummary(
  record: EventRecord,
  spec: ProbeSpec | null,
  point: Pick<ProgramPoint, 'parameters'> | null = null,
): string {
  const input = verdictInput(record, spec);
  if (input === null) return [argumentsText(record, point), returnedText(record)].filter(Boolean).join(' ');
  return packetLine(input, verdict(input));
}

function argumentsText(record: EventRecord, point: Pick<ProgramPoint, 'parameters'> | null): string {
  const text = (value: bigint, at: number): string => {
    const name = point?.parameters[at];
    return name === undefined ? hexArgument(value) : `${name}=${hexArgument(value)}`;
  };
  return argumentsOf(record).map(text).join(', ');
}

/** What a function returned: small numbers and errors as they are, anything else may be a pointer. */
function returnedText({ edge, returned }: EventRecord): string {
  if (edge !== 'return') return '';
  const small = returned > -4096n && returned < 4096n;
  return `→ ${small ? returned : hexArgument(BigInt.asUintN(64, returned))}`;
}

/** Arguments of a function without an sk_buff: eight bytes each, big-endian. */
export function argumentsOf(record: EventRecord): readonly bigint[] {
  if (!(record.flags & FLAG_ARGUMENTS)) return [];
  const view = new DataView(record.bytes.buffer, record.bytes.byteOffset, record.bytes.byteLength);
  return Array.from({ length: Math.floor(record.bytes.length / 8) }, (_, index) =>
    view.getBigUint64(index * 8),
  );
}

export function hexArgument(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function sameReading(a: Reading, b: Reading): boolean {
  return (
    a.length === b.length &&
    a.every((layer, at) => layer.at === b[at]?.at && layer.protocol === b[at].protocol)
  );
}
