import type { Expectation } from '../packet/verdict-kinds.ts';

/** A type that a C path leads to, as far as comparing needs it. */
export interface PathType {
  /** `unsigned int`, `char[16]`: as C writes it. */
  readonly type: string;
  /** `number` also for pointers, enums and bitfields; `text` for arrays of char; `other` cannot be compared. */
  readonly kind: 'number' | 'text' | 'other';
  readonly signed: boolean;
  readonly bits: number;
}

/** One end of one place of a probe, in the order of `EventRecord.point`. */
export interface FilterPoint {
  /** `ip_rcv_core`, `tracepoint:skb:kfree_skb`. */
  readonly name: string;
  readonly edge: 'entry' | 'return';
  readonly captures: 'packet' | 'arguments';
  /** What its bytes are judged against (expectedLayer() of shared/probe/record-verdict.ts). */
  readonly expect: Expectation;
  /** What the expected header is reached by. */
  readonly pointer: 'data' | 'network' | 'mac';
  /** It runs before ip_send_check(): see FunctionExpectation. */
  readonly output: boolean;
  /** A return whose records pass when those of its entry did: of a function with an sk_buff, which then may be gone. */
  readonly follows?: true;
  /** Names of its arguments (fields of a tracepoint) with their C types; values of a record of arguments are in this order. */
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
}

/** What a name of a filter may mean. */
export interface FilterNames {
  readonly points: readonly FilterPoint[];
  /** Names of `EventRecord.values`, in their order: C paths that are captured whatever the filter needs. */
  readonly fields: readonly string[];
  /**
   * The type behind a C path (`skb->dev->mtu`, `args->reason`) from the point's arguments on; null where there is
   * none; undefined where that cannot be told (no BTF at hand): the path is then taken for a signed number.
   */
  readonly pathType?: (path: string, point: FilterPoint) => PathType | null | undefined;
  /** enum skb_drop_reason of the target without `SKB_DROP_REASON_`: `IP_INHDR` -> 10. Null where it is not known. */
  readonly reasons?: ReadonlyMap<string, number> | null;
}

/** How the bpftrace engine writes what a condition looks at. */
export interface BpftraceLanguage {
  readonly engine: 'bpftrace';
  /**
   * C text of an argument at a point: `$s` for the sk_buff, `args->net`, `((struct net *)arg1)`; null where the
   * point has no such argument. Called with the first name of a C path, which is one of `parameters`.
   */
  readonly argument: (name: string, point: FilterPoint) => string | null;
  /** C text of what a return point returns, sign extended: `retval`. Without it `ret` is decided on arrival. */
  readonly returned?: (point: FilterPoint) => string | null;
}

/** How the tracefs engine names the fetched arguments of its event. */
export interface TracefsLanguage {
  readonly engine: 'tracefs';
  /**
   * The fetch argument that holds a field of the record (`skb.len`, `skb.dev.name`, `skb.protocol`, or a C path);
   * null where none does. `swapped`: 16-bit network order in a little-endian number, as skb->protocol is.
   */
  readonly fetched: (
    name: string,
    point: FilterPoint,
  ) => { readonly name: string; readonly kind: 'number' | 'text'; readonly swapped?: boolean } | null;
}

export type FilterLanguage = BpftraceLanguage | TracefsLanguage;
