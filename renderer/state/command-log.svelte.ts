const KEPT = 2000;

export interface RanCommand {
  readonly number: number;
  /** Milliseconds since 1970 at which this page was told. */
  readonly at: number;
  readonly host: string;
  readonly command: string;
  readonly purpose: string;
}

/** Every command that skblens ran on a target, newest last; the oldest beyond 2,000 are dropped and counted. */
export class CommandLog {
  entries = $state.raw<readonly RanCommand[]>([]);
  dropped = $state.raw(0);
  #count = 0;

  add(host: string, command: string, purpose: string): void {
    const entry = { number: ++this.#count, at: Date.now(), host, command, purpose };
    const entries = [...this.entries, entry];
    if (entries.length > KEPT) {
      this.dropped += entries.length - KEPT;
      entries.splice(0, entries.length - KEPT);
    }
    this.entries = entries;
  }
}
