import type { Backend, FunctionEntry, ProbePoints } from '../../shared/contract/api.ts';
import type { ListedKind } from '../../shared/probe/point.ts';
import type { TracepointField } from '../../shared/probe/resolved-point.ts';
import { Task } from './task.svelte.ts';

/** The points of one target that are no functions by trampoline: those of a kind that fit, and the one looked at. */
export class PointBrowser {
  readonly #backend: Backend;
  readonly #session: string;
  readonly listed = new Task<ProbePoints>();
  readonly fields = new Task<readonly TracepointField[]>();
  kind = $state.raw<ListedKind>('tracepoint');
  /** What is shown while the next answer is on its way. */
  shown = $state.raw<ProbePoints | null>(null);
  chosen = $state.raw<FunctionEntry | null>(null);
  /** The row that keys act on, or -1. */
  active = $state.raw(-1);
  #query = $state.raw('');

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  get query(): string {
    return this.#query;
  }

  set query(query: string) {
    this.#query = query;
    void this.list();
  }

  /** Turns to a kind: all of it. */
  async turnTo(kind: ListedKind): Promise<void> {
    this.kind = kind;
    this.shown = null;
    this.#query = '';
    await this.list();
  }

  async list(): Promise<void> {
    const asked = { session: this.#session, kind: this.kind, query: this.#query.trim().slice(0, 256) };
    const listed = await this.listed.run(() => this.#backend.probePoints(asked));
    if (listed === null) return;
    this.shown = listed;
    this.active = -1;
  }

  /** Looks at a point; of a tracepoint its fields are asked for. */
  choose(point: FunctionEntry): void {
    this.chosen = point;
    this.fields.reset();
    const [, tracepoint] = /^tracepoint:(.+)$/.exec(point.name) ?? [];
    if (tracepoint === undefined) return;
    void this.fields.run(() => this.#backend.tracepointFields({ session: this.#session, name: tracepoint }));
  }
}
