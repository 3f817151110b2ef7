import type { Btf } from '../btf/decoder.ts';
import type { SshConnection } from '../contract/api.ts';
import type { EventRecord } from '../capture/record.ts';
import { expectationOf } from './expects.ts';
import type { ProbeProgram } from './program.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import type { SkbOffsets } from './skb-offsets.ts';
import type { ProbeSpec } from './spec.ts';
import { layerOf, tracefsEvent } from './tracefs-event.ts';
import type { TracefsEvent } from './tracefs-event.ts';
import { passesFilter } from './tracefs-filter.ts';
import { tracefsScript } from './tracefs-script.ts';

/** What a tracefs program is written from, besides the spec and its points. */
export interface TracefsFacts {
  readonly offsets: SkbOffsets;
  /** The kernel's types and those of its modules: what picked fields are looked up in. */
  readonly btfs: readonly Btf[];
  /** `$SSH_CONNECTION`; null: nothing can be told to be our own. */
  readonly connection: SshConnection | null;
}

/** A program with what its stream is read by. */
export interface TracefsProgram extends ProbeProgram {
  readonly engine: 'tracefs';
  /** In the order of `points`: `EventRecord.values`, see TracefsEvent.fields. */
  readonly valuesOf: readonly TracefsEvent['fields'][];
  readonly stacks: boolean;
  /** What the kernel could not decide: whether a packet at a point passes the filter. Null: it decided all. */
  readonly arrival: ((record: EventRecord, point: number) => boolean) | null;
}

export const TRACEFS_COMMAND = 'sh';

/**
 * Writes the shell script that makes `points` events of tracefs and sends what they record: for a kernel from
 * 4.18 on with CONFIG_KPROBE_EVENTS, with nothing installed but a POSIX sh, dd, cat, grep, sleep. See
 * tracefs-script.ts for what it does and tracefs-stream.ts for what it prints.
 * Throws `engine-unfit`, `field-invalid`, `function-without-sk_buff`.
 */
export function writeTracefsProgram(
  spec: ProbeSpec,
  points: readonly ResolvedPoint[],
  facts: TracefsFacts,
  tag: string,
  fields: readonly string[] = spec.fields,
): TracefsProgram {
  const events = points.map((point) => tracefsEvent({ ...facts, spec, fields }, point));
  return {
    engine: 'tracefs',
    command: TRACEFS_COMMAND,
    script: tracefsScript(spec, events, tag),
    tag,
    points: events.map(({ point }) => point),
    fields,
    valuesOf: events.map((event) => event.fields),
    stacks: spec.stack,
    arrival: arrivalOf(spec, events),
  };
}

/** A header that lies behind skb->data is tested here: no fetch argument reaches it. */
function arrivalOf(spec: ProbeSpec, events: readonly TracefsEvent[]): TracefsProgram['arrival'] {
  if (spec.filter === 'none' || events.every(({ point }) => point.pointer === 'data')) return null;
  const layers = events.map(({ point }) =>
    point.pointer === 'data' ? undefined : layerOf(spec, expectationOf(point.name)),
  );
  return (record, point) => {
    const layer = layers[point];
    return layer === undefined || passesFilter(spec.filter, layer, record);
  };
}
