import { cachelineOfMachine } from '../../shared/btf/cachelines.ts';
import type { Cacheline } from '../../shared/btf/cachelines.ts';
import type { Backend, StructLayout } from '../../shared/contract/api.ts';
import type { FirstOf, NamedType, StructUsers } from '../../shared/contract/structs.ts';
import { KernelDiff } from './kernel-diff.svelte.ts';
import { StructCompare } from './struct-compare.svelte.ts';
import { StructTree } from './struct-tree.svelte.ts';
import { Task } from './task.svelte.ts';

const VISITED = 12;
/** Names told while one is being typed. */
const MATCHES = 60;

export const STRUCT_TABS = ['members', 'map', 'c', 'users', 'compare'] as const;
export type StructTab = (typeof STRUCT_TABS)[number];

/** A layout with everything that is asked about it. */
interface Opened {
  readonly layout: StructLayout;
  readonly tree: StructTree;
  readonly compare: StructCompare;
  readonly users: Task<StructUsers>;
}

/** The structs of one target that are looked at: what was asked for, its layouts, and the way back. */
export class StructBrowser {
  readonly #backend: Backend;
  readonly #session: string;
  readonly #machine: () => string;
  #cacheline = $state.raw<Cacheline | null>(null);
  /** As typed; asked for with Enter. */
  name = $state('');
  /** Names that fit what is typed; null while nothing is. */
  readonly matches = new Task<FirstOf<string> | null>();
  readonly layouts = new Task<readonly StructLayout[]>();
  /** What is looked at is no struct but an enum, or a name for another type. */
  readonly named = new Task<readonly NamedType[]>();
  /** A kernel may hold several structs of one name. */
  chosen = $state.raw(0);
  tab = $state.raw<StructTab>('members');
  visited = $state.raw<readonly string[]>([]);
  /** Whether whole kernels are compared instead of one struct looked at. */
  comparing = $state.raw(false);
  readonly kernels: KernelDiff;

  /** Bytes of a cacheline: those of the machine, unless another size is chosen. */
  get cacheline(): Cacheline {
    return this.#cacheline ?? cachelineOfMachine(this.#machine());
  }

  set cacheline(bytes: Cacheline) {
    this.#cacheline = bytes;
  }

  readonly layout = $derived(this.layouts.value?.[this.chosen] ?? null);
  readonly opened = $derived.by((): Opened | null => {
    const { layout } = this;
    return (
      layout && {
        layout,
        tree: new StructTree(this.#backend, this.#session, layout, () => this.cacheline),
        compare: new StructCompare(this.#backend, this.#session, layout),
        users: new Task<StructUsers>(),
      }
    );
  });

  /** `machine` says what the target is, as `uname -m` does; '' while that is not known. */
  constructor(backend: Backend, session: string, machine: () => string = () => '') {
    this.#backend = backend;
    this.#session = session;
    this.#machine = machine;
    this.kernels = new KernelDiff(backend, session);
  }

  /** Looks for names that fit what is typed. */
  async suggest(): Promise<void> {
    const query = this.name.trim();
    await this.matches.run(async () =>
      query === '' ? null : this.#backend.structNames({ session: this.#session, query, limit: MATCHES }),
    );
  }

  async open(name: string): Promise<void> {
    const wanted = name.trim().replace(/^(struct|union)\s+/, '');
    if (wanted === '') return;
    this.name = wanted;
    this.chosen = 0;
    this.comparing = false;
    this.named.reset();
    const found = await this.#find(wanted);
    if (!found) return;
    this.matches.reset();
    this.visited = [wanted, ...this.visited.filter((other) => other !== wanted)].slice(0, VISITED);
  }

  /** A struct or union of that name; where there is none, an enum or a typedef. */
  async #find(name: string): Promise<boolean> {
    const session = this.#session;
    if (!name.startsWith('enum ')) {
      const layouts = await this.layouts.run(() => this.#backend.structs({ session, name }));
      if (layouts) return true;
      if (this.layouts.failure?.code !== 'struct-unknown') return false;
    }
    const named = await this.named.run(() => this.#backend.namedTypes({ session, name }));
    if (named) this.layouts.reset();
    return named !== null;
  }

  /** Asks, once, who has to do with the struct that is looked at. */
  async loadUsers(): Promise<void> {
    const { opened } = this;
    if (!opened || opened.users.working || opened.users.value) return;
    const { module, type } = opened.layout;
    await opened.users.run(() => this.#backend.structUsers({ session: this.#session, module, type }));
  }
}
