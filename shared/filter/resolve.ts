import type { Span } from './ast.ts';
import type { PathValue } from './bound.ts';
import type { FilterNames, FilterPoint, PathType } from './context.ts';
import { FilterError } from './problem.ts';
import { PROTOCOL_NAMES, fieldsOf, protocolFieldNames } from './protocol-fields.ts';
import type { ProtocolField } from './protocol-fields.ts';
import { recordField, recordFields } from './record-fields.ts';
import type { RecordField } from './record-fields.ts';

/** What a name of a filter means. */
export type Meaning =
  | { readonly kind: 'record'; readonly field: RecordField }
  | { readonly kind: 'packet'; readonly fields: readonly ProtocolField[] }
  | { readonly kind: 'protocol'; readonly layers: readonly string[] }
  | { readonly kind: 'frame' }
  | PathValue;

const SK_BUFF = /^(?:const\s+)?struct\s+sk_buff\s*\*$/;
/** What is captured anyway: these paths from an sk_buff cost no value of their own. */
const CAPTURED = new Set(['len', 'data_len', 'mac_len', 'pkt_type', 'mark', 'hash', 'ip_summed']);
const CAPTURED_OF_DEVICE = new Set(['name', 'ifindex', 'type', 'hard_header_len']);
/** Without BTF a path is taken for what most of them are. */
export const UNKNOWN_TYPE: PathType = { type: 'long', kind: 'number', signed: true, bits: 64 };

/** The meaning of a name at the points of a probe. Throws FilterError where it has none. */
export function resolveName(text: string, span: Span, names: FilterNames): Meaning {
  const record = recordField(text);
  if (record !== null) return { kind: 'record', field: checkedField(record, span, names) };
  const fields = fieldsOf(text);
  if (fields.length > 0) return { kind: 'packet', fields: withPacket(fields, text, span, names) };
  const layers = Object.hasOwn(PROTOCOL_NAMES, text) ? PROTOCOL_NAMES[text] : undefined;
  if (layers !== undefined) return { kind: 'protocol', layers: withPacket(layers, text, span, names) };
  if (text === 'frame') return { kind: 'frame' };
  return resolvePath(text, span, names);
}

/** The parameter of a point by its name, or null. */
export function parameterOf(point: FilterPoint, name: string): FilterPoint['parameters'][number] | null {
  return point.parameters.find((parameter) => parameter.name === name) ?? null;
}

function checkedField(field: RecordField, span: Span, names: FilterNames): RecordField {
  if (field.needs !== null) withPacket(field, field.name, span, names);
  if (field.name === 'ret' && !names.points.some((point) => point.edge === 'return'))
    throw new FilterError(span, 'return-only', { name: field.name });
  if (field.name === 'ret' && !names.points.some(({ edge, follows }) => edge === 'return' && !follows))
    throw new FilterError(span, 'return-follows', { name: field.name });
  return field;
}

function withPacket<T>(value: T, name: string, span: Span, names: FilterNames): T {
  if (!names.points.some((point) => point.captures === 'packet'))
    throw new FilterError(span, 'packet-none', { name });
  return value;
}

function resolvePath(text: string, span: Span, names: FilterNames): Meaning {
  const path = text.replace(/^args(?:->|\.)/, '');
  const root = /^\w+/.exec(path)?.[0] ?? '';
  const point = names.points.find((one) => parameterOf(one, root) !== null);
  if (point === undefined) throw unknownName(text, span, names);
  const pointer = (parameterOf(point, root)?.type ?? '').includes('*');
  if (pointer && path.startsWith(`${root}.`))
    throw new FilterError(span, 'name-arrow', { name: root, better: path.replace('.', '->') });
  const captured = SK_BUFF.test(parameterOf(point, root)?.type ?? '') ? capturedField(path, root) : null;
  if (captured !== null) return { kind: 'record', field: captured };
  const type = path === root ? parameterType(point, root) : names.pathType?.(path, point);
  if (type === null) throw new FilterError(span, 'member-unknown', { path });
  if (type?.kind === 'other') throw new FilterError(span, 'path-not-value', { path, type: type.type });
  return { kind: 'path', path, root, type: type ?? UNKNOWN_TYPE };
}

function capturedField(path: string, root: string): RecordField | null {
  const member = path.slice(root.length + 2);
  if (CAPTURED.has(member)) return recordField(`skb.${member}`);
  const ofDevice = member.startsWith('dev->') ? member.slice(5) : '';
  return CAPTURED_OF_DEVICE.has(ofDevice) ? recordField(`skb.dev.${ofDevice}`) : null;
}

/** An argument as it is passed: in 64 bits; what C calls it tells the sign. */
function parameterType(point: FilterPoint, name: string): PathType {
  const type = parameterOf(point, name)?.type ?? '';
  const unsigned =
    type.includes('*') ||
    /\b(?:unsigned|u8|u16|u32|u64|size_t|bool|__be\d+|__u\d+|__wsum|gfp_t)\b/.test(type);
  return { type, kind: 'number', signed: !unsigned, bits: 64 };
}

/** All names that mean something, for suggestions and completion; arguments first. */
export function knownNames(names: FilterNames): readonly string[] {
  const parameters = new Set(names.points.flatMap((point) => point.parameters.map(({ name }) => name)));
  return [...parameters, ...recordFields().map(({ name }) => name), ...protocolFieldNames()].filter(
    (name) => name !== '',
  );
}

function unknownName(text: string, span: Span, names: FilterNames): FilterError {
  return new FilterError(span, 'name-unknown', { name: text }, similar(text, knownNames(names)));
}

/** The few that are nearest: those that begin alike, or whose last part is the one that was written. */
export function similar(text: string, known: readonly string[]): readonly string[] {
  const last = text.split(/\.|->/).at(-1) ?? text;
  const distance = (name: string): number => {
    let alike = 0;
    while (alike < text.length && name[alike] === text[alike]) alike++;
    const tail = name === last || name.endsWith(`.${last}`) ? 4 : 0;
    return text.length - alike - tail;
  };
  return known
    .map((name) => ({ name, far: distance(name) }))
    .filter(({ far }) => far < text.length - 2 || far < 0)
    .sort((a, b) => a.far - b.far || a.name.length - b.name.length)
    .slice(0, 3)
    .map(({ name }) => name);
}
