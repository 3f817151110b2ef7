import type { CountersReading, RunState, RunTotals } from '../../shared/contract/api.ts';
import type { ProgramPoint } from '../../shared/probe/program.ts';
import { Reconciler } from '../../shared/probe/reconcile.ts';
import type { Reconciliation } from '../../shared/probe/reconcile.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';

/** What one run explains of the growth of its target's counters. */
export class RunReconcile {
  readonly #reconciler = new Reconciler();
  #missed = 0;
  /** Null: this probe sees no packet that a counter counts, or there are no two readings yet. */
  found = $state.raw<Reconciliation | null>(null);

  begin(
    spec: ProbeSpec,
    points: readonly ProgramPoint[],
    target: { readonly release: string | null; readonly replay: boolean },
  ): void {
    this.#reconciler.begin(
      spec,
      points.map(({ name }) => name),
      target,
    );
  }

  state(state: RunState, totals: RunTotals): void {
    this.#missed = totals.limited + totals.lost;
    if (state.kind === 'attached') this.#reconciler.attached();
    if (state.kind !== 'attached' && state.kind !== 'starting') this.#reconciler.ended();
    if (state.kind === 'stopped' || state.kind === 'failed') this.#find();
  }

  take(records: Uint8Array): void {
    this.#reconciler.take(records);
  }

  /** A reading without the target's clock cannot be set beside packets. */
  reading({ uptime, netns, values }: CountersReading): void {
    if (uptime === undefined || netns === undefined) return;
    this.#reconciler.reading({ uptime, netns, values });
    this.#find();
  }

  #find(): void {
    this.found = this.#reconciler.result(this.#missed);
  }
}
