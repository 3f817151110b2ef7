import type { Backend, StructLayout } from '../../shared/contract/api.ts';
import { Task } from './task.svelte.ts';

const VISITED = 12;

/** The structs of one target that are looked at: what was asked for, its layouts, and the way back. */
export class StructBrowser {
  readonly #backend: Backend;
  readonly #session: string;
  /** As typed; asked for with Enter. */
  name = $state('');
  readonly layouts = new Task<readonly StructLayout[]>();
  /** A kernel may hold several structs of one name. */
  chosen = $state.raw(0);
  /** Searches the members of the layout. */
  query = $state('');
  visited = $state.raw<readonly string[]>([]);

  readonly layout = $derived(this.layouts.value?.[this.chosen] ?? null);
  readonly members = $derived.by(() => {
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    const members = this.layout?.members ?? [];
    if (words.length === 0) return members;
    return members.filter((member) => {
      const text = `${member.path} ${member.type} ${member.byteOffset}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  });

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  async open(name: string): Promise<void> {
    const wanted = name.trim().replace(/^(struct|union)\s+/, '');
    if (wanted === '') return;
    this.name = wanted;
    this.query = '';
    this.chosen = 0;
    const found = await this.layouts.run(() =>
      this.#backend.structs({ session: this.#session, name: wanted }),
    );
    if (found) this.visited = [wanted, ...this.visited.filter((other) => other !== wanted)].slice(0, VISITED);
  }
}
