import { FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB, PACKET_OFFSET, RECORD_BYTES } from '../capture/record.ts';
import { growth } from '../counters/growth.ts';
import { kernelVersion } from '../packet/kernel-release.ts';
import { COUNTING_RULES, functionsBehind, RECONCILED } from './counting-rules.ts';
import type { CountedPacket, CountingRule, ReconciledName } from './counting-rules.ts';
import { parsePoint } from './point.ts';
import type { ProbeSpec } from './spec.ts';

/** What of a spec says which packets are captured. */
export type ReconciledSpec = Pick<ProbeSpec, 'edge' | 'filter' | 'where' | 'script'>;

/** A reading of counters with the clock of records. */
export interface TimedCounters {
  readonly uptime: number;
  readonly netns: number;
  readonly values: Readonly<Record<string, number>>;
}

/** One counter beside the packets that were captured while it grew. */
export interface ReconciledCounter {
  readonly counter: ReconciledName;
  readonly delta: number;
  /** Captured packets that the kernel's own test, run again on their bytes, says it counted here. */
  readonly explained: number;
  /** What no captured packet accounts for; below 0: more packets than counts. What the clock cannot tell apart is taken as explained. */
  readonly unexplained: number;
  /** Functions that count here too and that this probe is not on. */
  readonly elsewhere: readonly string[];
}

export interface Reconciliation {
  readonly netns: number;
  /** From the first reading after the probe was attached to the last that counts. */
  readonly seconds: number;
  readonly counters: readonly ReconciledCounter[];
  /** Events that were held back or lost: what is explained is then the least that is. */
  readonly missed: number;
  /** Packets that were captured in other namespaces and count there. */
  readonly otherNamespaces: number;
  /** The probe lets only some packets through: what it leaves out stays unexplained. */
  readonly filtered: boolean;
  /** Growth of IpExt.InCsumErrors, each of which is an InHdrErrors too, where the filter leaves such packets out. */
  readonly checksumErrors: number;
}

/** /proc/uptime is cut to 10 ms, and the counters are read a moment later: packets this near to a reading may be on either side. */
const NEAR_SECONDS = 0.03;
const MAX_NAMESPACES = 16;
const MAX_PENDING = 100_000;
const MAX_AHEAD = 600;
/** Packets of a replay that lie this many seconds behind all its counters were recorded at another time. */
const MOST_APART = 5;
const MAX_EARLY_BYTES = 4096 * RECORD_BYTES;

/** Times at which packets were counted in one counter of one namespace; those before the settled reading are a mere number. */
class Tally {
  #pending: number[] = [];
  #first: number | null = null;
  #settled: number | null = null;
  #nearFirst = 0;
  #nearSettled = 0;
  /** Packets between the first and the settled reading. */
  counted = 0;

  /** Packets that may be on either side of one of the two readings. */
  get unsure(): number {
    return this.#nearFirst + this.#nearSettled;
  }

  add(time: number): void {
    if (this.#first !== null) {
      if (Math.abs(time - this.#first) < NEAR_SECONDS) this.#nearFirst++;
      if (time < this.#first) return;
    }
    if (this.#settled !== null) {
      if (Math.abs(time - this.#settled) < NEAR_SECONDS) this.#nearSettled++;
      if (time < this.#settled) {
        this.counted++;
        return;
      }
    }
    if (this.#pending.length < MAX_PENDING) this.#pending.push(time);
  }

  begin(first: number): void {
    const before = this.#pending;
    this.#pending = [];
    this.#first = first;
    this.#settled = null;
    this.#nearFirst = this.#nearSettled = this.counted = 0;
    for (const time of before) this.add(time);
  }

  settle(settled: number): void {
    const before = this.#pending;
    this.#pending = [];
    this.#settled = settled;
    this.#nearSettled = 0;
    const nearFirst = this.#nearFirst;
    for (const time of before) this.add(time);
    this.#nearFirst = nearFirst;
  }
}

/**
 * Sets the growth of counters beside the packets that a probe captured. Both carry the target's clock: packets between
 * the first reading after attaching and the last settled one are compared with the difference of these two, however late they
 * came. Feed it states, readings and records as they come; memory is bounded.
 */
export class Reconciler {
  #spec: ReconciledSpec | null = null;
  #version: number | null = null;
  #points: readonly string[] = [];
  readonly #rules: (CountingRule | null)[] = [];
  readonly #tallies = new Map<number, readonly Tally[]>();
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #attached = false;
  #ended = false;
  #first: TimedCounters | null = null;
  #settled: TimedCounters | null = null;
  #last: TimedCounters | null = null;
  #replay = false;
  /** Readings of a replay that no record has come up to yet. */
  #ahead: TimedCounters[] = [];
  #newestRecord = 0;

  /**
   * What is run: names of the program's points in their order, and the target's kernel. Once; records that came
   * before are taken then. A replay plays counters and packets each at its own time: there a reading is settled by
   * a packet that was captured after it.
   */
  begin(
    spec: ReconciledSpec,
    points: readonly string[],
    { release, replay = false }: { readonly release: string | null; readonly replay?: boolean },
  ): void {
    if (this.#spec !== null) return;
    this.#spec = spec;
    this.#replay = replay;
    this.#points = points;
    this.#version = kernelVersion(release);
    this.#find();
    for (const records of this.#early) this.take(records);
    this.#early = [];
  }

  /** Of functions that hand packets to one another only the first of a rule counts, or each packet would twice. */
  #find(): void {
    const names = this.#points.map((text) => parsePoint(text)?.name ?? '');
    for (const name of names)
      this.#rules.push(
        COUNTING_RULES.find(
          ({ functions }) => functions.find((counting) => names.includes(counting)) === name,
        ) ?? null,
      );
  }

  /** Whether any counter can be set beside what this probe captures. */
  get applies(): boolean {
    return this.#spec !== null && this.#spec.edge !== 'return' && this.#rules.some((rule) => rule !== null);
  }

  /** The probe is attached: readings from the next one on count. */
  attached(): void {
    this.#attached = true;
  }

  /** The probe is being stopped: readings from now on do not count, records that are still on their way do. */
  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#last !== null && !this.#replay) this.#settle(this.#last);
  }

  /** A reading of counters; another namespace than before begins anew. The newest is settled by the next. */
  reading(reading: TimedCounters): void {
    if (!this.#attached || this.#ended) return;
    const again = this.#last !== null && reading.uptime <= this.#last.uptime;
    if (this.#first === null || again || this.#first.netns !== reading.netns) {
      this.#first = reading;
      this.#settled = null;
      this.#ahead = [];
      for (const tallies of this.#tallies.values()) for (const tally of tallies) tally.begin(reading.uptime);
    } else if (this.#replay) {
      if (this.#ahead.length < MAX_AHEAD) this.#ahead.push(reading);
    } else if (this.#last !== null) this.#settle(this.#last);
    this.#last = reading;
  }

  #settleReplay(): void {
    const passed = this.#ahead.filter(({ uptime }) => uptime <= this.#newestRecord);
    const newest = passed.at(-1);
    if (newest === undefined) return;
    this.#ahead = this.#ahead.slice(passed.length);
    this.#settle(newest);
  }

  /** Whole records, as in a batch. */
  take(records: Uint8Array): void {
    if (this.#spec === null) {
      if (this.#earlyBytes + records.length > MAX_EARLY_BYTES) return;
      this.#earlyBytes += records.length;
      this.#early.push(records.slice());
      return;
    }
    if (!this.applies) return;
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const packet: CountedPacket = {
      bytes: records,
      at: 0,
      end: 0,
      len: 0,
      dataLen: 0,
      pktType: 0,
      deviceType: 0,
    };
    for (let at = 0; at + RECORD_BYTES <= records.length; at += RECORD_BYTES) this.#record(view, at, packet);
    if (this.#replay) this.#settleReplay();
  }

  #record(view: DataView, at: number, packet: CountedPacket): void {
    const time = view.getUint32(at + 8, true) * 1e-9 + view.getUint32(at + 12, true) * 4.294967296;
    this.#newestRecord = Math.max(this.#newestRecord, time);
    const rule = this.#rules[view.getUint16(at + 232, true)] ?? null;
    const flags = view.getUint8(at + 5);
    if (rule === null || view.getUint8(at + 234) === 1) return;
    if ((flags & FLAG_SKB) === 0 || (flags & FLAG_ARGUMENTS) !== 0 || (flags & FLAG_DEVICE) === 0) return;
    packet.at = at + PACKET_OFFSET - view.getInt16(at + 22, true);
    packet.end = at + PACKET_OFFSET + view.getUint16(at + 24, true);
    packet.len = view.getUint32(at + 28, true);
    packet.dataLen = view.getUint32(at + 32, true);
    packet.deviceType = view.getUint16(at + 38, true);
    packet.pktType = view.getUint16(at + 42, true);
    const counts = rule.counts(packet, this.#version);
    if (counts === 0) return;
    const tallies = this.#talliesOf(view.getUint32(at + 48, true));
    for (const [i, tally] of tallies.entries()) if (counts & (1 << i)) tally.add(time);
  }

  #talliesOf(netns: number): readonly Tally[] {
    const known = this.#tallies.get(netns);
    if (known !== undefined || this.#tallies.size >= MAX_NAMESPACES) return known ?? [];
    const made = RECONCILED.map(() => new Tally());
    for (const tally of made) {
      if (this.#first !== null) tally.begin(this.#first.uptime);
      if (this.#settled !== null) tally.settle(this.#settled.uptime);
    }
    this.#tallies.set(netns, made);
    return made;
  }

  #settle(reading: TimedCounters): void {
    if (this.#first === null || reading.uptime <= this.#first.uptime) return;
    this.#settled = reading;
    for (const tallies of this.#tallies.values()) for (const tally of tallies) tally.settle(reading.uptime);
  }

  /** What is known by now; null where this probe sees no packet that a counter counts, or before two readings. `missed`: held back or lost. */
  result(missed: number): Reconciliation | null {
    const first = this.#first;
    const settled = this.#settled;
    const spec = this.#spec;
    if (spec === null || !this.applies || first === null || settled === null) return null;
    if (this.#replay && this.#newestRecord - (this.#last?.uptime ?? 0) > MOST_APART) return null;
    const mine = this.#tallies.get(first.netns);
    const delta = (counter: string): number =>
      growth(counter, first.values[counter] ?? 0, settled.values[counter] ?? 0);
    const watched = new Set(this.#rules.flatMap((rule) => rule?.counters ?? []));
    const probed = new Set(this.#points.map((text) => parsePoint(text)?.name ?? ''));
    const counters = RECONCILED.flatMap((counter, i): readonly ReconciledCounter[] => {
      if (!watched.has(counter)) return [];
      const grown = delta(counter);
      const tally = mine?.[i];
      const counted = tally?.counted ?? 0;
      const apart = grown - counted;
      const unexplained = Math.abs(apart) <= (tally?.unsure ?? 0) ? 0 : apart;
      return [
        {
          counter,
          delta: grown,
          explained: unexplained === 0 ? grown : counted,
          unexplained,
          elsewhere: functionsBehind(counter).filter((name) => !probed.has(name)),
        },
      ];
    });
    let otherNamespaces = 0;
    for (const [netns, tallies] of this.#tallies)
      if (netns !== first.netns) otherNamespaces += Math.max(0, ...tallies.map((tally) => tally.counted));
    const filtered = spec.filter !== 'none' || spec.where.trim() !== '' || spec.script !== null;
    return {
      netns: first.netns,
      seconds: settled.uptime - first.uptime,
      counters,
      missed,
      otherNamespaces,
      filtered,
      checksumErrors: filtered && watched.has('IpExt.InCsumErrors') ? delta('IpExt.InCsumErrors') : 0,
    };
  }
}
