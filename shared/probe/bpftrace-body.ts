import type { SshConnection } from '../contract/ssh-session.ts';
import { asNumber } from './bpftrace-arguments.ts';
import type { PointArguments } from './bpftrace-arguments.ts';
import { expectationOf } from './expects.ts';
import type { FunctionExpectation } from './expects.ts';
import type { FieldAccess } from './field-access.ts';
import { ownPacketCondition, ownSocketCondition } from './own-traffic.ts';
import { WINDOW_BEFORE, WINDOW_WORDS } from './packet-window.ts';
import type { ResolvedPoint } from './resolved-point.ts';

/** 64-bit words of a P line before the fields, and of an A line before the arguments: bpftrace-stream.ts reads them. */
export const PACKET_STATE_WORDS = 10;
export const ARGUMENT_STATE_WORDS = 5;
/** Arguments that an A line carries at most: what the window of a record holds, and some room. */
export const MAX_ARGUMENTS = 12;
/** A field that a point does not have, as its word: no kernel value that anyone looks for. */
export const NO_FIELD_WORD = '(uint64)0x8000000000000000';
/** Frames of a stack; BPF's own are asked for beside and dropped on arrival. */
const STACK_FRAMES = 16;

/** One end of a point, with everything that its part of the program is made from. */
export interface PointBody {
  readonly index: number;
  readonly point: ResolvedPoint;
  readonly arguments: PointArguments;
  readonly captures: 'packet' | 'arguments';
  readonly pointer: FunctionExpectation['pointer'];
  /** Conditions that all must hold, in bpftrace's language. */
  readonly conditions: readonly string[];
  readonly fields: readonly (FieldAccess | null)[];
  /** Indexes of the points that are the returns of this one: its calls are remembered for them. */
  readonly returns: readonly number[];
  /** The return of a function with an sk_buff: its entry remembers the call. */
  readonly remembered: boolean;
  /** It only remembers calls for its return, and sends nothing itself. */
  readonly silent: boolean;
}

export interface BodyContext {
  readonly tag: string;
  readonly connection: SshConnection | null;
  readonly perSecond: number;
  readonly stack: boolean;
}

/**
 * The statements of one point. Records leave as one line of 64-bit hexadecimal words, whose parts stand at the same
 * bits in every record: the 512 bytes of BPF stack hold a packet and 14 fields that way, and reading them costs
 * no search.
 */
export function pointBody(body: PointBody, context: BodyContext): string {
  if (body.remembered) return returnBody(body, context);
  const { skb, sock } = body.arguments;
  const set =
    skb === null
      ? []
      : [
          `$s = ${skb.expression.startsWith('((') ? skb.expression : `(struct sk_buff *)${skb.expression}`};`,
          '$d = $s->dev;',
          `$p = ${POINTERS[body.pointer]};`,
          `$w = $p - ${WINDOW_BEFORE};`,
          '$n = $s->len;',
        ];
  const own =
    skb !== null
      ? ownPackets(body.point, context.connection)
      : sock !== null && context.connection !== null
        ? [
            `$k = (struct sock *)${sock.expression};`,
            `if (${ownSocketCondition(context.connection)}) { $own = 1; }`,
          ]
        : [];
  return indent([...set, withoutOwn(own, counted(body, context))].join('\n'));
}

const POINTERS: Readonly<Record<FunctionExpectation['pointer'], string>> = {
  data: '$s->data',
  network: '$s->head + $s->network_header',
  mac: '$s->head + $s->mac_header',
};

function counted(body: PointBody, context: BodyContext): string {
  const remember = body.returns.map((index) => `@in[tid, ${index}] = (uint64)$s;`);
  const send = body.captures === 'packet' ? packetLine(body, context) : argumentsLine(body, '0', context);
  const matched = body.silent
    ? remember.join('\n')
    : ['@matched = count();', ...remember, rateLimited(send, context)].join('\n');
  const conditions = body.conditions.map((one) => (body.conditions.length > 1 ? `(${one})` : one));
  const filtered =
    conditions.length === 0 ? matched : `if (${conditions.join(' && ')}) {\n${indent(matched)}\n}`;
  return body.silent ? filtered : `@seen = count();\n${filtered}`;
}

/**
 * The return of a function that had an sk_buff: only of the calls that its entry let through. The packet is told by
 * address; its bytes are not read, since the function may have freed it.
 */
function returnBody(body: PointBody, context: BodyContext): string {
  const send = argumentsLine(body, '$q', context);
  return indent(`$q = @in[tid, ${body.index}];
if ($q != 0) {
  delete(@in[tid, ${body.index}]);
  @seen = count();
  @matched = count();
${indent(rateLimited(send, context))}
}`);
}

function packetLine(body: PointBody, context: BodyContext): string {
  const reason = body.arguments.reason?.expression ?? null;
  const words = [
    ...identity(body),
    '(uint64)$s',
    `${PID} | (uint64)$s->len`,
    `(uint64)$s->data_len << 32 | ${low32('(uint64)$s->data - (uint64)$s->head')}`,
    `${low32('(uint64)$p - (uint64)$s->data')} << 32 | ${low32('(uint64)$d->ifindex')}`,
    '(uint64)$s->mac_len << 48 | (uint64)$s->protocol << 32 | (uint64)$s->mac_header << 16 | (uint64)$s->network_header',
    '(uint64)$s->transport_header << 48 | (uint64)$s->pkt_type << 40 | (uint64)$s->ip_summed << 32 | (uint64)$d->type << 16 | (uint64)$d->hard_header_len',
    '(uint64)$d->nd_net.net->ns.inum << 32 | (uint64)$s->mark',
    `(uint64)$s->hash << 32 | ${reason === null ? '0' : low32(`(uint64)${reason}`)}`,
    ...body.fields.map(fieldWord),
    ...Array.from({ length: WINDOW_WORDS }, (_, i) => `bswap(*(uint64 *)($w + ${8 * i}))`),
  ];
  return line(body, context, 'P', words, ['$d->name']);
}

function argumentsLine(body: PointBody, skb: string, context: BodyContext): string {
  const { all, reason } = body.arguments;
  const { edge, kind, signature } = body.point;
  const returns = signature?.returns ?? 'unsigned long';
  const words = [
    ...identity(body),
    `${PID} | ${reason === null ? '0' : low32(`(uint64)${reason.expression}`)}`,
    `(uint64)${skb}`,
    edge === 'entry' || returns === 'void' || kind === 'tracepoint'
      ? '(uint64)0'
      : asNumber(returns, 'retval'),
    ...all.slice(0, MAX_ARGUMENTS).map(({ expression }) => `(uint64)${expression}`),
    ...body.fields.map(fieldWord),
  ];
  return line(body, context, 'A', words, []);
}

const PID = '(uint64)(uint32)pid << 32';

function identity({ index }: PointBody): readonly string[] {
  return [`(uint64)@seq[cpu] << 32 | (uint64)cpu << 16 | ${index}`, 'nsecs'];
}

/** A 32-bit part of a word; what is negative keeps its bits. */
function low32(expression: string): string {
  return `((${expression}) & 0xffffffff)`;
}

/** An element of an array of char is text to bpftrace, so it is loaded from where BTF says that it lies. */
function fieldWord(field: FieldAccess | null): string {
  if (field === null) return NO_FIELD_WORD;
  const { argument, rest, type } = field;
  if (/\[\d+\]$/.test(rest) && type.loads !== null && type.bits === 8) {
    const [value = 0, ...pointers] = [...type.loads].reverse();
    const address = pointers
      .reverse()
      .reduce((at, offset) => `*(uint64 *)(${at} + ${offset})`, `(uint64)${argument.expression}`);
    return `(int64)*(${type.signed ? 'int8' : 'uint8'} *)(${address} + ${value})`;
  }
  return `(${type.kind === 'integer' && type.signed ? 'int64' : 'uint64'})${argument.expression}${rest}`;
}

function line(
  body: PointBody,
  { tag, stack }: BodyContext,
  kind: 'P' | 'A',
  words: readonly string[],
  names: readonly string[],
): string {
  const location = body.arguments.location?.expression ?? null;
  const texts = [...names, ...(location === null ? [] : [`ksym(${location})`]), 'comm'];
  const end = stack ? `\\n${tag}\\tS%s\\n${tag}\\ts\\n` : '\\n';
  const all = [...words, ...texts, ...(stack ? [`kstack(${STACK_FRAMES + 2})`] : [])];
  return `@seq[cpu]++;
printf("${tag}\\t${kind}${'%016llx'.repeat(words.length)}${'\\t%s'.repeat(texts.length)}${end}",
  ${all.join(',\n  ')});`;
}

/**
 * Statements that set `$own`. The IP header is where the function expects it; behind the Ethernet
 * header where that is expected; and in a function whose expectation is not known, at every place
 * where it may be.
 */
function ownPackets(point: ResolvedPoint, connection: SshConnection | null): readonly string[] {
  const condition = connection === null ? null : ownPacketCondition(connection);
  if (connection === null || condition === null) return [];
  const expectation = expectationOf(point.name);
  const places =
    expectation?.layer === 'ethernet'
      ? ['$p + 14']
      : /^ip/.test(expectation?.layer ?? '')
        ? ['$p']
        : ['$s->head + $s->network_header', '$s->data', '$s->data + 14'];
  const socket = `$k = $s->sk;\nif (${ownSocketCondition(connection)}) { $own = 1; }`;
  return [...places.map((place) => `$i = ${place};\nif (${condition}) { $own = 1; }`), socket];
}

function withoutOwn(own: readonly string[], body: string): string {
  if (own.length === 0) return body;
  return `$own = 0;\n${own.join('\n')}\nif ($own) {\n  @own = count();\n} else {\n${indent(body)}\n}`;
}

/** At most `perSecond` records a second leave the kernel; what is held back is counted. */
function rateLimited(send: string, { perSecond }: BodyContext): string {
  return `if (@second < ${perSecond}) {
  @second++;
${indent(send)}
} else {
  @limited = count();
}`;
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
