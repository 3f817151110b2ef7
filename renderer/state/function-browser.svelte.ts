import { pivots } from '../../shared/btf/function-groups.ts';
import type { FunctionGroup, Pivot } from '../../shared/btf/function-groups.ts';
import type { Backend, FunctionEntry } from '../../shared/contract/api.ts';
import type {
  FellowFunctions,
  FunctionDetails,
  FunctionMark,
  FunctionTable,
} from '../../shared/contract/kernel-functions.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import { LISTED_KINDS } from '../../shared/probe/point.ts';
import { PACKET_PATH } from '../../shared/probe/packet-path.ts';
import { FunctionRows, pathGroups, treeGroups } from './function-rows.ts';
import type { TreeGroup } from './function-rows.ts';
import { FunctionSearch } from './function-search.svelte.ts';
import { remembered } from './remembered-functions.svelte.ts';
import { readSetting, writeSetting } from './settings.ts';
import { SignatureCache } from './signature-cache.svelte.ts';
import { Task } from './task.svelte.ts';

/** How the tree can be divided: as the backend does, or by what only the page knows; and what stands in its place. */
export const TREES = ['path', ...pivots, 'recent', 'favourites', ...LISTED_KINDS] as const;
export type TreeName = (typeof TREES)[number];

const FOUND = 2000;
const OFFERED = 60;

/** The functions of one target: all of them as a tree, those that match, and the one that is looked at. */
export class FunctionBrowser {
  readonly #backend: Backend;
  readonly #session: string;
  readonly all = new Task<FunctionTable>();
  readonly details = new Task<FunctionDetails>();
  readonly fellows = new Task<readonly FellowFunctions[]>();
  readonly search: FunctionSearch;
  /** The palette's own search, which leaves the tree alone. */
  readonly offered: FunctionSearch;
  readonly signatures: SignatureCache;
  /** Bytes of the kernel's types read so far while they are; null when they are not. */
  progress = $state.raw<{ readonly done: number } | null>(null);
  chosen = $state.raw<FunctionEntry | null>(null);
  /** The row that keys act on, or -1. */
  active = $state.raw(-1);
  #tree = $state.raw<TreeName>(storedTree());
  readonly #groups: Record<Pivot, Task<readonly FunctionGroup[]>>;
  /** Ids of the groups that are open, for each tree. */
  #open = $state.raw<Readonly<Partial<Record<TreeName, ReadonlySet<string>>>>>({});

  readonly #byName = $derived.by(() => {
    const byName = new Map<string, number>();
    const { names = [], modules = [], moduleOf = [] } = this.all.value ?? {};
    for (let entry = names.length - 1; entry >= 0; entry--) {
      const name = names[entry] ?? '';
      byName.set(name, entry);
      const module = modules[moduleOf[entry] ?? 0] ?? '';
      if (module !== 'vmlinux') byName.set(`${module}:${name}`, entry);
    }
    return byName;
  });

  readonly #path = $derived(pathGroups(PACKET_PATH, (name) => this.#byName.get(name) ?? null));

  readonly groups = $derived.by((): readonly TreeGroup[] => {
    const tree = this.#tree;
    if (tree === 'path') return this.#path;
    if (!isPivot(tree)) return [];
    return treeGroups(this.#groups[tree].value ?? []);
  });

  readonly rows = $derived.by(() => {
    const { found } = this.search;
    if (found) return new FunctionRows([], new Set(), found.entries);
    if (this.#tree === 'recent') return new FunctionRows([], new Set(), this.#entriesOf(remembered.recent));
    if (this.#tree === 'favourites')
      return new FunctionRows([], new Set(), this.#entriesOf(remembered.favourites));
    return new FunctionRows(this.groups, this.opened);
  });

  /** What the palette offers: the best for its search, or all in their order as far as they fit. */
  readonly offer = $derived.by((): readonly FunctionEntry[] => {
    const entries = this.offered.found?.entries ?? Array.from({ length: OFFERED }, (_, entry) => entry);
    return entries.flatMap((entry) => this.entry(entry) ?? []);
  });

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
    this.search = new FunctionSearch((query) => backend.matchFunctions({ session, query, limit: FOUND }));
    this.offered = new FunctionSearch((query) => backend.matchFunctions({ session, query, limit: OFFERED }));
    this.signatures = new SignatureCache((entries) => backend.signatures({ session, entries }));
    this.#groups = {
      module: new Task(),
      'first-struct': new Task(),
      'any-struct': new Task(),
      'bpf-callable': new Task(),
    };
  }

  get query(): string {
    return this.search.query;
  }

  set query(query: string) {
    this.search.query = query;
    this.active = -1;
  }

  get tree(): TreeName {
    return this.#tree;
  }

  set tree(tree: TreeName) {
    this.#tree = tree;
    this.active = -1;
    writeSetting('function-tree', tree);
    void this.#divide();
  }

  /** Whether the groups of the tree are still on their way. */
  get dividing(): boolean {
    const tree = this.#tree;
    return isPivot(tree) && this.#groups[tree].working;
  }

  /** Why the functions could not be divided so. */
  get dividingFailure(): Failure | null {
    const tree = this.#tree;
    return isPivot(tree) ? this.#groups[tree].failure : null;
  }

  get opened(): ReadonlySet<string> {
    return this.#open[this.#tree] ?? (this.#tree === 'path' ? EVERY_PART : NONE);
  }

  setOpen(ids: readonly string[], open: boolean): void {
    const next = new Set(this.opened);
    for (const id of ids)
      if (open) next.add(id);
      else next.delete(id);
    this.#open = { ...this.#open, [this.#tree]: next };
  }

  async load(): Promise<void> {
    if (this.all.state.kind === 'working' || this.all.state.kind === 'done') return;
    await this.all.run(() => this.#backend.functionTable({ session: this.#session }));
    this.progress = null;
    if (this.chosen) {
      this.chosen = this.named(qualifiedName(this.chosen)) ?? this.chosen;
      if (!this.search.found)
        this.active = this.rows.rowOf(this.#byName.get(qualifiedName(this.chosen)) ?? -1);
    }
    if (this.all.value) await this.#divide();
  }

  /** The target runs another kernel now: nothing of the former holds. */
  async reload(): Promise<void> {
    this.all.reset();
    for (const pivot of pivots) this.#groups[pivot].reset();
    this.signatures.forget();
    this.active = -1;
    await this.load();
    if (this.query !== '') await this.search.refresh();
    if (this.chosen) this.choose(this.chosen);
  }

  /** Looks at a function: everything about it is asked for. */
  choose(entry: FunctionEntry): void {
    this.chosen = entry;
    const name = qualifiedName(entry);
    const asked = { session: this.#session, name };
    void this.details.run(() => this.#backend.functionDetails(asked));
    void this.fellows.run(() => this.#backend.fellowFunctions(asked));
  }

  /** Shows where a function stands: on the packet's path if it is there, else as what a search for it finds. */
  reveal(name: string): void {
    if (PACKET_PATH.some((step) => step.name === name)) {
      this.query = '';
      this.tree = 'path';
      this.active = this.rows.rowOf(this.#byName.get(name) ?? -1);
    } else {
      if (isListed(this.#tree)) this.tree = 'path';
      this.query = name;
    }
  }

  /** The entry of a name; before the list is there, one of which nothing else is known yet. */
  find(name: string): FunctionEntry {
    const colon = name.indexOf(':');
    const bare = name.slice(colon + 1);
    const module = colon < 0 ? '' : name.slice(0, colon);
    return this.named(name) ?? { name: bare, module, signature: '', attachable: 'unknown', reason: '' };
  }

  /** The entry of a bare name or `module:function`; null if the target lists none. */
  named(name: string): FunctionEntry | null {
    const entry = this.#byName.get(name) ?? this.#byName.get(name.replace(/^vmlinux:/, ''));
    return entry === undefined ? null : this.entry(entry);
  }

  /** The function of a number of the table; its signature is asked for apart. */
  entry(entry: number): FunctionEntry | null {
    const { value } = this.all;
    const name = value?.names[entry];
    if (!value || name === undefined) return null;
    const module = value.modules[value.moduleOf[entry] ?? 0] ?? '';
    const { attachable, reason, useKprobe } = this.mark(entry) ?? UNKNOWN;
    return { name, module, signature: '', attachable, reason, useKprobe };
  }

  nameOf(entry: number): string {
    return this.all.value?.names[entry] ?? '';
  }

  mark(entry: number): FunctionMark | null {
    const { value } = this.all;
    return value?.marks[value.markOf[entry] ?? -1] ?? null;
  }

  #entriesOf(names: readonly string[]): readonly number[] {
    return names.flatMap((name) => this.#byName.get(name) ?? []);
  }

  async #divide(): Promise<void> {
    const tree = this.#tree;
    if (!isPivot(tree) || this.all.value === null) return;
    const groups = this.#groups[tree];
    if (groups.working || groups.value !== null) return;
    const session = this.#session;
    await groups.run(() => this.#backend.functionGroups({ session, pivot: tree }));
    // A single module needs no click to be seen.
    const [only, ...others] = this.groups;
    if (this.#tree === tree && only && others.length === 0) this.setOpen([only.id], true);
  }
}

const UNKNOWN = { attachable: 'unknown', reason: '', useKprobe: false } as const;
const NONE: ReadonlySet<string> = new Set();
const EVERY_PART: ReadonlySet<string> = new Set(pathGroups(PACKET_PATH, () => null).map(({ id }) => id));

function isPivot(tree: TreeName): tree is Pivot {
  return (pivots as readonly string[]).includes(tree);
}

function isListed(tree: TreeName): boolean {
  return (LISTED_KINDS as readonly string[]).includes(tree);
}

function storedTree(): TreeName {
  const stored = readSetting('function-tree');
  return TREES.find((tree) => tree === stored && !isListed(tree)) ?? 'path';
}

/** How a function is named among all of a target: `ip_rcv`, `veth:veth_xmit`. */
export function qualifiedName({ name, module }: Pick<FunctionEntry, 'name' | 'module'>): string {
  return module === '' || module === 'vmlinux' ? name : `${module}:${name}`;
}

/** Whether some engine can probe it; what is not known may be tried. */
export function canProbe({ attachable, useKprobe }: FunctionEntry): boolean {
  return attachable !== 'no' || useKprobe === true;
}
