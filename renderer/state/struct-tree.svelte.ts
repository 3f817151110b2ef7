import type { Leads, StructNode } from '../../shared/btf/body.ts';
import type { Backend, StructLayout } from '../../shared/contract/api.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import type { AtOffset, StructBody } from '../../shared/contract/structs.ts';
import { offsetOf } from './access-path.ts';
import { matchingRows, rowAt, structRows } from './struct-rows.ts';
import type { StructRow } from './struct-rows.ts';
import { Task } from './task.svelte.ts';

/** One struct as a tree: what is open in it, which line is chosen, and what lies at the byte that was asked for. */
export class StructTree {
  readonly #backend: Backend;
  readonly #session: string;
  readonly layout: StructLayout;
  #closed = $state.raw<ReadonlySet<string>>(new Set());
  #opened = $state.raw<ReadonlySet<string>>(new Set());
  /** What members lead to, by type: fetched when one of them is opened. */
  #bodies = $state.raw<ReadonlyMap<number, StructBody>>(new Map());
  #elements = $state.raw<ReadonlyMap<string, number>>(new Map());
  readonly #cacheline: () => number;
  query = $state('');
  chosen = $state.raw<string | null>(null);
  /** The byte to look at, as typed. */
  offset = $state('');
  readonly at = new Task<AtOffset & { readonly offset: number }>();
  /** What a member leads to could not be fetched. */
  failure = $state.raw<Failure | null>(null);

  /** `cacheline` gives the bytes of one. */
  constructor(backend: Backend, session: string, layout: StructLayout, cacheline: () => number) {
    this.#cacheline = cacheline;
    this.#backend = backend;
    this.#session = session;
    this.layout = layout;
  }

  readonly #all = $derived.by(() =>
    structRows(this.layout.nodes, {
      closed: this.#closed,
      opened: this.#opened,
      nodesOf: ({ type }) => this.#bodies.get(type)?.nodes ?? null,
      elements: this.#elements,
      cacheline: this.#cacheline() * 8,
    }),
  );
  readonly rows = $derived(matchingRows(this.#all, this.query));
  readonly active = $derived(this.rows.findIndex((row) => row.id === this.chosen));
  readonly row = $derived(this.rows[this.active] ?? null);
  readonly offsetWrong = $derived(this.offset.trim() !== '' && offsetOf(this.offset) === null);

  choose(index: number): void {
    this.chosen = this.rows[index]?.id ?? null;
  }

  /** Which element of an array is meant, as typed; '' for the array as a whole. False if it has no such element. */
  setElement({ id, node }: StructRow, text: string): boolean {
    const element = elementOf(node, text);
    if (element === null && text.trim() !== '') return false;
    const elements = new Map(this.#elements);
    if (element === null) elements.delete(id);
    else elements.set(id, element);
    this.#elements = elements;
    return true;
  }

  async open(row: StructRow): Promise<void> {
    if (row.opens === 'in-place') this.#closed = without(this.#closed, row.id);
    if (row.opens !== 'leads' || row.node.kind !== 'member' || row.node.leads === null) return;
    if (!(await this.#fetch(row.node.leads))) return;
    this.#opened = new Set([...this.#opened, row.id]);
  }

  close(row: StructRow): void {
    if (row.opens === 'in-place') this.#closed = new Set([...this.#closed, row.id]);
    else this.#opened = without(this.#opened, row.id);
  }

  toggle(index: number): void {
    const row = this.rows[index];
    if (!row || row.opens === null) return;
    if (row.expanded) this.close(row);
    else void this.open(row);
  }

  /** Keys of a tree (ARIA Authoring Practices); true if it was one of them. */
  key(key: string): boolean {
    const { row, rows, active } = this;
    if (row && key === 'ArrowRight' && row.opens !== null) {
      if (!row.expanded) void this.open(row);
      else if (rows[active + 1]?.parent === active) this.choose(active + 1);
      return true;
    }
    if (row && key === 'ArrowLeft') {
      if (row.expanded) this.close(row);
      else if (row.parent >= 0) this.choose(row.parent);
      return true;
    }
    if (key.length === 1 && /[a-z_]/i.test(key)) {
      for (let step = 1; step <= rows.length; step++) {
        const to = (Math.max(active, -1) + step) % rows.length;
        const { node } = rows[to] ?? {};
        if (node?.kind !== 'member' || !node.name.toLowerCase().startsWith(key.toLowerCase())) continue;
        this.choose(to);
        return true;
      }
    }
    return false;
  }

  /** Says what lies at the typed byte and goes to it, through structs held by value. */
  async goToOffset(): Promise<void> {
    const offset = offsetOf(this.offset);
    if (offset === null) return;
    const { module, type } = this.layout;
    const found = await this.at.run(async () => ({
      ...(await this.#backend.structAt({ session: this.#session, module, type, offset })),
      offset,
    }));
    if (!found) return;
    this.query = '';
    this.#closed = new Set();
    await this.#reveal(offset * 8);
  }

  /** Goes to what begins at a bit, opening what holds it. */
  async reveal(bit: number): Promise<void> {
    this.query = '';
    await this.#reveal(bit);
  }

  async #reveal(bit: number): Promise<void> {
    for (;;) {
      const row = rowAt(this.#all, bit);
      this.chosen = row?.id ?? null;
      const leads = row?.node.kind === 'member' ? row.node.leads : null;
      if (row === null || leads?.step !== '.' || row.expanded) return;
      await this.open(row);
      if (!this.#opened.has(row.id)) return;
    }
  }

  async #fetch(leads: Leads): Promise<boolean> {
    if (this.#bodies.has(leads.type)) return true;
    this.failure = null;
    try {
      const { module } = this.layout;
      const body = await this.#backend.structMembers({ session: this.#session, module, type: leads.type });
      this.#bodies = new Map([...this.#bodies, [leads.type, body]]);
      return true;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return false;
    }
  }
}

/** A flexible array has as many as its kernel gives it: 65,536 are let through. */
function elementOf(node: StructNode, text: string): number | null {
  if (node.kind !== 'member' || node.elements === null || !/^\s*\d{1,9}\s*$/.test(text)) return null;
  const element = Number(text);
  return element < (node.elements.count === 0 ? 65_536 : node.elements.count) ? element : null;
}

function without(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...set].filter((other) => other !== id));
}
