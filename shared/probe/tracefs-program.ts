import { compileWhere } from '../filter/compile.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { FilterNames, FilterPoint } from '../filter/context.ts';
import { expectationOf } from './expects.ts';
import { accessField, splitPath } from './field-access.ts';
import type { ReadableArgument } from './field-access.ts';
import type { ProbeProgram, ProgramFacts, ProgramPoint, WrittenProgram } from './program.ts';
import { scriptToRun } from './own-script.ts';
import { expectedLayer } from './record-verdict.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import type { SkbOffsets } from './skb-offsets.ts';
import type { ProbeSpec } from './spec.ts';
import { layerOf, nameableArguments, tracefsEvent, tracefsPoint } from './tracefs-event.ts';
import type { TracefsEvent } from './tracefs-event.ts';
import { ownConditions, passesFilter } from './tracefs-filter.ts';
import { tracefsScript } from './tracefs-script.ts';

/** A program with what its stream is read by. */
export interface TracefsProgram extends ProbeProgram {
  readonly engine: 'tracefs';
  /** In the order of `points`: `EventRecord.values`, see TracefsEvent.fields. */
  readonly valuesOf: readonly TracefsEvent['fields'][];
  readonly stacks: boolean;
}

const TRACEFS_COMMAND = 'sh';

/**
 * Writes the shell script that makes `points` events of tracefs and sends what they record: for a kernel from
 * 4.18 on with CONFIG_KPROBE_EVENTS, with nothing installed but a POSIX sh, dd, cat, grep, sed, sleep. See
 * tracefs-script.ts for what it does and tracefs-stream.ts for what it prints.
 * Throws `engine-unfit`, `field-unknown`, `function-without-sk_buff`.
 */
export function writeTracefsProgram(
  spec: ProbeSpec,
  points: readonly ResolvedPoint[],
  facts: ProgramFacts,
  offsets: SkbOffsets,
): WrittenProgram & { readonly program: TracefsProgram } {
  const told = points.map(tracefsPoint);
  const named = points.map((point) => ({ name: point.name, arguments: nameableArguments(point) }));
  const where = compile(spec, told, named, facts);
  const ways = where.fields.map((field) => accessField(field, named, facts.fieldTypes));
  const source = { spec, offsets, connection: facts.connection };
  const events = points.map((point, i) =>
    tracefsEvent(source, {
      point,
      told: told[i] ?? tracefsPoint(point),
      fields: ways.map((way) => way[i] ?? null),
      names: where.fields,
      where: where.kernel[i] ?? null,
    }),
  );
  const written = tracefsScript(spec, events, facts.tag, facts.machine);
  const program: TracefsProgram = {
    engine: 'tracefs',
    command: TRACEFS_COMMAND,
    ...scriptToRun(spec.script, written, facts.connection, ownConditions),
    tag: (spec.script === null ? null : /^tag=(k[0-9a-f]{8})$/m.exec(spec.script)?.[1]) ?? facts.tag,
    points: told,
    fields: where.fields,
    stacks: spec.stack,
    valuesOf: events.map((event) => event.fields),
  };
  return { program, arrival: bothTests(headerTest(spec, told), where.arrival), where: where.parts };
}

type Arrival = WrittenProgram['arrival'];

function bothTests(one: Arrival, other: Arrival): Arrival {
  if (one === null || other === null) return one ?? other;
  return (record) => one(record) && other(record);
}

/** A header that lies behind skb->data is tested on arrival: no fetch argument reaches it. */
function headerTest(spec: ProbeSpec, points: readonly ProgramPoint[]): Arrival {
  if (spec.filter === 'none' || points.every(({ pointer }) => pointer === 'data')) return null;
  return (record) => {
    const point = points[record.point];
    if (point === undefined || point.pointer === 'data' || point.captures !== 'packet') return true;
    return passesFilter(spec.filter, layerOf(spec, expectationOf(point.name)), record);
  };
}

/** Fetch arguments that hold what a filter calls by these names; behind a NULL device its own would be anything. */
const FETCHED: Readonly<Record<string, string>> = {
  'skb.len': 'len',
  'skb.data_len': 'dlen',
  'skb.mac_len': 'mlen',
  'skb.protocol': 'prot',
  'skb.pkt_type': 'ptyp',
  'skb.ip_summed': 'ipsm',
  'skb.mark': 'mark',
  'skb.hash': 'hash',
};

function compile(
  spec: ProbeSpec,
  told: readonly ProgramPoint[],
  named: readonly { readonly arguments: readonly ReadableArgument[] }[],
  facts: ProgramFacts,
): CompiledFilter {
  const points: FilterPoint[] = told.map((one, i) => ({
    name: one.name,
    edge: one.edge,
    captures: one.captures,
    expect: expectedLayer(spec, one),
    pointer: one.pointer,
    output: expectationOf(one.name)?.output ?? false,
    parameters: (named[i]?.arguments ?? []).map(({ name, type }) => ({ name, type })),
  }));
  const pathType: FilterNames['pathType'] = (path, point) => {
    const { root, rest } = splitPath(path);
    const argument = named[points.indexOf(point)]?.arguments.find(({ name }) => name === root);
    if (argument === undefined) return null;
    const type = facts.fieldTypes(argument.type, rest);
    if (typeof type === 'string') return null;
    const kind = type.kind === 'text' || type.kind === 'other' ? type.kind : 'number';
    return { type: type.type, kind, signed: type.signed, bits: type.bits };
  };
  return compileWhere(
    spec.where,
    { points, fields: spec.fields, reasons: facts.reasons, pathType },
    {
      engine: 'tracefs',
      fetched: (name, point) => {
        const fetched = point.captures === 'packet' ? FETCHED[name] : undefined;
        if (fetched === undefined) return null;
        return { name: fetched, kind: 'number', swapped: name === 'skb.protocol' };
      },
    },
  );
}
