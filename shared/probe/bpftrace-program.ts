import type { SshConnection } from '../contract/api.ts';
import { Fail } from '../contract/failure.ts';
import type { FunctionExpectation } from './expects.ts';
import { expectationOf } from './expects.ts';
import { ownPacketCondition, ownSocketCondition } from './own-traffic.ts';
import type { ProbeProgram } from './program.ts';
import { skbParameter, sockParameter } from './signature.ts';
import type { Signature } from './signature.ts';
import type { FilterName, ProbeSpec } from './spec.ts';

/** The captured window: 16 words of 8 bytes, from 18 bytes before the expected header (an Ethernet header and a tag) on. */
export const WINDOW_BEFORE = 18;
export const WINDOW_WORDS = 16;
const WINDOW_BYTES = WINDOW_WORDS * 8;

/** Seconds after which the kernel side ends by itself, whatever else goes wrong. */
const LAST_RESORT_SECONDS = 4 * 3600;

/** Quiet, without warnings, each line sent when it is whole; the program comes over stdin. */
export const BPFTRACE_COMMAND = 'bpftrace -q --no-warnings -B line /dev/stdin';

/**
 * Writes the bpftrace program for `spec`. One text for bpftrace 0.17 to 0.27: `kfunc:` (an alias of
 * fentry since 0.20; `fentry:` aborts 0.17), `args->x`, no struct printing (0.17 and 0.23 misprint
 * bitfields), no JSON (it cannot carry bytes); packet bytes as 64-bit words, byte-swapped so that hex
 * digits stand in memory order (the target is little-endian).
 *
 * Lines, tab separated, TAG as given (see bpftrace-stream.ts for the parser):
 *
 *     TAG B                                          attached
 *     TAG P seq cpu nsecs pid …state… words dev comm  a packet (seq counts per CPU, so that gaps show)
 *     TAG T seen own matched sent limited             totals, every second and at the end
 *
 * Throws `function-without-sk_buff` when a filter has nothing to look at.
 */
export function writeBpftraceProgram(
  spec: ProbeSpec,
  signature: Signature,
  connection: SshConnection | null,
  tag: string,
): ProbeProgram {
  const skb = skbParameter(signature);
  if (skb === null && spec.filter !== 'none')
    throw new Fail('function-without-sk_buff', { function: spec.function, filter: spec.filter });
  const pointer = expectationOf(spec.function)?.pointer ?? 'data';
  const parameters = signature.parameters.filter(
    (parameter) => parameter.name !== '' && isScalar(parameter.type),
  );
  const body =
    skb === null
      ? argumentsBody(
          signature,
          parameters.map((parameter) => parameter.name),
          tag,
          spec,
          connection,
        )
      : packetBody(skb, pointer, spec, connection, tag);
  // bpftrace refuses a map that nothing assigns: a function without packets has no @own.
  const maps = ['@seen', '@own', '@matched', '@limited'].filter((map) => body.includes(`${map} = count()`));
  const totals = maps.map((map) => `print(${map});`).join(' ');
  const script = `BEGIN { @second = (uint64)0; printf("${tag}\\tB\\n"); }

kfunc:${signature.module}:${signature.name}
{
${body}
}

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
  clear(@second); clear(@ticks); clear(@seq);
}
`;
  return {
    engine: 'bpftrace',
    command: BPFTRACE_COMMAND,
    script,
    tag,
    points: [
      {
        name: spec.function,
        kind: 'function',
        edge: 'entry',
        captures: skb === null ? 'arguments' : 'packet',
        pointer,
        parameters: parameters.map((parameter) => parameter.name),
      },
    ],
    fields: [],
  };
}

/**
 * The kernel-side test of a filter on `$p`, the expected header, or null for none.
 * `bad-ip-header` is the kernel's own test at the head of ip_rcv_core (net/ipv4/ip_input.c): `ihl < 5 ||
 * version != 4`. `misfit` also takes what passes that test and still is no IP header at this place:
 * an EtherType at 12 followed by an IP version nibble (a destination MAC may begin with 0x45), lengths that do
 * not fit.
 */
export function filterCondition(
  filter: FilterName,
  layer: FunctionExpectation['layer'] | null,
): string | null {
  const badIpv4 = '((*$p >> 4) != 4 || (*$p & 15) < 5)';
  const badIpv6 = '((*$p >> 4) != 6)';
  const badEither = '(((*$p >> 4) != 4 || (*$p & 15) < 5) && (*$p >> 4) != 6)';
  const bad = layer === 'ipv6' ? badIpv6 : layer === 'ip' || layer === 'auto' ? badEither : badIpv4;
  switch (filter) {
    case 'none':
      return null;
    case 'bad-ip-header':
      return bad;
    case 'misfit': {
      const frame = [
        '(*(uint16 *)($p + 12) == 0x8 && (*($p + 14) >> 4) == 4)',
        '(*(uint16 *)($p + 12) == 0xdd86 && (*($p + 14) >> 4) == 6)',
        '*(uint16 *)($p + 12) == 0x81',
        '*(uint16 *)($p + 12) == 0xa888',
      ];
      const length =
        layer === 'ipv6' ? [] : ['(bswap(*(uint16 *)($p + 2)) > $n || bswap(*(uint16 *)($p + 2)) < 20)'];
      return `(${[bad, ...frame, ...length].join(' || ')})`;
    }
  }
}

function packetBody(
  skb: string,
  pointer: FunctionExpectation['pointer'],
  spec: ProbeSpec,
  connection: SshConnection | null,
  tag: string,
): string {
  const layer =
    spec.expect === 'default' || spec.expect === 'auto'
      ? (expectationOf(spec.function)?.layer ?? null)
      : null;
  const expected = layer ?? (spec.expect === 'ipv6' || spec.expect === 'ip' ? spec.expect : null);
  const at = {
    data: '$s->data',
    network: '$s->head + $s->network_header',
    mac: '$s->head + $s->mac_header',
  }[pointer];
  const filter = filterCondition(spec.filter, expected);
  const numbers: readonly (readonly [format: string, expression: string])[] = [
    ['%llu', '@seq[cpu]'],
    ['%d', 'cpu'],
    ['%llu', 'nsecs'],
    ['%d', 'pid'],
    ['%lld', '(int64)((uint64)$s->data - (uint64)$s->head)'],
    ['%lld', '(int64)((uint64)$p - (uint64)$s->data)'],
    ['%u', '$s->len'],
    ['%u', '$s->data_len'],
    ['%u', '$s->mac_len'],
    ['%u', '$s->protocol'],
    ['%u', '$s->mac_header'],
    ['%u', '$s->network_header'],
    ['%u', '$s->pkt_type'],
    ['%d', '$d->ifindex'],
    ['%u', '$d->type'],
    ['%u', '$d->hard_header_len'],
    ['%u', '$d->nd_net.net->ns.inum'],
  ];
  const words = Array.from({ length: WINDOW_WORDS }, (_, i) => `bswap(*(uint64 *)($w + ${8 * i}))`);
  const send = `@seq[cpu]++;
  printf("${tag}\\tP${numbers.map(([format]) => `\\t${format}`).join('')}\\t${'%016llx'.repeat(WINDOW_WORDS)}\\t%s\\t%s\\n",
    ${numbers.map(([, expression]) => expression).join(', ')},
    ${words.join(',\n    ')},
    $d->name, comm);`;
  const limited = rateLimited(send, spec.perSecond);
  const matched = `@matched = count();\n${limited}`;
  const filtered = filter === null ? matched : `if (${filter}) {\n${indent(matched)}\n}`;
  const seen = `@seen = count();\n${filtered}`;
  return indent(`$s = (struct sk_buff *)args->${skb};
$d = $s->dev;
$p = ${at};
$w = $p - ${WINDOW_BEFORE};
$n = $s->len;
${withoutOwn(ownPackets(spec, connection), seen)}`);
}

function argumentsBody(
  signature: Signature,
  names: readonly string[],
  tag: string,
  spec: ProbeSpec,
  connection: SshConnection | null,
): string {
  const words = names.slice(0, 12).map((name) => `(uint64)args->${name}`);
  const send = `@seq[cpu]++;
printf("${tag}\\tA\\t%llu\\t%d\\t%llu\\t%d\\t${'%016llx'.repeat(words.length)}\\t%s\\n",
  ${['@seq[cpu]', 'cpu', 'nsecs', 'pid', ...words, 'comm'].join(', ')});`;
  const seen = `@seen = count();\n@matched = count();\n${rateLimited(send, spec.perSecond)}`;
  const sock = sockParameter(signature);
  if (connection === null || sock === null) return indent(seen);
  const own = `$k = (struct sock *)args->${sock};\nif (${ownSocketCondition(connection)}) { $own = 1; }`;
  return indent(withoutOwn([own], seen));
}

/**
 * Statements that set `$own`. The IP header is where the function expects it; behind the Ethernet
 * header where that is expected; and in a function whose expectation is not known, at every place
 * where it may be.
 */
function ownPackets(spec: ProbeSpec, connection: SshConnection | null): readonly string[] {
  const condition = connection === null ? null : ownPacketCondition(connection);
  if (connection === null || condition === null) return [];
  const expectation = expectationOf(spec.function);
  const places =
    expectation === null || expectation.layer === 'auto'
      ? ['$s->head + $s->network_header', '$s->data', '$s->data + 14']
      : [expectation.layer === 'ethernet' ? '$p + 14' : '$p'];
  const socket = `$k = $s->sk;\nif (${ownSocketCondition(connection)}) { $own = 1; }`;
  return [...places.map((place) => `$i = ${place};\nif (${condition}) { $own = 1; }`), socket];
}

function withoutOwn(own: readonly string[], body: string): string {
  if (own.length === 0) return body;
  return `$own = 0;\n${own.join('\n')}\nif ($own) {\n  @own = count();\n} else {\n${indent(body)}\n}`;
}

/** At most `perSecond` records a second leave the kernel; what is held back is counted. */
function rateLimited(send: string, perSecond: number): string {
  return `if (@second < ${perSecond}) {
  @second++;
${indent(send)}
} else {
  @limited = count();
}`;
}

/** Bytes of packet in a window of which `inside` lie in the linear part, see `clipWindow`. */
export interface ClippedWindow {
  /** Where the first kept byte lies, relative to the expected header. */
  readonly window: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Which of the captured bytes belong to the sk_buff: from `head` (nothing lies before it) to the end
 * of its linear part. `headroom` is data - head, `offset` the expected header's place relative to
 * data, `linear` is len - data_len.
 */
export function clipWindow(headroom: number, offset: number, linear: number): ClippedWindow {
  const before = Math.max(0, Math.min(WINDOW_BEFORE, headroom + offset));
  const after = Math.max(0, Math.min(WINDOW_BYTES - WINDOW_BEFORE, linear - offset));
  return { window: 0 - before, from: WINDOW_BEFORE - before, to: WINDOW_BEFORE + after };
}

/** Struct and union values have no cast to a number; everything else fits a register. */
function isScalar(type: string): boolean {
  return type.includes('*') || !/^(?:const\s+)?(?:struct|union)\s/.test(type);
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
