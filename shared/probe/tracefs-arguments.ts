import { Fail } from '../contract/failure.ts';
import type { Btf } from '../btf/decoder.ts';
import { BtfError } from '../btf/failure.ts';
import { resolvePath } from '../btf/path.ts';
import type { ResolvedPoint } from './resolved-point.ts';
import { fetchText, placeOf } from './skb-offsets.ts';

/** How a value is fetched, and which pointers on the way must not be NULL: behind one, the kernel writes nothing. */
export interface Fetched {
  /** `+12(+16($a1)):u32`, with `$a1` for the first argument of a function. */
  readonly text: string;
  /** Fetch arguments of the pointers, the first first. */
  readonly guards: readonly string[];
}

/** The shell variable that holds `$arg1` (or `%di`) for the first argument; a tracepoint's field by its name. */
export function argumentText(point: ResolvedPoint, index: number): string {
  if (point.kind === 'tracepoint') return `\\$${point.tracepointFields[index]?.name ?? ''}`;
  return `$a${index + 1}`;
}

/** Names and C types of what a point passes. */
export function parametersOf(
  point: ResolvedPoint,
): readonly { readonly name: string; readonly type: string }[] {
  return point.kind === 'tracepoint' ? point.tracepointFields : (point.signature?.parameters ?? []);
}

/** Arguments of one point that a kprobe event can be asked for by number. */
export const MAX_ARGUMENTS = 12;

/**
 * `skb->dev->mtu` at a point: the argument's place among the parameters, then the way that BTF tells. Null where
 * the point has no such argument. Throws `field-invalid` for a way that does not exist, or a value that is no number.
 */
export function fetchField(path: string, point: ResolvedPoint, btfs: readonly Btf[]): Fetched | null {
  const [, root = '', rest = ''] = /^(?:args(?:->|\.))?([A-Za-z_]\w*)(.*)$/.exec(path) ?? [];
  const parameters = parametersOf(point);
  const index = parameters.findIndex(({ name }) => name === root);
  const parameter = parameters[index];
  if (parameter === undefined || index >= MAX_ARGUMENTS) return null;
  const base = argumentText(point, index);
  if (rest === '') return { text: `${base}:${registerType(parameter.type)}`, guards: [] };
  const invalid = (message: string): Fail =>
    new Fail('field-invalid', { field: path, function: point.name, message });
  const pointed = /^(?:const\s+)?(?:struct|union)\s+(\w+)\s*\*$/.exec(parameter.type)?.[1];
  if (pointed === undefined || !rest.startsWith('->')) throw invalid(`${root} is ${parameter.type}`);
  let failure = `BTF has no struct ${pointed}`;
  for (const btf of btfs) {
    try {
      const resolved = resolvePath(btf, `${pointed}.${rest.slice(2)}`);
      const place = placeOf(btf, resolved);
      if (place.type === '') throw invalid(`it is ${resolved.type}, no number`);
      const guards: string[] = [];
      let address = base;
      for (const offset of place.pointers) guards.push(`${(address = `+${offset}(${address})`)}:x64`);
      return { text: fetchText(place, base), guards };
    } catch (error) {
      if (!(error instanceof BtfError)) throw error;
      failure = error.message;
    }
  }
  throw invalid(failure);
}

const WIDTHS: readonly (readonly [RegExp, string])[] = [
  [/^(?:unsigned char|_?_?u8|uint8_t|bool|_Bool)$/, 'u8'],
  [/^(?:char|signed char|s8|__s8|int8_t)$/, 's8'],
  [/^(?:unsigned short|short unsigned int|_?_?u16|uint16_t|__be16|__le16|__sum16)$/, 'u16'],
  [/^(?:short|short int|s16|__s16|int16_t)$/, 's16'],
  [/^(?:unsigned int|unsigned|_?_?u32|uint32_t|__be32|__le32|__wsum|gfp_t|netdev_tx_t|enum \w+)$/, 'u32'],
  [/^(?:int|s32|__s32|int32_t|pid_t|rx_handler_result_t)$/, 's32'],
];

/** The width and sign at which a register is read for a C type: the upper half of one that holds an int is anything. */
export function registerType(type: string): string {
  const bare = type.replace(/\b(?:const|volatile)\b/g, '').trim();
  return WIDTHS.find(([pattern]) => pattern.test(bare))?.[1] ?? 's64';
}
