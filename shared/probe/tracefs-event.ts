import type { SshConnection } from '../contract/ssh-session.ts';
import type { Expectation } from '../packet/verdict-kinds.ts';
import { assertNever, Fail } from '../contract/failure.ts';
import { expectationOf } from './expects.ts';
import type { FunctionExpectation } from './expects.ts';
import type { ProgramPoint } from './program.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import { fetchText, reach, signedOffset } from './skb-offsets.ts';
import type { SkbFact, SkbOffsets } from './skb-offsets.ts';
import type { ProbeSpec } from './spec.ts';
import { fetchField, registerType, tracefsArguments } from './tracefs-arguments.ts';
import type { FieldAccess, ReadableArgument } from './field-access.ts';
import { fieldsOf, headerCondition, ownCondition, ownPlaces, ownSockCondition } from './tracefs-filter.ts';

/**
 * Bytes that are fetched before skb->data, and how many 64-bit words in all. A header that lies behind skb->data
 * (a function of the transport layer) is reached by an offset that no fetch argument can add, so what may
 * hold it is fetched: up to 60 bytes of IPv4 header and 18 before them, and a link header that skb->data stands at.
 */
export const BEFORE = { data: 18, network: 78, mac: 78 } as const;
export const WORDS = { data: 16, network: 26, mac: 26 } as const;

/**
 * `p` kprobe, `r` kretprobe; `f`, `fr` an fprobe where the kernel has those, else a kprobe; `e` an event on a
 * tracepoint, by the fields of its format; `t` one on what it is passed.
 */
type EventLetter = 'p' | 'r' | 'f' | 'fr' | 'e' | 't';

/** One point as an event of tracefs. */
export interface TracefsEvent {
  readonly point: ProgramPoint;
  readonly letter: EventLetter;
  /** What it is put on: `ip_rcv_core`, `nf_tables:nft_do_chain`, `skb.kfree_skb`. */
  readonly place: string;
  /** What points to the sk_buff, in the script; null without one. */
  readonly skb: string | null;
  /** Fetch arguments seen from the sk_buff `$1`. */
  readonly packet: readonly string[];
  /** Fetch arguments of this point alone. */
  readonly more: readonly string[];
  /** Event filter: what is recorded, and what is our own connection's. */
  readonly wanted: string | null;
  readonly own: string | null;
  /** For each of `ProbeProgram.fields` its fetch argument and those that must not be 0; null: the point has no such value. */
  readonly fields: readonly ({ readonly name: string; readonly guards: readonly string[] } | null)[];
}

const SKB_FACTS: readonly SkbFact[] = [
  ...(['head', 'data', 'len', 'dlen', 'mlen', 'prot', 'mach', 'neth', 'trah', 'ptyp', 'ipsm'] as const),
  ...(['mark', 'hash', 'dev', 'ifi', 'dtyp', 'dhhl', 'net', 'nsi', 'name'] as const),
];
const SOCK_FACTS: readonly SkbFact[] = ['sk', 'snum', 'sdpo'];

interface EventSource {
  readonly spec: ProbeSpec;
  readonly offsets: SkbOffsets;
  readonly connection: SshConnection | null;
}

/** What an event is made from, point by point. */
interface EventPlan {
  readonly point: ResolvedPoint;
  readonly told: ProgramPoint;
  /** Ways to its values, in the order of `names`; null where it has no such argument. */
  readonly fields: readonly (FieldAccess | null)[];
  readonly names: readonly string[];
  /** A condition more, over the fetch arguments; null for none. */
  readonly where: string | null;
}

const SK_BUFF = /^(?:const\s+)?struct\s+sk_buff\s*\*$/;
const SOCK = /^(?:const\s+)?struct\s+sock\s*\*$/;

/** A point as the records of this engine have it: what returns tells its result and whose packet it was. */
export function tracefsPoint(point: ResolvedPoint): ProgramPoint {
  const { name, kind, edge } = point;
  const passed = tracefsArguments(point);
  const reason = passed.some(isReason);
  const packet = edge === 'entry' && passed.some(({ type }) => SK_BUFF.test(type));
  return {
    name,
    kind,
    edge,
    captures: packet ? 'packet' : 'arguments',
    // Where a packet is dropped, data may stand behind headers that were taken off already.
    pointer: expectationOf(name)?.pointer ?? (reason ? 'network' : 'data'),
    parameters: packet || edge === 'return' ? [] : passed.map((one) => one.name),
    ...(reason ? { reason: true } : {}),
    ...(passed.some((one) => isLocation(point, one)) ? { caller: true } : {}),
  };
}

/** Arguments by the names that fields and filters use: `skb` is the sk_buff, whatever the function calls it. */
export function nameableArguments(point: ResolvedPoint): readonly ReadableArgument[] {
  if (point.edge === 'return') return [];
  const passed = tracefsArguments(point);
  const alias = (name: string, pattern: RegExp): readonly ReadableArgument[] => {
    const found = passed.find(({ type }) => pattern.test(type));
    return found === undefined || passed.some((one) => one.name === name) ? [] : [{ ...found, name }];
  };
  return [...passed, ...alias('skb', SK_BUFF), ...alias('sk', SOCK)];
}

/** One point as an event. Throws `engine-unfit`, `field-unknown`, `function-without-sk_buff`. */
export function tracefsEvent(source: EventSource, plan: EventPlan): TracefsEvent {
  const { spec, connection, offsets } = source;
  const { point, told } = plan;
  const passed = tracefsArguments(point);
  const skb = passed.find(({ type }) => SK_BUFF.test(type)) ?? null;
  if (skb === null && spec.filter !== 'none')
    throw new Fail('function-without-sk_buff', { function: told.name, filter: spec.filter });
  if (told.edge === 'return' && spec.filter !== 'none')
    throw unfit(`${told.name} returns when the header that the filter ${spec.filter} tests may be gone`);
  const guards = new Map<string, string>();
  const picked = plan.fields.map((access, i) => {
    if (access === null) return null;
    const fetched = fetchField(plan.names[i] ?? '', access);
    const names = fetched.guards.map((text) => {
      const known = guards.get(text) ?? `g${guards.size}`;
      guards.set(text, known);
      return known;
    });
    return { name: `f${i}`, guards: names, text: fetched.text };
  });
  const reason = passed.find(isReason);
  const location = passed.find((one) => isLocation(point, one));
  const more = [
    ...[...guards].map(([text, guard]) => `${guard}=${text}`),
    ...picked.flatMap((field) => (field === null ? [] : [`${field.name}=${field.text}`])),
    ...resultOf(point),
    ...(reason === undefined ? [] : [`why=${reason.expression}:u32`]),
    ...(location === undefined ? [] : [`loc=${location.expression}:symbol`]),
  ];
  const common = {
    point: told,
    letter: letterOf(point),
    place: placeText(point),
    fields: picked.map((field) => field && { name: field.name, guards: field.guards }),
  };
  if (skb !== null) {
    const { packet, wanted, own } = packetArguments(source, told);
    const both = [wanted, plan.where].filter((condition) => condition !== null);
    return {
      ...common,
      skb: skb.expression,
      packet,
      more,
      wanted: both.length < 2 ? (both[0] ?? null) : both.map((condition) => `(${condition})`).join(' && '),
      own,
    };
  }
  const sock = connection === null ? undefined : passed.find(({ type }) => SOCK.test(type));
  const taken = told.edge === 'return' ? [] : passed;
  return {
    ...common,
    skb: null,
    packet: [],
    more: [
      ...taken.map((one, i) => `a${i}=${one.expression}:${registerType(one.type)}`),
      ...(sock === undefined ? [] : sockFacts(offsets, sock.expression)),
      ...more,
    ],
    wanted: plan.where,
    own: sock === undefined || connection === null ? null : ownSockCondition(connection),
  };
}

function unfit(message: string): Fail {
  return new Fail('engine-unfit', { engine: 'tracefs', message });
}

function isReason({ type }: ReadableArgument): boolean {
  return /^enum skb_drop_reason$/.test(type);
}

/** Where the caller stands, in skb:kfree_skb. */
function isLocation({ kind }: ResolvedPoint, { name, type }: ReadableArgument): boolean {
  return kind === 'tracepoint' && name === 'location' && type.endsWith('*');
}

/** What is fetched of a packet, and the conditions on it; each fetch argument once. */
function packetArguments(
  { spec, offsets, connection }: EventSource,
  told: ProgramPoint,
): Pick<TracefsEvent, 'packet' | 'wanted' | 'own'> {
  const { skb } = offsets;
  const expectation = expectationOf(told.name);
  const { pointer } = told;
  const data = reach(skb.data, '$1');
  // Where the header lies behind skb->data, how far is known on arrival only.
  const wanted = pointer === 'data' ? headerCondition(spec.filter, layerOf(spec, expectation)) : null;
  const own =
    connection === null
      ? []
      : [
          ...ownPlaces(expectation, connection).map((at) => ownCondition(connection, at)),
          ownSockCondition(connection),
        ].filter((one) => one !== null);
  const fact = (name: SkbFact): string => `${name}=${fetchText(skb[name], '$1')}`;
  const window = `w=${signedOffset(-BEFORE[pointer])}(${data}):x64[${WORDS[pointer]}]`;
  return {
    packet: [
      ...new Set([
        'skb=$1:x64',
        ...(told.edge === 'entry' ? [...SKB_FACTS.map(fact), window] : []),
        ...[wanted ?? '', ...own].flatMap((condition) => fieldsOf(condition, data)),
        ...(own.length > 0 ? SOCK_FACTS.map(fact) : []),
      ]),
    ],
    wanted,
    own: own.join(' || ') || null,
  };
}

/** The layer that the filter tests for: as in bpftrace-program.ts. */
export function layerOf(
  spec: Pick<ProbeSpec, 'expect'>,
  expectation: FunctionExpectation | null,
): Expectation | null {
  if (spec.expect === 'default' || spec.expect === 'auto') return expectation?.layer ?? null;
  return spec.expect === 'ethernet' ? null : spec.expect;
}

function letterOf({ kind, edge, group }: ResolvedPoint): EventLetter {
  switch (kind) {
    case 'tracepoint':
      return 'e';
    case 'rawtracepoint':
      return 't';
    case 'kprobe':
      return edge === 'return' ? 'r' : 'p';
    case 'function':
      // The name of an fprobe event says no module: the first function of that name would be taken.
      if (group !== null && group !== 'vmlinux') return edge === 'return' ? 'r' : 'p';
      return edge === 'return' ? 'fr' : 'f';
    default:
      return assertNever(kind);
  }
}

function placeText(point: ResolvedPoint): string {
  if (point.kind === 'tracepoint') return `${point.group}.${point.symbol}`;
  return point.group === null || point.group === 'vmlinux' ? point.symbol : `${point.group}:${point.symbol}`;
}

function resultOf(point: ResolvedPoint): readonly string[] {
  if (point.edge !== 'return' || point.signature?.returns === 'void') return [];
  return [`ret=\\$retval:${registerType(point.signature?.returns ?? '')}`];
}

function sockFacts({ sock }: SkbOffsets, base: string): readonly string[] {
  return [`sk=${base}:x64`, `snum=${fetchText(sock.snum, base)}`, `sdpo=${fetchText(sock.sdpo, base)}`];
}
