import { alignLayouts, diffComposites, diffFunctions } from '../../../shared/btf/diff.ts';
import type { FunctionDifference } from '../../../shared/btf/diff.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import type { Layout, LayoutMember } from '../../../shared/btf/layout.ts';
import type {
  ChangeKind,
  KernelDifference,
  PlacedMember,
  StructChange,
  StructComparison,
  TypePlace,
} from '../../../shared/contract/structs.ts';
import type { KernelStructs } from './kernel-structs.ts';

/** A kernel as it is compared: KernelTypes is one. */
interface Kernel {
  readonly modules: readonly ModuleBtf[];
  readonly structs: KernelStructs;
}

/** Differences that are told; the rest are counted. */
const MOST = 20_000;

/**
 * The modules of two kernels that can be compared: all, unless one is a file with the kernel proper alone, since
 * then modules would only seem to be missing.
 */
export function comparable(
  before: readonly ModuleBtf[],
  after: readonly ModuleBtf[],
): readonly [readonly ModuleBtf[], readonly ModuleBtf[]] {
  if (before.length > 1 && after.length > 1) return [before, after];
  const proper = ({ module }: ModuleBtf): boolean => module === 'vmlinux';
  return [before.filter(proper), after.filter(proper)];
}

/** What changed between all functions of two kernels. */
export function diffKernelFunctions(before: Kernel, after: Kernel): KernelDifference<FunctionDifference> {
  const [old, young] = comparable(before.modules, after.modules);
  return summary(old, young, diffFunctions(old, young));
}

/** What changed between the structs and unions of two kernels proper. */
export function diffKernelStructs(before: Kernel, after: Kernel): KernelDifference<StructChange> {
  const [old] = before.modules;
  const [young] = after.modules;
  if (old === undefined || young === undefined) return summary([], [], []);
  const changes = diffComposites(old.btf, young.btf).map(
    ({ kind, name, keyword, sizeBefore, sizeAfter, members }) => ({
      kind,
      name,
      keyword,
      sizeBefore,
      sizeAfter,
      members: members.length,
    }),
  );
  return summary([old], [young], changes);
}

/** Two structs side by side, of two kernels or of one. Throws `struct-unknown`. */
export function compareStructs(
  before: { readonly types: Kernel; readonly place: TypePlace },
  after: { readonly types: Kernel; readonly place: TypePlace },
): StructComparison {
  const was = before.types.structs.layout(before.place);
  const is = after.types.structs.layout(after.place);
  return {
    before: headOf(was, before.place),
    after: headOf(is, after.place),
    members: alignLayouts(was, is).map(({ path, before: old, after: young, changes }) => ({
      path,
      before: placed(old),
      after: placed(young),
      changes,
    })),
  };
}

function headOf({ name, kind, size }: Layout, { module, type }: TypePlace): StructComparison['before'] {
  return { module, type, name, kind, size };
}

function placed(member: LayoutMember | null): PlacedMember | null {
  if (member === null) return null;
  const { type, bitOffset, bits, bitfield } = member;
  return { type, bitOffset, bits, bitfield };
}

function summary<T extends { readonly kind: ChangeKind }>(
  before: readonly ModuleBtf[],
  after: readonly ModuleBtf[],
  changes: readonly T[],
): KernelDifference<T> {
  const totals = { added: 0, removed: 0, changed: 0 };
  for (const { kind } of changes) totals[kind]++;
  const modules = new Set([...before, ...after].map(({ module }) => module)).size;
  return { modules, totals, first: changes.slice(0, MOST) };
}
