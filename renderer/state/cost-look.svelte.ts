import type { Backend } from '../../shared/contract/api.ts';
import type { ProbeCost } from '../../shared/contract/target-state.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import { Task } from './task.svelte.ts';

/** How often the points of a probe would be hit, asked for one spec at a time. */
export class CostLook {
  readonly #backend: Backend;
  readonly #session: string;
  readonly task = new Task<ProbeCost>();
  #about = $state.raw('');

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  /** The figure is of these points; limits and filters change nothing about how often they are hit. */
  isAbout(spec: ProbeSpec): boolean {
    return this.#about === pointsOf(spec);
  }

  async look(spec: ProbeSpec): Promise<void> {
    this.#about = pointsOf(spec);
    await this.task.run(() => this.#backend.probeCost({ session: this.#session, spec }));
  }
}

function pointsOf({ function: name, also }: ProbeSpec): string {
  return [name, ...also].join(' ');
}
