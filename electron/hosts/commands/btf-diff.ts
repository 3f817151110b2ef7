import { stat } from 'node:fs/promises';
import { diffComposites, diffFunctions } from '../../../shared/btf/diff.ts';
import type { CompositeDifference, FunctionDifference, MemberDifference } from '../../../shared/btf/diff.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import type { LayoutMember } from '../../../shared/btf/layout.ts';
import { findComposites } from '../../../shared/btf/path.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { BackendDeps } from '../../backend/index.ts';
import { comparable } from '../../backend/target/kernel-diff.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { readBtfFiles } from './btf-file.ts';
import { openLocalClient } from './client.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

const SIGN = { added: '+', removed: '-', changed: '~' } as const;

/**
 * `skblens btf diff A B`: what changed from one kernel to another. A and B are BTF files or hosts; a file of that
 * name is preferred. Modules that only one side has are left out and named. Structs are those of
 * the kernel proper.
 */
export async function btfCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  const [verb, first, second, ...more] = line.positionals;
  if (verb !== 'diff' || first === undefined || second === undefined || more.length > 0)
    throw usage('btf takes: diff A B, each a BTF file or a HOST');
  const before = await openSide(first, line, output, deps, signal);
  const after = await openSide(second, line, output, deps, signal);
  const { before: old, after: young, leftOut } = comparable(before, after);
  if (leftOut.length > 0) output.note(`modules of one side alone are left out: ${leftOut.join(', ')}`);
  const functions = line.struct === null ? diffFunctions(old, young) : [];
  for (const one of functions) tellFunction(one, output);
  const structs = compareStructs(old, young, line.struct, `${first} and of ${second}`);
  for (const one of structs) tellStruct(one, output);
  output.text(
    `${line.struct === null ? `functions: ${count(functions)}; ` : ''}structs and unions: ${count(structs)}`,
  );
  return 0;
}

async function openSide(
  name: string,
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<readonly ModuleBtf[]> {
  const isFile = await stat(name).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile || name.includes('/')) return (await readBtfFiles([name])).modules;
  const client = openLocalClient(line, output, deps, signal);
  try {
    const { session } = await client.backend.connect({ host: name });
    return (await client.types(session)).modules;
  } finally {
    await client.close();
  }
}

/** Throws `struct-unknown` if `only` is in neither. */
function compareStructs(
  before: readonly ModuleBtf[],
  after: readonly ModuleBtf[],
  only: string | null,
  origin: string,
): CompositeDifference[] {
  const [old, young] = [before[0]?.btf, after[0]?.btf];
  if (old === undefined || young === undefined) return [];
  if (only === null) return diffComposites(old, young);
  const name = only.trim().replace(/^(?:struct|union)\s+/, '');
  if ([old, young].every((btf) => findComposites(btf, name).length === 0))
    throw new Fail('struct-unknown', { name, origin });
  return diffComposites(old, young).filter((one) => one.name === name);
}

function tellFunction({ kind, name, module, before, after }: FunctionDifference, output: Output): void {
  output.line({ type: 'function', change: kind, name, module, before, after });
  const where = module === 'vmlinux' ? '' : `${module}: `;
  output.text(`${SIGN[kind]} ${where}${printable(before ?? after ?? name)}`);
  if (before !== null && after !== null) output.text(`  ${where}${printable(after)}`);
}

function tellStruct(one: CompositeDifference, output: Output): void {
  const { kind, name, keyword, sizeBefore, sizeAfter, members } = one;
  output.line({
    type: 'struct',
    change: kind,
    name,
    keyword,
    sizeBefore,
    sizeAfter,
    members: members.map(({ path, changes, before, after }) => ({
      path,
      changes,
      before: placeOf(before),
      after: placeOf(after),
    })),
  });
  const sizes = [...new Set([sizeBefore, sizeAfter])].filter((size) => size !== null).join(' -> ');
  output.text(printable(`${SIGN[kind]} ${keyword} ${name}: ${sizes} bytes`));
  for (const member of members) output.text(printable(memberText(member)));
}

function placeOf(member: LayoutMember | null): Readonly<Record<string, unknown>> | null {
  if (member === null) return null;
  const { byteOffset, bitOffset, bits, type } = member;
  return { byteOffset, bitOffset, bits, type };
}

function memberText({ path, before, after, changes }: MemberDifference): string {
  if (before === null || after === null) {
    const member = before ?? after;
    return `    ${before === null ? '+' : '-'} ${path}: ${member === null ? '' : `${member.type} at ${offset(member)}`}`;
  }
  const parts = changes.map((change) =>
    change === 'moved'
      ? `at ${offset(before)} -> ${offset(after)}`
      : change === 'resized'
        ? `${before.bits} -> ${after.bits} bits`
        : `${before.type} -> ${after.type}`,
  );
  return `    ~ ${path}: ${parts.join(', ')}`;
}

/** Bytes, with the bits beyond them. */
function offset({ bitOffset }: LayoutMember): string {
  return bitOffset % 8 === 0 ? `${bitOffset / 8}` : `${Math.floor(bitOffset / 8)}:${bitOffset % 8}`;
}

function count(differences: readonly { readonly kind: keyof typeof SIGN }[]): string {
  return (['added', 'removed', 'changed'] as const)
    .map((wanted) => `${differences.filter(({ kind }) => kind === wanted).length} ${wanted}`)
    .join(', ');
}
