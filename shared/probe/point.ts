/**
 * Where a probe can be put, as bpftrace names it:
 *
 *     ip_rcv_core                    a function by BTF trampoline (fentry, fexit; `kfunc:` before bpftrace 0.20)
 *     nf_tables:nft_do_chain         one of a module
 *     kprobe:ip_rcv_core             a function by breakpoint: no BTF needed, arguments by register
 *     tracepoint:skb:kfree_skb       a static tracepoint, its fields from its format file
 *     rawtracepoint:kfree_skb        the same without the copied fields
 *
 * A name may be a pattern with `*` and `?`.
 */
export type PointKind = 'function' | 'kprobe' | 'tracepoint' | 'rawtracepoint';

/** Kinds that are listed by themselves: what is no function by trampoline. */
export const LISTED_KINDS = ['tracepoint', 'rawtracepoint', 'kprobe'] as const satisfies readonly PointKind[];
export type ListedKind = (typeof LISTED_KINDS)[number];

export interface PointName {
  readonly kind: PointKind;
  /** The module of a function, the category of a tracepoint; null where none was named. */
  readonly group: string | null;
  readonly name: string;
  /** What the prefix says about entry or return (`fexit:`, `kretprobe:`); null where it says nothing. */
  readonly edge: 'entry' | 'return' | null;
  readonly pattern: boolean;
}

const PREFIXES = {
  fentry: ['function', 'entry'],
  kfunc: ['function', 'entry'],
  fexit: ['function', 'return'],
  kretfunc: ['function', 'return'],
  kprobe: ['kprobe', 'entry'],
  kretprobe: ['kprobe', 'return'],
  tracepoint: ['tracepoint', null],
  rawtracepoint: ['rawtracepoint', null],
} as const;

/** What a probe point may be written as; dots occur in clones (`foo.isra.0`). */
export const POINT_TEXT =
  /^(?:(fentry|kfunc|fexit|kretfunc|kprobe|kretprobe|tracepoint|rawtracepoint):)?(?:([A-Za-z0-9_]+):)?([A-Za-z_*?][A-Za-z0-9_.*?]{0,127})$/;

/** Null if `text` names no point: it does not fit POINT_TEXT, or a tracepoint has no category. */
export function parsePoint(text: string): PointName | null {
  const [, prefix, group = null, name] = POINT_TEXT.exec(text) ?? [];
  if (name === undefined) return null;
  const [kind, edge] =
    prefix === undefined ? (['function', null] as const) : PREFIXES[prefix as keyof typeof PREFIXES];
  if (kind === 'tracepoint' && group === null) return null;
  if ((kind === 'kprobe' || kind === 'rawtracepoint') && group !== null) return null;
  return { kind, group, name, edge, pattern: /[*?]/.test(name) };
}
