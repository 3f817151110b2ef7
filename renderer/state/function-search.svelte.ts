import type { FunctionMatches } from '../../shared/contract/kernel-functions.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';

/** What was found, and for which line: a newer line may be typed already. */
export interface FoundFunctions extends FunctionMatches {
  readonly query: string;
}

/**
 * A search line and what the backend finds for it. One question at a time: what is typed while one is answered is
 * asked together, so that no answer comes late and none is made for nobody.
 */
export class FunctionSearch {
  readonly #ask: (query: string) => Promise<FunctionMatches>;
  #query = $state('');
  found = $state.raw<FoundFunctions | null>(null);
  failure = $state.raw<Failure | null>(null);
  #asking: Promise<void> | null = null;

  constructor(ask: (query: string) => Promise<FunctionMatches>) {
    this.#ask = ask;
  }

  get query(): string {
    return this.#query;
  }

  set query(query: string) {
    this.#query = query;
    void this.settled();
  }

  /** Resolves when what is typed now has been answered. */
  settled(): Promise<void> {
    this.#asking ??= this.#askOn().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** Asks again: something else can be found now. */
  async refresh(): Promise<void> {
    await this.settled();
    this.found = null;
    await this.settled();
  }

  async #askOn(): Promise<void> {
    for (let line = this.#line; line !== (this.found?.query ?? ''); line = this.#line) {
      if (line === '') {
        this.found = null;
        return;
      }
      try {
        const matches = await this.#ask(line);
        this.found = { ...matches, query: line };
        this.failure = null;
      } catch (thrown) {
        this.failure = failureOf(thrown);
        return;
      }
    }
  }

  get #line(): string {
    return this.#query.trim().slice(0, 256);
  }
}
