import type { Backend, StructLayout } from '../../shared/contract/api.ts';
import type { MemberChange, StructComparison, TypePlace } from '../../shared/contract/structs.ts';
import { Task } from './task.svelte.ts';

/** One struct beside another: of the same name in the same kernel, or in another target's kernel or BTF file. */
export class StructCompare {
  readonly #backend: Backend;
  readonly #session: string;
  readonly #layout: StructLayout;
  readonly done = new Task<StructComparison>();
  /** `variant:N` or `session:ID`. */
  other = $state.raw('');
  /** Whether to leave out what is the same. */
  changedOnly = $state(true);
  chosen = $state.raw(-1);

  readonly rows = $derived.by((): readonly MemberChange[] => {
    const members = this.done.value?.members ?? [];
    return this.changedOnly ? members.filter((one) => changeOf(one) !== 'same') : members;
  });

  constructor(backend: Backend, session: string, layout: StructLayout) {
    this.#backend = backend;
    this.#session = session;
    this.#layout = layout;
  }

  /** With another struct of this name in the same kernel. */
  async withVariant(other: TypePlace, choice: string): Promise<void> {
    this.other = choice;
    this.chosen = -1;
    await this.done.run(() => this.#compare(this.#session, other));
  }

  /** With the struct of this name in another kernel; of several there, the first. */
  async withSession(session: string, choice: string): Promise<void> {
    this.other = choice;
    this.chosen = -1;
    const { name } = this.#layout;
    await this.done.run(async () => {
      const found = await this.#backend.structs({ session, name });
      const other = found.find(({ module }) => module === this.#layout.module) ?? found[0];
      return this.#compare(session, other ?? this.#layout);
    });
  }

  #compare(session: string, { module, type }: TypePlace): Promise<StructComparison> {
    const { module: ours, type: id } = this.#layout;
    return this.#backend.compareStructs({
      before: { session: this.#session, module: ours, type: id },
      after: { session, module, type },
    });
  }
}

/** What became of a member. */
export function changeOf({ before, after, changes }: MemberChange): 'added' | 'removed' | 'changed' | 'same' {
  if (before === null) return 'added';
  if (after === null) return 'removed';
  return changes.length > 0 ? 'changed' : 'same';
}
