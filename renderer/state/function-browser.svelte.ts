import type { Backend, FunctionEntry } from '../../shared/contract/api.ts';
import { haystackOf, rank } from './ranker.ts';
import { Task } from './task.svelte.ts';

/** The functions of one target: all of them, those that match, and the one that is looked at. */
export class FunctionBrowser {
  readonly #backend: Backend;
  readonly #session: string;
  readonly all = new Task<readonly FunctionEntry[]>();
  /** Bytes of the listing read so far while it is being made; null when it is not. */
  progress = $state.raw<{ readonly done: number } | null>(null);
  query = $state('');
  chosen = $state.raw<FunctionEntry | null>(null);

  readonly #entries = $derived(this.all.value ?? []);
  readonly #haystack = $derived(haystackOf(this.#entries.map((entry) => entry.name)));
  readonly matches = $derived(rank(this.#haystack, this.query));
  readonly #byName = $derived(new Map(this.#entries.map((entry) => [entry.name, entry])));

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  async load(): Promise<void> {
    if (this.all.state.kind === 'working' || this.all.state.kind === 'done') return;
    await this.all.run(() => this.#backend.functions({ session: this.#session }));
    this.progress = null;
    if (this.chosen) this.chosen = this.named(this.chosen.name) ?? this.chosen;
  }

  /** The entry of a name; before the list is there, one whose signature is not known yet. */
  find(name: string): FunctionEntry {
    const colon = name.indexOf(':');
    return (
      this.named(name) ?? {
        name: name.slice(colon + 1),
        module: colon < 0 ? '' : name.slice(0, colon),
        signature: '',
        attachable: 'unknown',
        reason: '',
      }
    );
  }

  /** The entry at a position of `matches`. */
  at(position: number): FunctionEntry | null {
    const index = this.matches[position];
    return index === undefined ? null : (this.#entries[index] ?? null);
  }

  /** The entry of a bare name or `module:function`; null if the target lists none. */
  named(name: string): FunctionEntry | null {
    return this.#byName.get(name.slice(name.indexOf(':') + 1)) ?? null;
  }

  /** The best `limit` entries for `query`, for the palette. */
  best(query: string, limit: number): readonly FunctionEntry[] {
    const found: FunctionEntry[] = [];
    for (const index of rank(this.#haystack, query).subarray(0, limit)) {
      const entry = this.#entries[index];
      if (entry) found.push(entry);
    }
    return found;
  }
}
