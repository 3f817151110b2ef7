import type { Backend, PageEvents } from '../../shared/contract/api.ts';
import type { RunLoad } from '../../shared/contract/target-state.ts';
import type { CleanupReceipt } from '../../shared/contract/ssh-session.ts';
import { decodeBatch } from '../../shared/capture/batch.ts';
import { Run } from './run.svelte.ts';
import type { Session } from './session.svelte.ts';
import type { Sessions } from './sessions.svelte.ts';

/** With the page hidden there are no animation frames: batches are then taken in this often, in milliseconds. */
const HIDDEN_FLUSH = 250;

/** A run that was let go of is told of for seconds at most. */
const GONE_KEPT = 1000;

/**
 * Every run of this page by its number, and the one that is looked at: the current session's. A batch
 * is only kept when it arrives; once a frame those of all hosts are copied into their rings, the page is
 * told, and their bytes are given back as credit. Without credit the backend stops reading that run, and
 * no other: that bounds what waits here.
 */
export class Runs {
  readonly #backend: Backend;
  readonly #sessions: Sessions;
  readonly #runs = new Map<number, { readonly run: Run; readonly session: string }>();
  /** What the last session left when it was disconnected: it can still be read. */
  #left = $state.raw<{ readonly asked: string; readonly run: Run } | null>(null);
  /** Messages that were no batch: a damaged wire, which must not go unseen. */
  damaged = $state.raw(0);
  /** Numbers of runs that were let go of, newest last: what the backend still tells of them is passed over. */
  readonly #gone = new Set<number>();
  #waiting: Uint8Array[] = [];
  #scheduled = false;

  readonly current = $derived.by(() => {
    const { current } = this.#sessions;
    return current ? current.run : (this.#left?.run ?? null);
  });

  constructor(backend: Backend, sessions: Sessions) {
    this.#backend = backend;
    this.#sessions = sessions;
  }

  /** Makes a run the one that its session is looked at by, and lets go of the memory of those before. */
  choose(id: number, session: Session): Run {
    const run = this.#make(id, session.info.session);
    for (const [other, known] of this.#runs)
      if (other !== id && known.session === session.info.session) this.#letGo(other);
    session.run = run;
    return run;
  }

  /** A host that is connected to again finds what was seen on it. */
  join(session: Session): void {
    const left = this.#left;
    if (left === null) return;
    this.#left = null;
    if (left.asked !== session.asked) return this.#letGo(left.run.id);
    session.run = left.run;
    this.#runs.set(left.run.id, { run: left.run, session: session.info.session });
  }

  /** A session has been disconnected: its run is told of its own end yet. */
  leave(session: Session): void {
    for (const [id, known] of this.#runs)
      if (known.session === session.info.session && known.run !== session.run) this.#letGo(id);
    if (!session.run) return;
    if (this.#left) this.#letGo(this.#left.run.id);
    this.#left = { asked: session.asked, run: session.run };
  }

  takeState({ run: id, session, state, totals }: Parameters<PageEvents['runState']>[0]): void {
    if (this.#gone.has(id)) return;
    const run = this.#make(id, session);
    run.state = state;
    run.totals = totals;
    run.reconcile.state(state, totals);
    if (state.kind === 'stopped' || state.kind === 'failed') run.perSecond = 0;
  }

  takeReceipt(id: number, receipt: CleanupReceipt): void {
    const known = this.#runs.get(id);
    if (known) known.run.receipt = receipt;
  }

  takeLoad(id: number, load: RunLoad): void {
    const known = this.#runs.get(id);
    if (known) known.run.load = load;
  }

  /** Texts that records of that run name by number. */
  takeLabels(id: number, first: number, texts: readonly string[]): void {
    this.#runs.get(id)?.run.takeLabels(first, texts);
  }

  takeBatch(message: Uint8Array): void {
    this.#waiting.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => this.#flush();
    if (document.visibilityState === 'visible') requestAnimationFrame(flush);
    else setTimeout(flush, HIDDEN_FLUSH);
  }

  /** Called about once a second. */
  measureRates(now: number): void {
    for (const { run } of this.#runs.values()) if (run.running) run.measureRate(now);
  }

  async stop(run: Run): Promise<void> {
    await this.#backend.stopProbe({ run: run.id });
  }

  #letGo(id: number): void {
    this.#runs.delete(id);
    this.#gone.add(id);
    for (const oldest of this.#gone) {
      if (this.#gone.size <= GONE_KEPT) break;
      this.#gone.delete(oldest);
    }
  }

  /** The run of that number; it may be told of before the call that started it has returned. */
  #make(id: number, session: string): Run {
    let known = this.#runs.get(id);
    if (!known) {
      known = { run: new Run(id), session };
      this.#runs.set(id, known);
    }
    return known.run;
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
      this.#runs.get(batch.run)?.run.take(batch.records);
    }
    for (const [id, bytes] of credit) {
      this.#runs.get(id)?.run.show();
      void this.#backend.credit({ run: id, bytes }).catch(() => undefined);
    }
  }
}
