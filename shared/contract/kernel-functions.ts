import type { Attachability } from '../btf/attach/attachability.ts';
import type { GlueKind } from '../btf/glue.ts';

/** What many functions have in common, told once. */
export interface FunctionMark {
  readonly attachable: Attachability['answer'];
  readonly reason: string;
  /** BPF programs may call it (declaration tag bpf_kfunc). */
  readonly callable: boolean;
  readonly glue: GlueKind | null;
  /** No trampoline can be put on it, but a kprobe can. */
  readonly useKprobe: boolean;
}

/**
 * All functions of a target, column by column: entry n is `names[n]`. Those that BTF describes come first, in order of
 * name, then those that ftrace lists without BTF knowing them (mark reason NO_BTF). Numbers of entries are good as
 * long as the session.
 */
export interface FunctionTable {
  readonly names: readonly string[];
  readonly modules: readonly string[];
  /** Index into `modules`. */
  readonly moduleOf: readonly number[];
  readonly marks: readonly FunctionMark[];
  /** Index into `marks`. */
  readonly markOf: readonly number[];
}

export interface FunctionMatches {
  /** How many match, of which `entries` are the best. */
  readonly total: number;
  readonly entries: readonly number[];
  /** No name holds the words: these only spell them, letter by letter. */
  readonly spelt: boolean;
}

/** Whether one end of a function can be probed one way. */
export interface AttachAnswer {
  /** `bpftrace`: a BTF trampoline. `tracefs`: a kprobe, which bpftrace can put too. */
  readonly engine: 'bpftrace' | 'tracefs';
  readonly edge: 'entry' | 'return';
  readonly answer: 'yes' | 'no' | 'ambiguous' | 'unknown';
  /** Reason code (shared/btf/attach), '' for a plain yes. */
  readonly reason: string;
  readonly sentence: string;
}

/** Functions that take or return a struct that this one takes. */
export interface FellowFunctions {
  readonly struct: string;
  readonly how: 'takes' | 'returns';
  /** The nearest by name first; at most 60 of `total`. */
  readonly entries: readonly number[];
  readonly total: number;
}

export interface FunctionDetails {
  readonly name: string;
  readonly module: string;
  /** '' when BTF does not describe it. */
  readonly signature: string;
  readonly returns: string;
  readonly parameters: readonly { readonly type: string; readonly name: string }[];
  readonly mark: FunctionMark;
  readonly attach: readonly AttachAnswer[];
  /** Codes of shared/btf/attach AttachWarning. */
  readonly warnings: readonly string[];
  /** Symbols of this name in its module; null where the target hides them. */
  readonly symbols: number | null;
  /** What the compiler made of it beside: `ip_rcv.isra.0`. */
  readonly clones: readonly string[];
}
