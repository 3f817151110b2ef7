import type { Backend, PreparedProbe, StartedProbe, StructMember } from '../../shared/contract/api.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import type { FilterName, ProbeSpec } from '../../shared/probe/spec.ts';
import { Task } from './task.svelte.ts';

/** A keystroke in a limit must not cost a call each. */
const PREPARE_AFTER = 120;

/**
 * The probe that is being made ready: what the user has set, and everything that would run on the
 * target for it. Start runs exactly what is shown.
 */
export class ProbeForm {
  readonly #backend: Backend;
  readonly #session: string;
  readonly prepared = new Task<PreparedProbe>();
  readonly starting = new Task<StartedProbe>();
  function = $state.raw('');
  filter = $state<FilterName>('none');
  expect = $state<ProbeSpec['expect']>('default');
  /** An expression of the filter language (shared/filter); empty for none. */
  where = $state.raw('');
  /** Whether that is a filter; while it is not, nothing is started. */
  whereRight = $state.raw(true);
  edge = $state<ProbeSpec['edge']>('entry');
  engine = $state<ProbeSpec['engine']>('auto');
  stack = $state(false);
  /** More points of the same run. */
  also = $state.raw<readonly string[]>([]);
  /** A pattern may take more functions than is usually wise. */
  many = $state(false);
  /** The script as the user changed it; null while it is the one that is written from the rest. */
  script = $state.raw<string | null>(null);
  /** As typed; empty for no limit. */
  count = $state('');
  seconds = $state('');
  perSecond = $state('2000');
  /** Values to capture beside the packet, in the order in which they were picked: `skb->dev->mtu`. */
  fields = $state.raw<readonly string[]>([]);
  /** Whether the user has asked to probe: the script is then shown. */
  open = $state.raw(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #members = new Map<string, Promise<readonly StructMember[]>>();

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  /** The checked spec, or the names of the limits that are not numbers in range. */
  readonly checked = $derived.by(
    (): { readonly spec: ProbeSpec } | { readonly wrong: ReadonlySet<string> } => {
      const parsed = probeSpec.safeParse({
        function: this.function,
        also: [...this.also],
        edge: this.edge,
        engine: this.engine,
        stack: this.stack,
        many: this.many,
        script: this.script,
        filter: this.filter,
        expect: this.expect,
        where: this.where.trim(),
        fields: [...this.fields],
        count: limitOf(this.count),
        seconds: limitOf(this.seconds),
        perSecond: limitOf(this.perSecond) ?? NaN,
      });
      return parsed.success
        ? { spec: parsed.data }
        : { wrong: new Set(parsed.error.issues.map((issue) => String(issue.path[0]))) };
    },
  );

  readonly spec = $derived('spec' in this.checked ? this.checked.spec : null);
  readonly wrong = $derived('wrong' in this.checked ? this.checked.wrong : new Set<string>());

  /** Turns to another function: what was set stays, but for an expectation made for another one. */
  turnTo(functionName: string): void {
    if (functionName === this.function) return;
    this.function = functionName;
    this.expect = 'default';
    this.script = null;
    this.many = false;
    this.open = false;
    this.starting.reset();
    this.prepare(0);
  }

  fill(spec: ProbeSpec): void {
    this.function = spec.function;
    this.also = spec.also;
    this.edge = spec.edge;
    this.engine = spec.engine;
    this.stack = spec.stack;
    this.many = spec.many;
    this.script = spec.script;
    this.filter = spec.filter;
    this.expect = spec.expect;
    this.where = spec.where;
    this.whereRight = true;
    this.fields = spec.fields;
    this.count = spec.count === null ? '' : String(spec.count);
    this.seconds = spec.seconds === null ? '' : String(spec.seconds);
    this.perSecond = String(spec.perSecond);
    this.open = true;
    this.starting.reset();
    this.prepare(0);
  }

  /** Members of a struct of the target, asked for once. */
  readonly members = (struct: string): Promise<readonly StructMember[]> => {
    const known = this.#members.get(struct);
    if (known !== undefined) return known;
    const asked = this.#backend
      .structs({ session: this.#session, name: struct })
      .then((layouts) => layouts[0]?.members ?? []);
    this.#members.set(struct, asked);
    asked.catch(() => this.#members.delete(struct));
    return asked;
  };

  /** Takes a filter as it is typed: a wrong one is not asked about. */
  setWhere(text: string, right: boolean): void {
    this.where = text;
    this.whereRight = right;
    if (right) this.prepare();
  }

  /** Attaches to one point more in the same run; false when there is no room, or it is no point. */
  addPoint(point: string): boolean {
    if (point === this.function || this.also.includes(point)) return true;
    const also = [...this.also, point];
    if (!probeSpec.shape.also.safeParse(also).success) return false;
    this.also = also;
    this.prepare(0);
    return true;
  }

  dropPoint(point: string): void {
    this.also = this.also.filter((other) => other !== point);
    this.prepare(0);
  }

  /** Takes the script into the user's own hands, or gives it back: then it is written anew. */
  setScript(script: string | null): void {
    this.script = script === '' ? null : script;
    this.prepare(script === null ? 0 : PREPARE_AFTER);
  }

  /** Captures one value more; false when there is no room, or the path is none. */
  pickField(path: string): boolean {
    if (this.fields.includes(path)) return true;
    const fields = [...this.fields, path];
    if (!probeSpec.shape.fields.safeParse(fields).success) return false;
    this.fields = fields;
    this.prepare(0);
    return true;
  }

  dropField(path: string): void {
    this.fields = this.fields.filter((other) => other !== path);
    this.prepare(0);
  }

  /** Asks for the script of what is set now. */
  prepare(after = PREPARE_AFTER): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { spec } = this;
      if (spec && this.whereRight)
        void this.prepared.run(() => this.#backend.prepareProbe({ session: this.#session, spec }));
    }, after);
  }

  /** The started run; null if it could not be started. */
  async start(): Promise<StartedProbe | null> {
    const { spec } = this;
    if (!spec || !this.whereRight || this.starting.working) return null;
    return this.starting.run(() => this.#backend.startProbe({ session: this.#session, spec }));
  }
}

function limitOf(text: string | number | null | undefined): number | null {
  const trimmed = String(text ?? '').trim();
  return trimmed === '' ? null : Number(trimmed);
}
