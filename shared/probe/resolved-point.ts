import type { PointKind } from './point.ts';
import type { Signature } from './signature.ts';

/** A field of a tracepoint, as its format file tells it (shared/probe/tracepoint-format.ts). */
export interface TracepointField {
  readonly name: string;
  /** C type without the name: `void *`, `unsigned short`, `char[16]`, `__data_loc char[]`. */
  readonly type: string;
  /** Bytes from the start of the entry. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
}

/**
 * One end of one place that a probe is attached to: patterns are resolved, ambiguities settled, and it is known
 * to exist on the target. Both engines write their programs from these; `ProbeProgram.points` has the same order.
 */
export interface ResolvedPoint {
  /** As the user would write it: `ip_rcv_core`, `nf_tables:nft_do_chain`, `tracepoint:skb:kfree_skb`. */
  readonly name: string;
  /**
   * How it is attached. `function`: a BTF trampoline (in tracefs: a kprobe or fprobe event on a function that BTF
   * describes). `kprobe`: a breakpoint, also where the user asked for a function that takes no trampoline.
   */
  readonly kind: PointKind;
  /** The module of a function (`vmlinux`: the kernel proper), the category of a tracepoint; null for a raw tracepoint. */
  readonly group: string | null;
  /** The bare name: what kprobes take, the last part of a tracepoint. */
  readonly symbol: string;
  readonly edge: 'entry' | 'return';
  /** BTF's prototype of the function, or of what a raw tracepoint passes; null where BTF has none. */
  readonly signature: Signature | null;
  /** Of a tracepoint, without the common_ fields; [] for everything else. */
  readonly tracepointFields: readonly TracepointField[];
}
