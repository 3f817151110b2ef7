import type { Backend, CountersReading } from '../../shared/contract/api.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import type { NetworkNamespace } from '../../shared/contract/target-state.ts';
import { growth, isGauge } from '../../shared/counters/growth.ts';
import { readSetting, writeSetting } from './settings.ts';
import { Task } from './task.svelte.ts';

/** Readings kept for the charts: ten minutes at one a second. */
const KEPT = 600;
/** Readings that the small charts of the table show. */
export const SPARK = 60;
const MAX_PINS = 50;

/** The counter that the reference investigation begins with. */
export const IN_HDR_ERRORS = 'Ip.InHdrErrors';

export interface CounterRow {
  readonly name: string;
  readonly value: number;
  readonly delta: number;
  readonly perSecond: number;
  /** State of the protocol and no count: a rate of it means nothing. */
  readonly gauge: boolean;
}

/** One reading; the value of the counter with the number `i` is `values[i]`, and NaN where it was not there. */
interface Frame {
  readonly at: number;
  readonly values: Float64Array;
}

/** The counters of one network namespace of a target while they are looked at. */
export class Counters {
  readonly #backend: Backend;
  readonly #session: string;
  readonly #numbers = new Map<string, number>();
  readonly namespaces = new Task<readonly NetworkNamespace[]>();
  /** The namespace that is looked at; null: the one that commands run in. */
  netns = $state.raw<number | null>(null);
  frames = $state.raw<readonly Frame[]>([]);
  failure = $state.raw<Failure | null>(null);
  watching = $state.raw(false);
  pins = $state.raw<ReadonlySet<string>>(readPins());
  #first: Frame | null = null;

  readonly latest = $derived(this.frames.at(-1) ?? null);
  readonly rows = $derived.by((): readonly CounterRow[] => {
    const { latest } = this;
    if (latest === null) return [];
    return [...this.#numbers]
      .filter(([, i]) => !Number.isNaN(valueAt(latest, i)))
      .map(([name]) => this.row(name));
  });

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  async watch(): Promise<void> {
    if (this.watching) return;
    this.watching = true;
    this.failure = null;
    const { netns } = this;
    try {
      await this.#backend.watchCounters({ session: this.#session, on: true, netns });
    } catch (thrown) {
      if (this.netns === netns) this.fail(failureOf(thrown));
    }
  }

  /** Looks at the counters of another namespace; what was read of the last one is let go of. */
  async choose(netns: number | null): Promise<void> {
    if (netns === this.netns) return;
    this.netns = netns;
    this.frames = [];
    this.#numbers.clear();
    this.watching = false;
    await this.watch();
  }

  async loadNamespaces(): Promise<void> {
    await this.namespaces.run(() => this.#backend.networkNamespaces({ session: this.#session }));
  }

  take(reading: CountersReading): void {
    if (this.netns !== null && reading.netns !== undefined && reading.netns !== this.netns) return;
    const last = this.frames.at(-1);
    // A watch that was started again counts from zero: its readings cannot be set beside older ones.
    if (last && reading.at <= last.at) this.frames = [];
    for (const name of Object.keys(reading.values))
      if (!this.#numbers.has(name)) this.#numbers.set(name, this.#numbers.size);
    const values = new Float64Array(this.#numbers.size).fill(Number.NaN);
    for (const [name, i] of this.#numbers) values[i] = reading.values[name] ?? Number.NaN;
    const frame = { at: reading.at, values };
    if (this.frames.length === 0) this.#first = frame;
    this.frames = [...this.frames.slice(1 - KEPT), frame];
  }

  fail(failure: Failure): void {
    this.failure = failure;
    this.watching = false;
  }

  /** Value now, growth since the watch began, and growth a second over the last two readings. */
  row(name: string): CounterRow {
    const { latest } = this;
    const i = this.#numbers.get(name) ?? -1;
    const value = valueAt(latest, i);
    const before = this.frames.at(-2);
    const seconds = before && latest ? (latest.at - before.at) / 1000 : 0;
    return {
      name,
      value: Number.isNaN(value) ? 0 : value,
      delta: grown(name, valueAt(this.#first, i), value),
      perSecond: seconds > 0 ? grown(name, valueAt(before, i), value) / seconds : 0,
      gauge: isGauge(name),
    };
  }

  /** Seconds since the watch began, and the growth of `name` a second at each, for a chart of the last readings. */
  rates(name: string, kept = KEPT): [seconds: number[], rates: number[]] {
    const i = this.#numbers.get(name) ?? -1;
    const seconds: number[] = [];
    const rates: number[] = [];
    const frames = this.frames.slice(-kept);
    for (const [at, now] of frames.entries()) {
      const before = frames[at - 1];
      if (!before || now.at <= before.at) continue;
      seconds.push(now.at / 1000);
      rates.push(grown(name, valueAt(before, i), valueAt(now, i)) / ((now.at - before.at) / 1000));
    }
    return [seconds, rates];
  }

  /** Keeps a counter at the head of the table, also the next time. */
  pin(name: string): void {
    const pins = new Set(this.pins);
    if (!pins.delete(name) && pins.size < MAX_PINS) pins.add(name);
    this.pins = pins;
    writeSetting('counter-pins', [...pins].join(' '));
  }
}

function valueAt(frame: Frame | null | undefined, i: number): number {
  return frame?.values[i] ?? Number.NaN;
}

/** A counter that was not there before has not grown. */
function grown(name: string, before: number, now: number): number {
  return Number.isNaN(before) || Number.isNaN(now) ? 0 : growth(name, before, now);
}

function readPins(): ReadonlySet<string> {
  const stored = readSetting('counter-pins') ?? IN_HDR_ERRORS;
  return new Set(stored.split(' ').filter(Boolean).slice(0, MAX_PINS));
}
