import type { FieldAccess, ReadableArgument } from './field-access.ts';
import { Fail } from '../contract/failure.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import { signedOffset } from './skb-offsets.ts';

/** How a value is fetched, and which pointers on the way must not be NULL: behind one, the kernel writes nothing. */
interface Fetched {
  /** `+12(+16($a1)):u32`, with `$a1` for the first argument of a function. */
  readonly text: string;
  /** Fetch arguments of the pointers, the first first. */
  readonly guards: readonly string[];
}

/** Arguments of one point that a kprobe event can be asked for by number. */
const MAX_ARGUMENTS = 12;
/** Tracepoints pass these as `void *` (include/trace/events/skb.h, net.h, sock.h, tcp.h). */
const UNTYPED: Readonly<Record<string, string>> = {
  skbaddr: 'struct sk_buff *',
  skaddr: 'struct sock *',
  rx_sk: 'struct sock *',
};

/**
 * What an event can fetch at a point. `expression` stands in the script between double quotes: `$a1` is a variable of
 * it, `\$name` a field of a tracepoint. A struct by value moves what follows it to where only the compiler knows.
 */
export function tracefsArguments(point: ResolvedPoint): readonly ReadableArgument[] {
  if (point.kind === 'tracepoint')
    return point.tracepointFields
      .filter(({ type, size }) => !type.includes('[') && [1, 2, 4, 8].includes(size))
      .map(({ name, type }) => ({ name, type: UNTYPED[name] ?? type, expression: `\\$${name}` }));
  const found: ReadableArgument[] = [];
  for (const [i, { name, type }] of (point.signature?.parameters ?? []).slice(0, MAX_ARGUMENTS).entries()) {
    if (!type.includes('*') && /^(?:const\s+)?(?:struct|union)\s/.test(type)) break;
    found.push({ name: name || `arg${i}`, type, expression: `$a${i + 1}` });
  }
  return found;
}

/** Throws `field-unknown` for a signed bitfield: the kernel fetches bits without a sign. */
export function fetchField(field: string, { argument, type }: FieldAccess): Fetched {
  const { expression } = argument;
  if (type.loads === null) return { text: `${expression}:${registerType(argument.type)}`, guards: [] };
  const guards: string[] = [];
  let address = expression;
  for (const offset of type.loads.slice(0, -1)) {
    address = `${signedOffset(offset)}(${address})`;
    guards.push(`${address}:x64`);
  }
  return { text: `${signedOffset(type.loads.at(-1) ?? 0)}(${address}):${valueType(field, type)}`, guards };
}

function valueType(field: string, { kind, signed, bits, firstBit }: FieldAccess['type']): string {
  if (kind === 'pointer') return 'x64';
  if (firstBit === undefined) return `${signed ? 's' : 'u'}${bits}`;
  if (signed)
    throw new Fail('field-unknown', {
      field,
      message: 'it is a signed bitfield, which tracefs does not read',
    });
  const container = [8, 16, 32, 64].find((size) => firstBit + bits <= size) ?? 64;
  return `b${bits}@${firstBit}/${container}`;
}

const WIDTHS: readonly (readonly [RegExp, string])[] = [
  [/^(?:unsigned char|_?_?u8|uint8_t|bool|_Bool)$/, 'u8'],
  [/^(?:char|signed char|s8|__s8|int8_t)$/, 's8'],
  [/^(?:unsigned short|short unsigned int|_?_?u16|uint16_t|__be16|__le16|__sum16)$/, 'u16'],
  [/^(?:short|short int|s16|__s16|int16_t)$/, 's16'],
  [/^(?:unsigned int|unsigned|_?_?u32|uint32_t|__be32|__le32|__wsum|gfp_t)$/, 'u32'],
  [/^(?:int|s32|__s32|int32_t|pid_t|enum \w+|netdev_tx_t|rx_handler_result_t)$/, 's32'],
];

/** The width and sign at which a register is read for a C type: the upper half of one that holds an int is anything. */
export function registerType(type: string): string {
  const bare = type.replace(/\b(?:const|volatile)\b/g, '').trim();
  return WIDTHS.find(([pattern]) => pattern.test(bare))?.[1] ?? 's64';
}
