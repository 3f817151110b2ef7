import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';

export type TaskState<T> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'working' }
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One piece of work that a view waits for. A newer run makes an older one's outcome void. */
export class Task<T> {
  state = $state.raw<TaskState<T>>({ kind: 'idle' });
  #turn = 0;

  get value(): T | null {
    return this.state.kind === 'done' ? this.state.value : null;
  }

  get failure(): Failure | null {
    return this.state.kind === 'failed' ? this.state.failure : null;
  }

  get working(): boolean {
    return this.state.kind === 'working';
  }

  /** The value; null if it failed (the state says how) or was overtaken. */
  async run(work: () => Promise<T>): Promise<T | null> {
    const turn = ++this.#turn;
    this.state = { kind: 'working' };
    try {
      const value = await work();
      if (turn !== this.#turn) return null;
      this.state = { kind: 'done', value };
      return value;
    } catch (thrown) {
      if (turn === this.#turn) this.state = { kind: 'failed', failure: failureOf(thrown) };
      return null;
    }
  }

  reset(): void {
    this.#turn++;
    this.state = { kind: 'idle' };
  }
}
