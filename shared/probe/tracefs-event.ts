import type { Btf } from '../btf/decoder.ts';
import type { SshConnection } from '../contract/api.ts';
import { Fail } from '../contract/failure.ts';
import { expectationOf } from './expects.ts';
import type { FunctionExpectation } from './expects.ts';
import type { ProgramPoint } from './program.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import { skbParameter, sockParameter } from './signature.ts';
import { fetchText, reach, signedOffset } from './skb-offsets.ts';
import type { SkbFact, SkbOffsets } from './skb-offsets.ts';
import type { ProbeSpec } from './spec.ts';
import { argumentText, fetchField, MAX_ARGUMENTS, parametersOf, registerType } from './tracefs-arguments.ts';
import { fieldsOf, headerCondition, ownCondition, ownPlaces, ownSockCondition } from './tracefs-filter.ts';

/**
 * Bytes that are fetched before skb->data, and how many 64-bit words in all. A header that lies behind skb->data
 * (a function of the transport layer) is reached by an offset that no fetch argument can add, so what may
 * hold it is fetched: up to 60 bytes of IPv4 header and 18 before them.
 */
export const BEFORE = { data: 18, network: 78, mac: 78 } as const;
export const WORDS = { data: 16, network: 24, mac: 24 } as const;

/** One point as an event of tracefs. */
export interface TracefsEvent {
  readonly point: ProgramPoint;
  /** `p` kprobe, `r` kretprobe, `e` an event on a tracepoint. */
  readonly letter: 'p' | 'r' | 'e';
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

export interface EventSource {
  readonly spec: ProbeSpec;
  readonly offsets: SkbOffsets;
  readonly btfs: readonly Btf[];
  readonly connection: SshConnection | null;
  /** Names of `EventRecord.values`. */
  readonly fields: readonly string[];
}

/** Throws `engine-unfit`, `field-invalid`, `function-without-sk_buff`. */
export function tracefsEvent(source: EventSource, point: ResolvedPoint): TracefsEvent {
  const { spec, fields: paths } = source;
  const parameters = parametersOf(point);
  const name = skbName(point);
  const at = parameters.findIndex((one) => one.name === name);
  if (name === null && spec.filter !== 'none')
    throw new Fail('function-without-sk_buff', { function: point.name, filter: spec.filter });
  const guards = new Map<string, string>();
  const fields = paths.map((path, i) => {
    const fetched = fetchField(path, point, source.btfs);
    if (fetched === null) return null;
    const names = fetched.guards.map((text) => {
      const known = guards.get(text) ?? `g${guards.size}`;
      guards.set(text, known);
      return known;
    });
    return { name: `f${i}`, guards: names, text: fetched.text };
  });
  const more = [
    ...[...guards].map(([text, guard]) => `${guard}=${text}`),
    ...fields.flatMap((field) => (field === null ? [] : [`${field.name}=${field.text}`])),
    ...resultOf(point),
    ...reasonOf(point),
  ];
  const common = {
    letter: letterOf(point),
    place: placeText(point),
    fields: fields.map((field) => field && { name: field.name, guards: field.guards }),
  };
  const { name: written, kind, edge } = point;
  if (name === null) {
    const taken = parameters
      .map((parameter, index) => ({ ...parameter, index }))
      .filter((parameter) => parameter.name !== '' && isScalar(parameter.type))
      .slice(0, MAX_ARGUMENTS);
    const sock =
      point.signature === null || source.connection === null ? null : sockParameter(point.signature);
    const sockAt = parameters.findIndex((one) => one.name === sock);
    return {
      ...common,
      point: {
        name: written,
        kind,
        edge,
        captures: 'arguments',
        pointer: 'data',
        parameters: taken.map((one) => one.name),
      },
      skb: null,
      packet: [],
      more: [
        ...taken.map((one, i) => `a${i}=${argumentText(point, one.index)}:${registerType(one.type)}`),
        ...(sockAt < 0 ? [] : sockFacts(source.offsets, argumentText(point, sockAt))),
        ...more,
      ],
      wanted: null,
      own: sockAt < 0 || source.connection === null ? null : ownSockCondition(source.connection),
    };
  }
  return {
    ...common,
    point: {
      ...{ name: written, kind, edge, captures: 'packet' },
      pointer: expectationOf(written)?.pointer ?? 'data',
      parameters: [],
    },
    skb: argumentText(point, at),
    ...packetArguments(source, point),
    more,
  };
}

/** What is fetched of a packet, and the conditions on it; each fetch argument once. */
function packetArguments(
  source: EventSource,
  point: ResolvedPoint,
): Pick<TracefsEvent, 'packet' | 'wanted' | 'own'> {
  const { spec, offsets, connection } = source;
  const { skb } = offsets;
  const expectation = expectationOf(point.name);
  const pointer = expectation?.pointer ?? 'data';
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
  return {
    packet: [
      ...new Set([
        'skb=$1:x64',
        ...SKB_FACTS.map(fact),
        `w=${signedOffset(-BEFORE[pointer])}(${data}):x64[${WORDS[pointer]}]`,
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
): FunctionExpectation['layer'] | null {
  if (spec.expect === 'default' || spec.expect === 'auto') return expectation?.layer ?? null;
  return spec.expect === 'ipv6' || spec.expect === 'ip' ? spec.expect : null;
}

function skbName(point: ResolvedPoint): string | null {
  if (point.signature !== null && point.kind !== 'tracepoint') return skbParameter(point.signature);
  return point.tracepointFields.find(({ name, size }) => name === 'skbaddr' && size === 8)?.name ?? null;
}

function letterOf(point: ResolvedPoint): TracefsEvent['letter'] {
  if (point.kind === 'tracepoint') return 'e';
  if (point.kind === 'rawtracepoint')
    throw new Fail('engine-unfit', {
      engine: 'tracefs',
      message: `raw tracepoints (${point.name}) are read by BPF alone`,
    });
  return point.edge === 'return' ? 'r' : 'p';
}

function placeText(point: ResolvedPoint): string {
  if (point.kind === 'tracepoint') return `${point.group}.${point.symbol}`;
  return point.group === null || point.group === 'vmlinux' ? point.symbol : `${point.group}:${point.symbol}`;
}

function resultOf(point: ResolvedPoint): readonly string[] {
  if (letterOf(point) !== 'r' || point.signature?.returns === 'void') return [];
  return [`ret=\\$retval:${registerType(point.signature?.returns ?? '')}`];
}

/** Why a packet was dropped, and by whom: skb:kfree_skb has both. */
function reasonOf(point: ResolvedPoint): readonly string[] {
  if (point.kind !== 'tracepoint') return [];
  const has = (name: string): boolean => point.tracepointFields.some((field) => field.name === name);
  if (!has('skbaddr')) return [];
  return [
    ...(has('reason') ? ['why=\\$reason:u32'] : []),
    ...(has('location') ? ['loc=\\$location:symbol'] : []),
  ];
}

function sockFacts({ sock }: SkbOffsets, base: string): readonly string[] {
  return [`sk=${base}:x64`, `snum=${fetchText(sock.snum, base)}`, `sdpo=${fetchText(sock.sdpo, base)}`];
}

/** Struct and union values fit no register, arrays of a tracepoint no fetch argument. */
function isScalar(type: string): boolean {
  if (type.includes('[')) return false;
  return type.includes('*') || !/^(?:const\s+)?(?:struct|union)\s/.test(type);
}
