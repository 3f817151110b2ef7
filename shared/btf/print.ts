import { cachelinesOf, usualCacheline } from './cachelines.ts';
import { declaration, prototype, typeText } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { gapsIn, gapsOf } from './gaps.ts';
import type { Gap } from './gaps.ts';
import { layoutOf } from './layout.ts';
import type { Layout, LayoutMember, LayoutOptions } from './layout.ts';

export interface PrintOptions extends LayoutOptions {
  /** Bytes of a cacheline; null prints no boundaries. */
  readonly cacheline?: number | null;
}

/**
 * Any type as C text. Structs and unions carry offset and size in bytes behind each member (`offset:bit` and
 * a width in bits for a bitfield), holes, cacheline boundaries and totals. Throws BtfError as layoutOf and
 * declaration do; E_BUDGET above the node budget.
 */
export function printType(btf: Btf, id: number, options: PrintOptions = {}): string {
  const type = btf.type(id);
  switch (type.kind) {
    case 'struct':
    case 'union':
      return printLayout(
        btf,
        layoutOf(btf, id, options),
        options.cacheline === undefined ? usualCacheline : options.cacheline,
      );
    case 'enum':
    case 'enum64': {
      if (type.values.length > btf.limits.nodes) {
        throw new BtfError(
          'E_BUDGET',
          `Enum ${id} has ${type.values.length} values, the limit is ${btf.limits.nodes}`,
          {
            typeId: id,
          },
        );
      }
      const values = type.values.map(
        (value) => `${indent}${shownName(value.name)} = ${String(value.value)},\n`,
      );
      const head = type.name === '' ? 'enum' : `enum ${shownName(type.name)}`;
      return `${head} {\n${values.join('')}}; /* size: ${type.size}${type.signed ? ', signed' : ''} */\n`;
    }
    case 'typedef':
      return `typedef ${declaration(btf, type.typeId, type.name)};\n`;
    case 'func':
      return `${prototype(btf, id)};\n`;
    case 'var':
      return `${declaration(btf, type.typeId, type.name)};\n`;
    default:
      return `${typeText(btf, id)};\n`;
  }
}

const indent = '    ';
const commentColumn = 56;

function printLayout(btf: Btf, layout: Layout, cacheline: number | null): string {
  const lines: string[] = [];
  const boundaries = { next: cacheline ?? Infinity, every: cacheline ?? Infinity };
  lines.push(layout.name === '' ? `${layout.kind} {` : `${layout.kind} ${layout.name} {`);
  const outer = { path: '', bitOffset: 0, bits: layout.size * 8, members: layout.members };
  printMembers(btf, outer, layout.kind, 1, boundaries, lines);
  lines.push('');
  lines.push(`${indent}/* ${totals(layout, cacheline)} */`);
  lines.push('};');
  return `${lines.join('\n')}\n`;
}

interface Body {
  readonly path: string;
  readonly bitOffset: number;
  readonly bits: number;
  readonly members: readonly LayoutMember[];
}

function printMembers(
  btf: Btf,
  body: Body,
  kind: 'struct' | 'union',
  depth: number,
  boundaries: { next: number; readonly every: number },
  lines: string[],
): void {
  const gaps = new Map<LayoutMember | null, Gap>();
  if (kind === 'struct') for (const gap of gapsIn(body)) gaps.set(gap.after, gap);
  const before = gaps.get(null);
  if (before !== undefined) lines.push(gapLine(before, depth));
  for (const member of body.members) {
    if (member.byteOffset >= boundaries.next) {
      const line = Math.floor(member.byteOffset / boundaries.every);
      lines.push(`${indent.repeat(depth)}/* --- cacheline ${line} (byte ${line * boundaries.every}) --- */`);
      boundaries.next = (line + 1) * boundaries.every;
    }
    const declared = declaration(btf, member.typeId, member.name);
    if (member.body === null) {
      const width = member.bitfield ? `:${member.bits}` : '';
      lines.push(commented(`${indent.repeat(depth)}${declared}${width};`, member));
    } else {
      const [head = '', ...tail] = declared.split('{...}');
      if (tail.length === 0) {
        lines.push(`${indent.repeat(depth)}${typeText(btf, member.typeId)} {`);
      } else {
        lines.push(`${indent.repeat(depth)}${head}{`);
      }
      printMembers(btf, { ...member, bits: member.bodyBits }, member.body, depth + 1, boundaries, lines);
      const name = tail.length === 0 ? (member.name === '' ? '' : ` ${member.name}`) : tail.join('{...}');
      lines.push(commented(`${indent.repeat(depth)}}${name};`, member));
    }
    const gap = gaps.get(member);
    if (gap !== undefined) lines.push(gapLine(gap, depth));
  }
}

function commented(text: string, member: LayoutMember): string {
  const place = member.bitfield
    ? `${String(member.byteOffset)}:${String(member.bitOffset % 8)}`.padStart(6)
    : String(member.byteOffset).padStart(6);
  const size = member.bitfield
    ? `${member.bits} bit${member.bits === 1 ? '' : 's'}`
    : String(member.bits / 8);
  return `${text.padEnd(commentColumn)} /* ${place}  ${size.padStart(6)} */`;
}

function gapLine(gap: Gap, depth: number): string {
  return `${indent.repeat(depth)}/* ${gap.kind}: ${amount(gap.bits)} */`;
}

/** `3 bytes`, `1 byte, 5 bits`. */
function amount(bits: number): string {
  const parts: string[] = [];
  const bytes = Math.floor(bits / 8);
  const rest = bits % 8;
  if (bytes > 0) parts.push(`${bytes} byte${bytes === 1 ? '' : 's'}`);
  if (rest > 0) parts.push(`${rest} bit${rest === 1 ? '' : 's'}`);
  return parts.join(', ');
}

function totals(layout: Layout, cacheline: number | null): string {
  const parts = [`size: ${layout.size}`];
  if (cacheline !== null) parts.push(`cachelines of ${cacheline}: ${cachelinesOf(layout, cacheline)}`);
  parts.push(`members: ${layout.members.length}`);
  const gaps = gapsOf(layout);
  const holes = gaps.filter((gap) => gap.kind === 'hole');
  if (holes.length > 0) {
    parts.push(`holes: ${holes.length}, together ${amount(holes.reduce((sum, gap) => sum + gap.bits, 0))}`);
  }
  return parts.join(', ');
}
