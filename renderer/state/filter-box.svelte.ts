import { checkFilter } from '../../shared/filter/compile.ts';
import { completionsAt, memberCompletions, structOf } from '../../shared/filter/complete.ts';
import type { Completion, Completions } from '../../shared/filter/complete.ts';
import type { FilterNames } from '../../shared/filter/context.ts';

export type StructMembers = (
  struct: string,
) => Promise<readonly { readonly path: string; readonly type: string }[]>;

/** Pointers that completion follows on its way: each is a question to the target. */
const MOST_STEPS = 6;

/**
 * A filter that is being typed: what is wrong with it, and what could be written at the cursor. Members of structs
 * come from the target; an answer to an older question is thrown away.
 */
export class FilterBox {
  readonly #names: () => FilterNames;
  readonly #members: StructMembers | null;
  text = $state('');
  options = $state.raw<readonly Completion[]>([]);
  /** The chosen option, -1 for none: Enter then means the text as it stands. */
  active = $state.raw(-1);
  #range = { from: 0, to: 0 };
  #asked = 0;

  constructor(names: () => FilterNames, members: StructMembers | null = null) {
    this.#names = names;
    this.#members = members;
  }

  readonly problem = $derived.by(() => checkFilter(this.text, this.#names()));
  readonly open = $derived(this.options.length > 0);

  /** Looks up what could stand at the cursor. `always`: also where nothing has been written yet. */
  async complete(cursor: number, always: boolean): Promise<void> {
    const asked = ++this.#asked;
    const found = completionsAt(this.text, cursor, this.#names());
    const options = found.members === null ? found.options : await this.#membersOf(found);
    if (asked !== this.#asked) return;
    const written = this.text.slice(found.from, found.to);
    const done = options.length === 1 && options[0]?.text === written;
    const wanted = always || written !== '' || found.members !== null;
    this.#range = { from: found.from, to: found.to };
    this.options = wanted && !done ? options : [];
    this.active = -1;
  }

  close(): void {
    this.#asked++;
    this.options = [];
    this.active = -1;
  }

  move(by: number): void {
    const count = this.options.length;
    if (count > 0) this.active = this.active < 0 && by < 0 ? count - 1 : (this.active + by + count) % count;
  }

  /** Writes an option into the text; where the cursor is then. */
  accept(index: number): number {
    const { from, to } = this.#range;
    const taken = this.options[index]?.text ?? '';
    this.text = this.text.slice(0, from) + taken + this.text.slice(to);
    this.close();
    return from + taken.length;
  }

  async #membersOf({ members }: Completions): Promise<readonly Completion[]> {
    if (members === null || this.#members === null || members.steps.length > MOST_STEPS) return [];
    let struct = structOf(members.type);
    for (const step of members.steps) {
      if (struct === null) return [];
      const name = step.replace(/^(?:->|\.)/, '');
      if (step.startsWith('[')) continue;
      struct = structOf((await this.#of(struct)).find(({ path }) => path === name)?.type ?? '');
    }
    return struct === null ? [] : memberCompletions(await this.#of(struct), members.prefix);
  }

  async #of(struct: string): ReturnType<StructMembers> {
    return this.#members === null ? [] : this.#members(struct).catch(() => []);
  }
}
