import { execFileSync } from 'node:child_process';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { layoutOf } from '../../../shared/btf/layout.ts';
import type { Layout, LayoutMember } from '../../../shared/btf/layout.ts';

/**
 * One member as pahole prints it, and as we lay it out: name, first bit from the start of the struct, width
 * in bits.
 */
interface Row {
  readonly name: string;
  readonly bitOffset: number;
  readonly bits: number;
}

interface PaholeStruct {
  readonly kind: string;
  readonly name: string;
  readonly rows: readonly Row[];
  readonly size: number;
}

/** All named structs of a BTF file as pahole's text has them. */
function paholeStructs(file: string): PaholeStruct[] {
  const text = execFileSync('pahole', ['-F', 'btf', file], {
    maxBuffer: 1 << 30,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const structs: PaholeStruct[] = [];
  let current: { kind: string; name: string; rows: Row[]; size: number } | null = null;
  for (const line of text.split('\n')) {
    const head = /^(struct|union) (\w+) \{$/.exec(line);
    if (head !== null) {
      current = { kind: head[1] ?? '', name: head[2] ?? '', rows: [], size: -1 };
      continue;
    }
    if (current === null) continue;
    const size = /^\t\/\* size: (\d+)/.exec(line);
    if (size !== null) current.size = Number(size[1]);
    if (line.startsWith('}')) {
      structs.push(current);
      current = null;
      continue;
    }
    const member = /^\t.*?;\s*\/\*\s+(\d+)(?::\s*(\d+))?\s+(\d+)\s*\*\/$/.exec(line);
    if (member === null) continue;
    const [, byte, bit, bytes] = member;
    const declared = line
      .slice(0, line.lastIndexOf('/*'))
      .replace(/__attribute__\(\(.*\)\)/, '')
      .trim();
    const width = /:(\d+)\s*;$/.exec(declared)?.[1];
    current.rows.push({
      name: memberName(declared),
      bitOffset: Number(byte) * 8 + Number(bit ?? 0),
      bits: width === undefined ? Number(bytes) * 8 : Number(width),
    });
  }
  return structs;
}

/** The declared name in pahole's C text of one member; '' for the closing line of an unnamed struct. */
function memberName(declaration: string): string {
  const pointer = /\(\*+(?:\s*const\b)?\s*(\w+)(?:\[\d*\])*\)/.exec(declaration);
  if (pointer !== null) return pointer[1] ?? '';
  const plain = /([\w]+)\s*(?:\[[^\]]*\]\s*)*(?::\d+)?\s*;$/.exec(declaration);
  return plain?.[1] ?? '';
}

/**
 * Our layout in the order of pahole's lines: a body's members first, then the line that closes it. An unnamed
 * member of a named struct (-fms-extensions) is one line to pahole, `struct NAME;`.
 */
function rowsOf(layout: Layout): Row[] {
  const rows: Row[] = [];
  const visit = (members: readonly LayoutMember[]): void => {
    for (const member of members) {
      const tag = member.name === '' ? /^(?:struct|union) (\w+)$/.exec(member.type)?.[1] : undefined;
      if (tag === undefined) visit(member.members);
      rows.push({ name: tag ?? member.name, bitOffset: member.bitOffset, bits: member.bits });
    }
  };
  visit(layout.members);
  return rows;
}

/** The first line on which two layouts differ; null when they agree. */
function firstDifference(theirs: readonly Row[], ours: readonly Row[]): string | null {
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    const expected = JSON.stringify(theirs[i]);
    const actual = JSON.stringify(ours[i]);
    if (expected !== actual) return `pahole ${expected}, ours ${actual}`;
  }
  return null;
}

/**
 * pahole 1.24 prints the body of an unnamed struct behind a pointer among the members, with offsets of its
 * own.
 */
function pointsAtUnnamed(layout: Layout): boolean {
  return layout.members.some((member) => member.body === null && /\{\.\.\.\} [(*]/.test(member.type));
}

/**
 * Compares every named struct of `btf`, read from `file`, with pahole's text; `leftOut` are those whose text
 * pahole gets wrong.
 */
export function paholeDifferences(
  btf: Btf,
  file: string,
): { structs: number; rows: number; leftOut: number; wrong: string[] } {
  const ids = new Map<string, number[]>();
  for (let id = 1; id < btf.typeCount; id++) {
    const kind = btf.kind(id);
    if (kind !== 'struct' && kind !== 'union') continue;
    const key = `${kind} ${btf.name(id)}`;
    ids.set(key, [...(ids.get(key) ?? []), id]);
  }
  const wrong: string[] = [];
  let rows = 0;
  let structs = 0;
  let leftOut = 0;
  for (const theirs of paholeStructs(file)) {
    const layouts = (ids.get(`${theirs.kind} ${theirs.name}`) ?? []).map((id) => layoutOf(btf, id));
    if (layouts.some(pointsAtUnnamed)) {
      leftOut++;
      continue;
    }
    structs++;
    rows += theirs.rows.length;
    const apart = layouts.map((layout) => firstDifference(theirs.rows, rowsOf(layout)));
    if (!apart.includes(null)) wrong.push(`${theirs.name}: ${apart[0] ?? 'not found'}`);
  }
  return { structs, rows, leftOut, wrong };
}
