import type { SshConnection } from '../contract/ssh-session.ts';
import type { CompiledFilter, FilterPart } from '../filter/compile.ts';
import type { FunctionExpectation } from './expects.ts';
import type { FieldTypes } from './field-access.ts';
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
  /** Its records only tell which of the returns behind it pass the filter; they are not handed on. */
  readonly hidden?: true;
  /** Its records carry a drop reason. */
  readonly reason?: true;
  /** Its records name the place that called (`location` of skb:kfree_skb). */
  readonly caller?: true;
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
  /** Each record comes with its kernel stack. */
  readonly stacks?: boolean;
  /** An edited script that does not leave out this connection's own packets. */
  readonly feedsItself?: boolean;
}

/** What an engine must know of the target to write a program. */
export interface ProgramFacts {
  readonly connection: SshConnection | null;
  /** `uname -m`: which argument is in which register. */
  readonly machine: string;
  readonly tag: string;
  /** What C paths lead to on this kernel. */
  readonly fieldTypes: FieldTypes;
  /** enum skb_drop_reason of this kernel, without its prefix: `IP_INHDR` -> 10; null where it is not known. */
  readonly reasons: ReadonlyMap<string, number> | null;
}

/** A program with the part of its filter that is decided here. */
export interface WrittenProgram {
  readonly program: ProbeProgram;
  /** Null: the kernel decides all of it. */
  readonly arrival: CompiledFilter['arrival'];
  readonly where: readonly FilterPart[];
}
