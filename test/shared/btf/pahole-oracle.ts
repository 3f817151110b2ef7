import { execFileSync } from 'node:child_process';
import type { Layout, LayoutMember } from '../../../shared/btf/layout.ts';

/** One member as pahole prints it, and as we lay it out: name, first bit from the start of the struct, width in bits. */
export interface Row {
  readonly name: string;
  readonly bitOffset: number;
  readonly bits: number;
}

export interface PaholeStruct {
  readonly kind: string;
  readonly name: string;
  readonly rows: readonly Row[];
  readonly size: number;
}

/** All named structs of a BTF file as pahole's text has them. */
export function paholeStructs(file: string): PaholeStruct[] {
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
    const declared = line.slice(0, line.lastIndexOf('/*'));
    const width = /:(\d+);\s*$/.exec(declared)?.[1];
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
  const text = declaration.replace(/__attribute__\(\(.*\)\)/, '').trim();
  const pointer = /\(\*+(?:\s*const\b)?\s*(\w+)(?:\[\d*\])*\)/.exec(text);
  if (pointer !== null) return pointer[1] ?? '';
  const plain = /([\w]+)\s*(?:\[[^\]]*\]\s*)*(?::\d+)?\s*;$/.exec(text);
  return plain?.[1] ?? '';
}

/** Our layout in the order of pahole's lines: a body's members first, then the line that closes it. */
export function rowsOf(layout: Layout): Row[] {
  const rows: Row[] = [];
  const visit = (members: readonly LayoutMember[]): void => {
    for (const member of members) {
      visit(member.members);
      rows.push({ name: member.name, bitOffset: member.bitOffset, bits: member.bits });
    }
  };
  visit(layout.members);
  return rows;
}
