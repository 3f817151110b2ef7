import type { Backend, PageEvents } from '../../shared/contract/api.ts';
import type { CleanupReceipt } from '../../shared/contract/ssh-session.ts';
import { decodeBatch } from '../../shared/capture/batch.ts';
import { Run } from './run.svelte.ts';

/** With the page hidden there are no animation frames: batches are then taken in this often, in milliseconds. */
const HIDDEN_FLUSH = 250;

/**
 * Every run of this page by its number, and the one that is looked at. A batch is only kept when it
 * arrives; once a frame all of them are copied into their rings, the page is told, and their bytes
 * are given back as credit. Without credit the backend stops reading: that bounds what waits here.
 */
export class Runs {
  readonly #backend: Backend;
  readonly #runs = new Map<number, Run>();
  current = $state.raw<Run | null>(null);
  /** Messages that were no batch: a damaged wire, which must not go unseen. */
  damaged = $state.raw(0);
  #waiting: Uint8Array[] = [];
  #scheduled = false;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The run of that number; it may be told of before the call that started it has returned. */
  run(id: number): Run {
    let run = this.#runs.get(id);
    if (!run) {
      run = new Run(id);
      this.#runs.set(id, run);
    }
    return run;
  }

  /** Makes a run the one that is looked at, and lets go of the memory of those before. */
  choose(id: number): Run {
    const run = this.run(id);
    for (const other of this.#runs.keys()) if (other !== id) this.#runs.delete(other);
    this.current = run;
    return run;
  }

  takeState({ run: id, state, totals }: Parameters<PageEvents['runState']>[0]): void {
    if (this.current && id < this.current.id) return;
    const run = this.run(id);
    run.state = state;
    run.totals = totals;
    if (state.kind === 'stopped' || state.kind === 'failed') run.perSecond = 0;
  }

  takeReceipt(id: number, receipt: CleanupReceipt): void {
    const run = this.#runs.get(id);
    if (run) run.receipt = receipt;
  }

  takeBatch(message: Uint8Array): void {
    this.#waiting.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => this.#flush();
    if (document.visibilityState === 'visible') requestAnimationFrame(flush);
    else setTimeout(flush, HIDDEN_FLUSH);
  }

  async stop(run: Run): Promise<void> {
    await this.#backend.stopProbe({ run: run.id });
  }

  #flush(): void {
    this.#scheduled = false;
    const credit = new Map<number, number>();
    for (const message of this.#waiting.splice(0)) {
      const batch = decodeBatch(message);
      if (batch === null) {
        this.damaged++;
        continue;
      }
      credit.set(batch.run, (credit.get(batch.run) ?? 0) + message.byteLength);
      if (!this.current || batch.run >= this.current.id) this.run(batch.run).take(batch.records);
    }
    for (const [id, bytes] of credit) {
      this.#runs.get(id)?.show();
      void this.#backend.credit({ run: id, bytes }).catch(() => undefined);
    }
  }
}
