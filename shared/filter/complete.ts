import type { FilterNames } from './context.ts';
import { primitiveWords } from './parse-pcap.ts';
import { FilterError } from './problem.ts';
import { PROTOCOL_NAMES, fieldsOf, protocolFieldNames } from './protocol-fields.ts';
import { recordField, recordFields } from './record-fields.ts';
import { tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

export interface Completion {
  readonly text: string;
  readonly kind: 'argument' | 'record' | 'packet' | 'primitive' | 'value' | 'operator' | 'member';
  /** Type, or struct member of the kernel; '' where neither says anything. */
  readonly type: string;
}

/** What could be written at the cursor: `text.slice(from, to)` is replaced by the one that is taken. */
export interface Completions {
  readonly from: number;
  readonly to: number;
  readonly options: readonly Completion[];
  /** The members behind a pointer or dot, which only the target's BTF knows; null where it is not about those. */
  readonly members: MembersAsked | null;
}

export interface MembersAsked {
  /** C type of the argument that the path begins at. */
  readonly type: string;
  /** The way from there: `->dev`. Each with its joint. */
  readonly steps: readonly string[];
  /** `->` or `.`, in front of what is being written. */
  readonly joint: string;
  readonly prefix: string;
}

/** The most that a list shows. */
const MOST = 60;
const COMPARISON = new Set(['==', '=', '!=', '<', '<=', '>', '>=', 'eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const OPERATORS = ['==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'like', '&', '&&', '||', 'and', 'or'];

/** Names, values or operators that fit at `cursor`, those that begin with what is there already first. */
export function completionsAt(text: string, cursor: number, names: FilterNames): Completions {
  const before = text.slice(0, cursor);
  const written = /[A-Za-z_][\w.>[\]-]*$/.exec(before)?.[0] ?? '';
  const from = cursor - written.length;
  const after = /^[\w]*/.exec(text.slice(cursor))?.[0].length ?? 0;
  const to = cursor + after;
  const members = membersAsked(written, names);
  if (members !== null) return { from: cursor - members.prefix.length, to, options: [], members };
  const tokens = tokensOf(text.slice(0, from));
  if (tokens === null) return { from, to, options: [], members: null };
  const last = tokens.at(-1);
  const options =
    last !== undefined && isOperator(last)
      ? valuesFor(tokens.at(-2), tokens, names)
      : last !== undefined && endsValue(last)
        ? OPERATORS.map((one): Completion => ({ text: one, kind: 'operator', type: '' }))
        : namesFor(names);
  return { from, to, options: fitting(options, written), members: null };
}

/** Members of a struct as completions of what was asked, in the order of the struct. */
export function memberCompletions(
  members: readonly { readonly path: string; readonly type: string }[],
  prefix: string,
): readonly Completion[] {
  const options = members
    .filter(({ path }) => path !== '' && !path.includes('[') && path.split('.').length <= 2)
    .map(({ path, type }): Completion => ({ text: path, kind: 'member', type }));
  return fitting(options, prefix);
}

/** The struct that a C type points to or is: `sk_buff`; null for everything else. */
export function structOf(type: string): string | null {
  return (
    /^(?:const\s+|volatile\s+)*(?:struct|union)\s+(\w+)\s*\**\s*(?:const)?$/.exec(type.trim())?.[1] ?? null
  );
}

function membersAsked(written: string, names: FilterNames): MembersAsked | null {
  const path = written.replace(/^args(?:->|\.)/, '');
  const parts = /^(\w+)((?:(?:->|\.)\w+|\[\d+\])*)(->|\.)(\w*)$/.exec(path);
  if (parts === null) return null;
  const [, root = '', way = '', joint = '', prefix = ''] = parts;
  const parameter = names.points.flatMap((point) => point.parameters).find((one) => one.name === root);
  // `skb.len` is a field of the event, `skb->len` a member of the struct.
  const first = way === '' ? joint : way;
  if (parameter === undefined || first.startsWith('.')) return null;
  return { type: parameter.type, steps: way.match(/(?:->|\.)\w+|\[\d+\]/g) ?? [], joint, prefix };
}

/** Null where the text cannot be read up to there: inside of a string nothing can be proposed. */
function tokensOf(text: string): readonly Token[] | null {
  try {
    return tokenize(text).slice(0, -1);
  } catch (thrown) {
    if (thrown instanceof FilterError) return null;
    throw thrown;
  }
}

function isOperator(token: Token): boolean {
  return (token.kind === 'symbol' || token.kind === 'word') && COMPARISON.has(token.text);
}

function endsValue(token: Token): boolean {
  if (token.kind === 'symbol') return token.text === ')' || token.text === ']' || token.text === '}';
  if (token.kind !== 'word') return token.kind !== 'end';
  const open = ['and', 'or', 'not', 'in', 'contains', 'like', ...primitiveWords()];
  return !open.includes(token.text);
}

/** Words that stand for the values of the field in front of the operator. */
function valuesFor(
  field: Token | undefined,
  tokens: readonly Token[],
  names: FilterNames,
): readonly Completion[] {
  if (field?.kind !== 'word') return [];
  let name = field.text;
  for (let at = tokens.length - 3; at > 0; at -= 2) {
    const [joint, owner] = [tokens[at], tokens[at - 1]];
    if (joint?.kind !== 'symbol' || (joint.text !== '.' && joint.text !== '->') || owner?.kind !== 'word')
      break;
    name = owner.text + joint.text + name;
  }
  const record = recordField(name);
  const values =
    record?.name === 'reason'
      ? [...(names.reasons?.keys() ?? [])]
      : record?.name === 'function'
        ? names.points.map((point) => `"${point.name}"`)
        : Object.keys(record?.constants ?? {});
  return values.map((text) => ({ text, kind: 'value', type: '' }));
}

function namesFor(names: FilterNames): readonly Completion[] {
  const parameters = new Map(
    names.points.flatMap((point) => point.parameters.map(({ name, type }) => [name, type] as const)),
  );
  parameters.delete('');
  const hasPacket = names.points.some((point) => point.captures === 'packet');
  return [
    ...recordFields()
      .filter(({ needs }) => needs === null || hasPacket)
      .map(({ name, type }): Completion => ({
        text: name,
        kind: 'record',
        type: type === 'wide' ? 'number' : type,
      })),
    ...[...parameters].map(([text, type]): Completion => ({ text, kind: 'argument', type })),
    ...(hasPacket
      ? [
          ...primitiveWords().map((text): Completion => ({ text, kind: 'primitive', type: '' })),
          ...Object.keys(PROTOCOL_NAMES).map((text): Completion => ({
            text,
            kind: 'packet',
            type: 'protocol',
          })),
          ...protocolFieldNames().map((text): Completion => {
            const field = fieldsOf(text)[0];
            return { text, kind: 'packet', type: field?.kernel || (field?.type ?? '') };
          }),
        ]
      : []),
  ];
}

/** Those that begin with what is written, then those that have it somewhere; each once. */
function fitting(options: readonly Completion[], written: string): readonly Completion[] {
  const wanted = written.toLowerCase();
  const seen = new Set<string>();
  const once = options.filter(({ text }) => !seen.has(text) && seen.add(text));
  const begins = once.filter(({ text }) => text.toLowerCase().startsWith(wanted));
  const holds = once.filter(({ text }) => {
    const lower = text.toLowerCase();
    return wanted !== '' && !lower.startsWith(wanted) && lower.includes(wanted);
  });
  return [...begins, ...holds].slice(0, MOST);
}
