import type { FunctionExpectation } from './expects.ts';
import type { PointKind } from './point.ts';

/** One place a program is attached to; `EventRecord.point` is its index in `ProbeProgram.points`. */
export interface ProgramPoint {
  /** As the user would write it: `ip_rcv_core`, `tracepoint:skb:kfree_skb`. The key of the expectations table. */
  readonly name: string;
  readonly kind: PointKind;
  readonly edge: 'entry' | 'return';
  /** What the bytes of its records are. */
  readonly captures: 'packet' | 'arguments';
  /** What the expected header is reached by, where a packet is captured. */
  readonly pointer: FunctionExpectation['pointer'];
  /** Names of the arguments that are captured, in the order of the record. */
  readonly parameters: readonly string[];
}

/** What runs on the target for a probe, whichever engine it is written for; shown before it runs. */
export interface ProbeProgram {
  readonly engine: 'bpftrace' | 'tracefs';
  /** The command that reads `script` from its standard input. */
  readonly command: string;
  readonly script: string;
  /** Marks the lines that are ours; 9 characters that nobody on the target can know. */
  readonly tag: string;
  readonly points: readonly ProgramPoint[];
  /** Names of `EventRecord.values`, in their order. */
  readonly fields: readonly string[];
}
