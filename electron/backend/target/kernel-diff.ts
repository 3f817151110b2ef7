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

/** What can be compared of two kernels. */
export interface Comparable {
  readonly before: readonly ModuleBtf[];
  readonly after: readonly ModuleBtf[];
  /** Modules that are loaded on one side alone: their functions are neither new nor gone. */
  readonly leftOut: readonly string[];
}

/** The kernel proper and the modules that both have, the kernel proper first. */
export function comparable(before: readonly ModuleBtf[], after: readonly ModuleBtf[]): Comparable {
  const [old, young] = [before, after].map((side) => new Set(side.map(({ module }) => module)));
  const both = ({ module }: ModuleBtf): boolean => old?.has(module) === true && young?.has(module) === true;
  const alone = [...before, ...after].filter((one) => !both(one)).map(({ module }) => module);
  return { before: before.filter(both), after: after.filter(both), leftOut: alone.sort() };
}

/** What changed between all functions of two kernels. */
export function diffKernelFunctions(before: Kernel, after: Kernel): KernelDifference<FunctionDifference> {
  const sides = comparable(before.modules, after.modules);
  return summary(sides, diffFunctions(sides.before, sides.after));
}

/** What changed between the structs and unions of two kernels proper. */
export function diffKernelStructs(before: Kernel, after: Kernel): KernelDifference<StructChange> {
  const { before: olds, after: youngs } = comparable(before.modules.slice(0, 1), after.modules.slice(0, 1));
  const [old, young] = [olds[0], youngs[0]];
  const sides = { before: olds, after: youngs, leftOut: [] };
  if (old === undefined || young === undefined) return summary(sides, []);
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
  return summary(sides, changes);
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
  { before, leftOut }: Comparable,
  changes: readonly T[],
): KernelDifference<T> {
  const totals = { added: 0, removed: 0, changed: 0 };
  for (const { kind } of changes) totals[kind]++;
  return { modules: before.length, leftOut, totals, first: changes.slice(0, MOST) };
}
