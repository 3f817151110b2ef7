import { Fail } from '../contract/failure.ts';
import { compileWhere } from '../filter/compile.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { FilterPoint } from '../filter/context.ts';
import { asNumber, bpftraceArguments } from './bpftrace-arguments.ts';
import type { PointArguments } from './bpftrace-arguments.ts';
import { MAX_ARGUMENTS, pointBody } from './bpftrace-body.ts';
import type { PointBody } from './bpftrace-body.ts';
import { expectationOf } from './expects.ts';
import { accessField, splitPath } from './field-access.ts';
import type { ReadableArgument } from './field-access.ts';
import { filterCondition } from './named-filter.ts';
import type { ProbeProgram, ProgramFacts, ProgramPoint, WrittenProgram } from './program.ts';
import { scriptToRun } from './own-script.ts';
import { ownConditions } from './own-traffic.ts';
import { expectedLayer } from './record-verdict.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import type { ProbeSpec } from './spec.ts';

/** Seconds after which the kernel side ends by itself, whatever else goes wrong. */
const LAST_RESORT_SECONDS = 4 * 3600;

/** Quiet, without warnings, each line sent when it is whole; the program comes over stdin. */
const RUN = 'bpftrace -q --no-warnings -B line';
export const BPFTRACE_COMMAND = `${RUN} /dev/stdin`;

/**
 * Writes the bpftrace program for `spec` at `points`. One text for bpftrace 0.17 to 0.27: `kfunc:` (an alias of
 * fentry since 0.20; `fentry:` aborts 0.17), `args->x`, no struct printing (0.17 and 0.23 misprint
 * bitfields), no JSON (it cannot carry bytes); packet bytes as 64-bit words, byte-swapped so that hex
 * digits stand in memory order (the target is little-endian).
 *
 * Lines, TAG as given, columns apart by tabs (see bpftrace-stream.ts for the parser):
 *
 *     TAG B                                attached
 *     TAG Pwords device [caller] comm      a packet: words of 16 hex digits (bpftrace-body.ts)
 *     TAG Awords [caller] comm             arguments
 *     TAG S, frames, TAG s                 the kernel stack of the line before
 *     TAG T, maps                          totals, every second; TAG E: at the end
 *
 * Throws `function-without-sk_buff` when a filter has nothing to look at, `field-unknown`, `filter-invalid`.
 */
export function writeBpftraceProgram(
  spec: ProbeSpec,
  asked: readonly ResolvedPoint[],
  facts: ProgramFacts,
): WrittenProgram {
  const { tag, connection } = facts;
  const points = spec.where.trim() === '' ? asked : [...asked, ...missingEntries(asked, facts.machine)];
  const read = points.map((point) => bpftraceArguments(point, facts.machine));
  const told = points.map((point, i): ProgramPoint => {
    const one = programPoint(point, read[i] ?? NOTHING);
    return i < asked.length ? one : { ...one, hidden: true };
  });
  const where = compile(spec, points, told, read, facts);
  const named = points.map((point, i) => ({
    name: point.name,
    arguments: nameable(point, read[i] ?? NOTHING),
  }));
  const fields = where.fields.map((field) => accessField(field, named, facts.fieldTypes));
  const bodies = told.map((one, index): PointBody => {
    const point = points[index] as ResolvedPoint;
    const packet = takesPacket(point, facts.machine);
    if (!packet && spec.filter !== 'none')
      throw new Fail('function-without-sk_buff', { function: point.name, filter: spec.filter });
    const layer =
      spec.expect === 'default' || spec.expect === 'auto'
        ? (expectationOf(point.name)?.layer ?? null)
        : spec.expect === 'ipv6' || spec.expect === 'ip'
          ? spec.expect
          : null;
    const conditions = [filterCondition(spec.filter, layer), where.kernel[index] ?? null];
    return {
      index,
      point,
      arguments: read[index] ?? NOTHING,
      captures: one.captures,
      pointer: one.pointer,
      conditions: conditions.filter((condition) => condition !== null),
      fields: fields.map((field) => field[index] ?? null),
      returns: [],
      remembered: follows(point, facts.machine),
      // What the kernel decides alone needs no record to decide it by.
      silent: one.hidden === true && where.arrival === null,
    };
  });
  const context = { tag, connection, perSecond: spec.perSecond, stack: spec.stack };
  // bpftrace must have read what is put into a map before it reads what is taken out.
  const probes = withEntries(bodies, facts.machine)
    .sort((one, other) => Number(one.returns.length === 0) - Number(other.returns.length === 0))
    .map((body) => `${attachPoint(body.point)}\n{\n${pointBody(body, context)}\n}`)
    .join('\n\n');
  const written = script(spec, probes, tag);
  const program: ProbeProgram = {
    engine: 'bpftrace',
    command: BPFTRACE_COMMAND,
    ...scriptToRun(spec.script, written, connection, ownConditions),
    tag: (spec.script === null ? null : tagOf(spec.script)) ?? tag,
    points: told,
    fields: where.fields,
    stacks: spec.stack,
  };
  return { program, arrival: where.arrival, where: where.parts };
}

/** The tag that an edited script still carries, in its line `TAG B`; null if it prints in ways of its own. */
export function tagOf(text: string): string | null {
  return /"(k[0-9a-f]{8})\\tB\\n"/.exec(text)?.[1] ?? null;
}

const NOTHING: PointArguments = { all: [], skb: null, sock: null, reason: null, location: null };

function script(spec: ProbeSpec, probes: string, tag: string): string {
  // bpftrace refuses a map that nothing assigns: a function without packets has no @own.
  const maps = ['@seen', '@own', '@matched', '@limited'].filter((map) => probes.includes(`${map} = count()`));
  const totals = maps.map((map) => `print(${map});`).join(' ');
  const remembers = probes.includes('@in[') ? ' clear(@in);' : '';
  return `#!/usr/bin/env bpftrace
// Alone: ${RUN} FILE
BEGIN { @second = (uint64)0; printf("${tag}\\tB\\n");${spec.dryRun ? ' exit();' : ''} }

${probes}

interval:s:1
{
  @second = (uint64)0;
  @ticks++;
  printf("${tag}\\tT\\n");
  ${totals}
  if (@ticks >= ${spec.seconds === null ? LAST_RESORT_SECONDS : Math.ceil(spec.seconds)}) { exit(); }
}

END
{
  printf("${tag}\\tE\\n");
  ${totals}
  ${maps.map((map) => `clear(${map});`).join(' ')}
  clear(@second); clear(@ticks); clear(@seq);${remembers}
}
`;
}

/** As bpftrace names it; `kfunc:` is silent from 0.17 to 0.27. */
function attachPoint({ kind, group, symbol, edge }: ResolvedPoint): string {
  switch (kind) {
    case 'function':
      return `${edge === 'return' ? 'kretfunc' : 'kfunc'}:${group}:${symbol}`;
    case 'kprobe':
      // 0.17 refuses kprobe:vmlinux:f.
      return `${edge === 'return' ? 'kretprobe' : 'kprobe'}:${group === null || group === 'vmlinux' ? '' : `${group}:`}${symbol}`;
    case 'tracepoint':
      return `tracepoint:${group}:${symbol}`;
    case 'rawtracepoint':
      return `rawtracepoint:${symbol}`;
  }
}

function programPoint(point: ResolvedPoint, read: PointArguments): ProgramPoint {
  const packet = read.skb !== null && point.edge === 'entry';
  const parameters = (packet ? read.all : read.all.slice(0, MAX_ARGUMENTS)).map(({ name }) => name);
  return {
    name: point.name,
    kind: point.kind,
    edge: point.edge,
    captures: packet ? 'packet' : 'arguments',
    // Where a packet is dropped, data may stand behind headers that were taken off already.
    pointer: expectationOf(point.name)?.pointer ?? (read.reason === null ? 'data' : 'network'),
    parameters,
    ...(read.reason === null ? {} : { reason: true }),
    ...(read.location === null ? {} : { caller: true }),
  };
}

/**
 * Before the return of a function with an sk_buff stands its entry, which remembers the call: it knows whose packet it
 * is, and what the filter says. Where the entry is no point of its own, it is there and silent.
 */
function withEntries(bodies: readonly PointBody[], machine: string): PointBody[] {
  const returns = new Map<string, number[]>();
  const entries = new Set<string>();
  for (const { point, index, remembered } of bodies) {
    if (point.edge === 'entry') entries.add(placeOf(point));
    else if (remembered) returns.set(placeOf(point), [...(returns.get(placeOf(point)) ?? []), index]);
  }
  return bodies.flatMap((body) => {
    const { point } = body;
    const remembered = returns.get(placeOf(point)) ?? [];
    if (point.edge === 'entry') return [{ ...body, returns: remembered }];
    if (entries.has(placeOf(point)) || remembered.length === 0) return [body];
    const entry: ResolvedPoint = { ...point, edge: 'entry' };
    return [
      {
        ...body,
        point: entry,
        arguments: bpftraceArguments(entry, machine),
        returns: remembered,
        remembered: false,
        silent: true,
      },
      body,
    ];
  });
}

/**
 * The entries of functions with an sk_buff of which only the return is asked for: a filter looks at the packet, which
 * a return no longer has.
 */
function missingEntries(points: readonly ResolvedPoint[], machine: string): readonly ResolvedPoint[] {
  const entries = new Set(points.filter(({ edge }) => edge === 'entry').map(placeOf));
  return points
    .filter((point) => point.edge === 'return' && !entries.has(placeOf(point)) && takesPacket(point, machine))
    .map((point) => ({ ...point, edge: 'entry' }));
}

function placeOf({ kind, group, symbol }: ResolvedPoint): string {
  return [kind, group, symbol].join(' ');
}

/** A return that passes as its entry did. */
function follows(point: ResolvedPoint, machine: string): boolean {
  return point.edge === 'return' && takesPacket(point, machine);
}

function takesPacket(point: ResolvedPoint, machine: string): boolean {
  return bpftraceArguments({ ...point, edge: 'entry' }, machine).skb !== null;
}

/**
 * Arguments by the names that fields and filters use: `skb` is the sk_buff, whatever the function calls it. Where the
 * function returns, the sk_buff may be gone: only its address is told then.
 */
function nameable(
  { edge }: Pick<ResolvedPoint, 'edge'>,
  { all, skb, sock }: PointArguments,
): readonly ReadableArgument[] {
  if (edge === 'return') return all.filter((argument) => argument !== skb);
  const named = all.filter((argument) => argument !== skb);
  const has = (name: string): boolean => all.some((argument) => argument.name === name);
  return [
    ...(skb === null ? [] : [{ ...skb, expression: '$s' }]),
    ...named,
    ...(skb === null || has('skb') ? [] : [{ ...skb, name: 'skb', expression: '$s' }]),
    ...(sock === null || has('sk') ? [] : [{ ...sock, name: 'sk' }]),
  ];
}

function compile(
  spec: ProbeSpec,
  points: readonly ResolvedPoint[],
  told: readonly ProgramPoint[],
  read: readonly PointArguments[],
  facts: ProgramFacts,
): CompiledFilter {
  const layers: FilterPoint[] = told.map((one, i) => ({
    name: one.name,
    edge: one.edge,
    captures: one.captures,
    expect: expectedLayer(spec, one),
    pointer: one.pointer,
    output: expectationOf(one.name)?.output ?? false,
    ...(follows(points[i] as ResolvedPoint, facts.machine) ? { follows: true } : {}),
    parameters: (read[i]?.all ?? []).map(({ name, type }) => ({ name, type })),
  }));
  const argumentsOf = (point: FilterPoint): readonly ReadableArgument[] => {
    const i = layers.indexOf(point);
    const arguments_ = read[i];
    return nameable(point, arguments_ ?? NOTHING);
  };
  return compileWhere(
    spec.where,
    {
      points: layers,
      fields: spec.fields,
      reasons: facts.reasons,
      pathType: (path, point) => {
        const { root, rest } = splitPath(path);
        const argument = argumentsOf(point).find(({ name }) => name === root);
        if (argument === undefined) return null;
        const type = facts.fieldTypes(argument.type, rest);
        if (typeof type === 'string') return null;
        const kind = type.kind === 'text' || type.kind === 'other' ? type.kind : 'number';
        return { type: type.type, kind, signed: type.signed, bits: type.bits };
      },
    },
    {
      engine: 'bpftrace',
      argument: (name, point) => argumentsOf(point).find((one) => one.name === name)?.expression ?? null,
      returned: (point) => {
        const at = points[layers.indexOf(point)];
        const type = at?.signature?.returns ?? 'unsigned long';
        return at?.edge !== 'return' || type === 'void' || follows(at, facts.machine)
          ? null
          : asNumber(type, 'retval');
      },
    },
  );
}
