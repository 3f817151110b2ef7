import type { EventRecord } from '../capture/record.ts';

/** What the output of a program means, as it comes. */
export interface StreamListener {
  attached(): void;
  /** `record` and its bytes are valid until the next call; verdict and headerAt are not set yet. */
  event(record: EventRecord): void;
  /** New texts that records name by number from here on: the first has the number `first`, the next one more. */
  labels(first: number, texts: readonly string[]): void;
  /** Totals since the start, as the kernel side counts them; `last`: of all that it sent, after it has ended. */
  totals(totals: KernelTotals, last?: boolean): void;
  /** The engine's own count of what it could not deliver. */
  lost(count: number): void;
  /** A line that is not ours: a warning or error of the engine, or damage. */
  stray(line: string): void;
}

export interface KernelTotals {
  seen: number;
  own: number;
  matched: number;
  limited: number;
}

/** The parser of an engine's output. */
export interface ProbeStream {
  /** Output as it comes, cut anywhere. */
  push(chunk: Uint8Array): void;
  end(): void;
  /** Records that the kernel side numbered and that never came. */
  readonly gaps: number;
  /** The program has told that it ends: nothing was cut off. */
  readonly ended: boolean;
}
