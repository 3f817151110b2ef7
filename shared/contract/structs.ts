import type { MemberAtOffset } from '../btf/at-offset.ts';
import type { Body, GapNode } from '../btf/body.ts';
import type { MemberDifference } from '../btf/diff.ts';

/** A type of a kernel: ids count over the kernel proper and, for a module's own types, over that module. */
export interface TypePlace {
  /** `vmlinux`, or the module whose BTF is meant. */
  readonly module: string;
  readonly type: number;
}

/** A struct or union of a kernel with everything in it, in order. */
export type StructBody = TypePlace & Body;

/** An enum, or a name for a type that is neither struct nor union. */
export interface NamedType {
  readonly kind: 'enum' | 'typedef';
  readonly name: string;
  readonly module: string;
  /** Bytes; null for what has none, such as a function. */
  readonly size: number | null;
  /** In C; of an enum without its values. */
  readonly text: string;
  /** Of the enum, or of the one that the typedef is a name for: decimal, as 64 bits are more than a number holds. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
}

/** What lies at a byte of a struct: the innermost members there, or the gap it falls in. */
export interface AtOffset {
  readonly members: readonly MemberAtOffset[];
  readonly gap: GapNode | null;
}

/** A list that is cut: the first of `total`. */
export interface FirstOf<T> {
  readonly total: number;
  readonly first: readonly T[];
}

export interface StructUser {
  readonly kind: 'struct' | 'union';
  readonly name: string;
  readonly module: string;
  /** The members it has to do with the type through, a few of them. */
  readonly members: readonly string[];
}

export interface FunctionUser {
  readonly name: string;
  readonly module: string;
  readonly signature: string;
}

/** Who has to do with a struct, in order of name, the kernel proper first. */
export interface StructUsers {
  readonly embeds: FirstOf<StructUser>;
  readonly pointsTo: FirstOf<StructUser>;
  readonly takes: FirstOf<FunctionUser>;
  readonly returns: FirstOf<FunctionUser>;
}

export type ChangeKind = 'added' | 'removed' | 'changed';

/** What changed from one kernel to another: the first of so many of each kind. */
export interface KernelDifference<T> {
  /** How many were compared: the kernel proper, and the modules that both have. */
  readonly modules: number;
  /** Modules that only one of them has loaded. */
  readonly leftOut: readonly string[];
  readonly totals: Readonly<Record<ChangeKind, number>>;
  readonly first: readonly T[];
}

export interface StructChange {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly keyword: 'struct' | 'union';
  /** Bytes. */
  readonly sizeBefore: number | null;
  readonly sizeAfter: number | null;
  /** How many members differ. */
  readonly members: number;
}

export interface PlacedMember {
  readonly type: string;
  readonly bitOffset: number;
  readonly bits: number;
  readonly bitfield: boolean;
}

/** One member in two layouts side by side; `changes` is empty where it is the same, or only in one. */
export interface MemberChange {
  readonly path: string;
  readonly before: PlacedMember | null;
  readonly after: PlacedMember | null;
  readonly changes: MemberDifference['changes'];
}

/** Two structs side by side, all their members. */
export interface StructComparison {
  readonly before: Omit<StructBody, 'nodes'>;
  readonly after: Omit<StructBody, 'nodes'>;
  readonly members: readonly MemberChange[];
}
