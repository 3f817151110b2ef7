import type { Backend, CountersReading } from '../../shared/contract/api.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';

/** Readings kept for the chart: ten minutes at one a second. */
const KEPT = 600;

/** The counter that the reference investigation begins with. */
export const IN_HDR_ERRORS = 'Ip.InHdrErrors';

export interface CounterRow {
  readonly name: string;
  readonly value: number;
  readonly delta: number;
  readonly perSecond: number;
}

/** The target's /proc/net/snmp counters while they are looked at. */
export class Counters {
  readonly #backend: Backend;
  readonly #session: string;
  readings = $state.raw<readonly CountersReading[]>([]);
  failure = $state.raw<Failure | null>(null);
  watching = $state.raw(false);
  #first: CountersReading | null = null;

  readonly latest = $derived(this.readings.at(-1) ?? null);
  readonly rows = $derived.by((): readonly CounterRow[] => {
    const latest = this.latest;
    return latest === null ? [] : Object.keys(latest.values).map((name) => this.row(name));
  });

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  async watch(): Promise<void> {
    if (this.watching) return;
    this.watching = true;
    this.failure = null;
    try {
      await this.#backend.watchCounters({ session: this.#session, on: true });
    } catch (thrown) {
      this.fail(failureOf(thrown));
    }
  }

  take(reading: CountersReading): void {
    const last = this.readings.at(-1);
    // A watch that was started again counts from zero: its readings cannot be set beside older ones.
    if (last && reading.at <= last.at) this.readings = [];
    if (this.readings.length === 0) this.#first = reading;
    this.readings = [...this.readings.slice(1 - KEPT), reading];
  }

  fail(failure: Failure): void {
    this.failure = failure;
    this.watching = false;
  }

  /** Value now, growth since the watch began, and growth a second over the last two readings. */
  row(name: string): CounterRow {
    const value = this.latest?.values[name] ?? 0;
    const before = this.readings.at(-2);
    const seconds = before && this.latest ? (this.latest.at - before.at) / 1000 : 0;
    return {
      name,
      value,
      delta: value - (this.#first?.values[name] ?? value),
      perSecond: before && seconds > 0 ? (value - (before.values[name] ?? value)) / seconds : 0,
    };
  }

  /** Seconds since the watch began, and the growth of `name` a second at each, for the chart. */
  rates(name: string): [seconds: number[], rates: number[]] {
    const seconds: number[] = [];
    const rates: number[] = [];
    for (let i = 1; i < this.readings.length; i++) {
      const before = this.readings[i - 1];
      const now = this.readings[i];
      if (!before || !now || now.at <= before.at) continue;
      seconds.push(now.at / 1000);
      rates.push(((now.values[name] ?? 0) - (before.values[name] ?? 0)) / ((now.at - before.at) / 1000));
    }
    return [seconds, rates];
  }
}
