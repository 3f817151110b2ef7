import type { FunctionDifference } from '../../shared/btf/diff.ts';
import type { Backend } from '../../shared/contract/api.ts';
import type { ChangeKind, KernelDifference, StructChange } from '../../shared/contract/structs.ts';
import { Task } from './task.svelte.ts';

export const CHANGE_KINDS = ['added', 'removed', 'changed'] as const satisfies readonly ChangeKind[];

/** What a whole kernel is compared by. */
export type DiffSubject = 'functions' | 'structs';

/** What changed from this target's kernel to another's: all functions, or all structs. */
export class KernelDiff {
  readonly #backend: Backend;
  readonly #session: string;
  readonly functions = new Task<KernelDifference<FunctionDifference>>();
  readonly structs = new Task<KernelDifference<StructChange>>();
  subject = $state<DiffSubject>('functions');
  /** The other session. */
  other = $state.raw('');
  query = $state('');
  hidden = $state.raw<ReadonlySet<ChangeKind>>(new Set());
  chosen = $state.raw(-1);

  readonly task = $derived(this.subject === 'functions' ? this.functions : this.structs);
  readonly rows = $derived.by((): readonly (FunctionDifference | StructChange)[] => {
    const all: readonly (FunctionDifference | StructChange)[] = this.task.value?.first ?? [];
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((one) => {
      if (this.hidden.has(one.kind)) return false;
      if (words.length === 0) return true;
      const text = ('before' in one ? `${one.module} ${one.before} ${one.after}` : one.name).toLowerCase();
      return words.every((word) => text.includes(word));
    });
  });

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  async run(other: string, subject = this.subject): Promise<void> {
    if (other !== this.other) {
      this.functions.reset();
      this.structs.reset();
    }
    if (subject !== this.subject) this.query = '';
    this.other = other;
    this.subject = subject;
    this.chosen = -1;
    if (other === '' || this.task.value !== null) return;
    const sides = { before: this.#session, after: other };
    if (subject === 'functions') await this.functions.run(() => this.#backend.diffFunctions(sides));
    else await this.structs.run(() => this.#backend.diffStructs(sides));
  }

  toggle(kind: ChangeKind): void {
    const next = new Set(this.hidden);
    if (!next.delete(kind)) next.add(kind);
    this.hidden = next;
    this.chosen = -1;
  }
}
