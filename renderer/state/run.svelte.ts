import type { RunState, RunTotals } from '../../shared/contract/api.ts';
import type { RunLoad } from '../../shared/contract/target-state.ts';
import type { CleanupReceipt } from '../../shared/contract/ssh-session.ts';
import { PACKET_BYTES, RECORD_BYTES } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import type { ProgramPoint } from '../../shared/probe/program.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import { RunReconcile } from './run-reconcile.svelte.ts';
import { DisplayFilter } from './display-filter.svelte.ts';
import { EventFilter } from './event-filter.ts';
import { EventRing, verdictAt } from './event-ring.ts';
import { filterNames } from './filter-names.ts';
import { verdictTone } from './verdict-tone.ts';

/** 131,072 records of 256 bytes: 32 MiB at most, and 2.9 million pixels of rows, far under Chromium's cap. */
const RING_CAPACITY = 131_072;

const NO_TOTALS: RunTotals = { seen: 0, matched: 0, received: 0, limited: 0, lost: 0, own: 0 };

/** What the table goes on showing while events keep coming: set when the user scrolls up or selects. */
interface Frozen {
  readonly numbers: Uint32Array;
  /** The filter's count of matches at that moment. */
  readonly appended: number;
}

/**
 * One run of a probe as the page holds it: its newest records, what of them is shown, and what is
 * selected. Only the typed ring holds records; a row is decoded when it is drawn.
 */
export class Run {
  readonly id: number;
  readonly ring: EventRing;
  spec = $state.raw<ProbeSpec | null>(null);
  /** Where it is attached; `EventRecord.point` is an index in it. */
  points = $state.raw<readonly ProgramPoint[]>([]);
  /** Names of `EventRecord.values`. */
  fields = $state.raw<readonly string[]>([]);
  /** Names of drop reasons by number, as the target's kernel numbers them. */
  reasons = $state.raw<Readonly<Record<number, string>>>({});
  signature = $state.raw('');
  /** What was found on the target after the end. */
  receipt = $state.raw<CleanupReceipt | null>(null);
  /** What the target was called, and its clock's distance from ours: rows show its wall-clock time. */
  clockOffset = $state.raw<bigint | null>(null);
  state = $state.raw<RunState>({ kind: 'starting' });
  totals = $state.raw<RunTotals>(NO_TOTALS);
  /** Grows by one when records were taken in: what everything that reads the ring depends on. */
  version = $state.raw(0);
  perSecond = $state.raw(0);
  /** How the target bears it; null until the first two looks. */
  load = $state.raw<RunLoad | null>(null);
  /** What its packets explain of the target's counters. */
  readonly reconcile = new RunReconcile();
  hidden = $state.raw<ReadonlySet<number>>(new Set());
  /** What of the ring is shown, beside the verdicts. */
  readonly display = new DisplayFilter(
    () => filterNames(this.spec, this.points, this.fields, [], reasonNumbers(this.reasons)),
    () => this.#hide(this.hidden),
  );
  follow = $state.raw(true);
  /** The selected record's number, and a copy of it that outlives its place in the ring. */
  selected = $state.raw<number | null>(null);
  record = $state.raw<EventRecord | null>(null);

  /** Records taken in since the start or the last Clear, by verdict. Read it together with `version`. */
  readonly counts = new Uint32Array(VERDICT_KINDS.length);
  #filter: EventFilter;
  #frozen = $state.raw<Frozen | null>(null);
  readonly #specs = new Map<string, ProbeSpec>();
  readonly #labels = new Map<number, string>();
  #chosenByUser = false;
  #scanTimer: ReturnType<typeof setTimeout> | undefined;
  /** A filter was changed, and not all of the ring has been looked through by it. */
  #settling = false;
  #lastRate = { at: 0, next: 0 };

  constructor(id: number, capacity = RING_CAPACITY) {
    this.id = id;
    this.ring = new EventRing(capacity);
    this.#filter = this.#makeFilter();
  }

  readonly running = $derived(
    this.state.kind === 'starting' || this.state.kind === 'attached' || this.state.kind === 'stopping',
  );

  /** What a record's bytes are judged against: the spec, as of the point that it came from. */
  specOf(record: EventRecord): ProbeSpec | null {
    const { spec, points } = this;
    const name = points[record.point]?.name;
    if (spec === null || name === undefined || name === spec.function) return spec;
    const known = this.#specs.get(name);
    if (known !== undefined) return known;
    const other = { ...spec, function: name };
    this.#specs.set(name, other);
    return other;
  }

  /** How many rows the table has. */
  readonly rowCount = $derived.by(() => {
    void this.version;
    return this.#frozen ? this.#frozen.numbers.length : this.#filter.length;
  });

  /** Matching events that came in while the table stood still. */
  readonly unseen = $derived.by(() => {
    void this.version;
    return this.#frozen ? this.#filter.appended - this.#frozen.appended : 0;
  });

  readonly evicted = $derived.by(() => {
    void this.version;
    return this.ring.first;
  });

  /** The selected record's row, or -1 if the filter hides it. */
  readonly selectedRow = $derived.by(() => {
    void this.version;
    return this.selected === null ? -1 : this.rowOf(this.selected);
  });

  /** The number of the record in a row, or -1. */
  numberAt(row: number): number {
    return this.#frozen ? (this.#frozen.numbers[row] ?? -1) : this.#filter.at(row);
  }

  /** The row of a record by binary search, or -1. */
  rowOf(number: number): number {
    let low = 0;
    let high = (this.#frozen ? this.#frozen.numbers.length : this.#filter.length) - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.numberAt(middle);
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Copies whole records out of a message. `show` brings them onto the screen. */
  take(records: Uint8Array): void {
    const before = this.ring.next;
    this.ring.push(records);
    this.reconcile.take(records);
    for (let at = 0; at + RECORD_BYTES <= records.length; at += RECORD_BYTES) {
      const verdict = verdictAt(records, at);
      if (verdict < this.counts.length) this.counts[verdict] = (this.counts[verdict] ?? 0) + 1;
    }
    this.#scan();
    if (!this.#chosenByUser && (this.record === null || verdictTone(this.record.verdict) === 'good'))
      this.#pickFirst(before);
  }

  /** Texts that records name by number. */
  takeLabels(first: number, texts: readonly string[]): void {
    texts.forEach((text, at) => this.#labels.set(first + at, text));
  }

  /** The stack or symbol of that number; null while it has not come. */
  label(number: number): string | null {
    return this.#labels.get(number) ?? null;
  }

  show(): void {
    this.version++;
  }

  /** Called about once a second. */
  measureRate(now: number): void {
    const { at, next } = this.#lastRate;
    if (at > 0 && now > at) this.perSecond = Math.round(((this.ring.next - next) * 1000) / (now - at));
    this.#lastRate = { at: now, next: this.ring.next };
  }

  /** Selects a row for the user; the table stands still from then on. */
  select(row: number): void {
    const number = this.numberAt(row);
    if (number < 0) return;
    this.#chosenByUser = true;
    this.freeze();
    this.#choose(number);
  }

  /** Selects a record by its number, also one that the filter hides. */
  look(number: number): void {
    if (!this.ring.has(number)) return;
    this.#chosenByUser = true;
    this.freeze();
    this.#choose(number);
  }

  freeze(): void {
    if (!this.follow) return;
    this.follow = false;
    this.#frozen = { numbers: this.#filter.snapshot(), appended: this.#filter.appended };
  }

  /** Follows the newest event again. The selection stays. */
  resume(): void {
    this.follow = true;
    this.#frozen = null;
  }

  /** Takes up what came in since the table stood still, without following: for the end of a run, and filters. */
  refresh(): void {
    if (this.#frozen) this.#frozen = { numbers: this.#filter.snapshot(), appended: this.#filter.appended };
  }

  toggleVerdict(verdict: number): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(verdict)) hidden.add(verdict);
    this.#hide(hidden);
  }

  /** Shows this verdict and no other; if that is so already, all. */
  onlyVerdict(verdict: number): void {
    const others = VERDICT_KINDS.map((_, index) => index).filter((index) => index !== verdict);
    const alone = !this.hidden.has(verdict) && others.every((index) => this.hidden.has(index));
    this.#hide(new Set(alone ? [] : others));
  }

  showAllVerdicts(): void {
    this.#hide(new Set());
  }

  clear(): void {
    this.ring.clear();
    this.counts.fill(0);
    this.#filter = this.#makeFilter();
    this.resume();
    this.selected = null;
    this.record = null;
    this.#chosenByUser = false;
    this.version++;
  }

  #hide(hidden: ReadonlySet<number>): void {
    this.hidden = hidden;
    this.#filter = this.#makeFilter();
    this.#settling = !this.#filter.done;
    this.refresh();
    this.version++;
  }

  #makeFilter(): EventFilter {
    const hidden = this.hidden;
    const filter = new EventFilter(this.ring, (verdict) => !hidden.has(verdict), this.display.fits);
    if (!filter.done) this.#scanLater();
    return filter;
  }

  /** Looks at what has come; the rest in slices, so that the page stays alive. */
  #scan(): void {
    this.#filter.extend();
    if (this.#filter.done) this.display.scanning = false;
    else this.#scanLater();
  }

  #scanLater(): void {
    if (this.#scanTimer !== undefined) return;
    this.display.scanning = true;
    this.#scanTimer = setTimeout(() => {
      this.#scanTimer = undefined;
      this.#scan();
      // A table that stands still takes up what a new filter finds, and nothing that only arrived.
      if (this.#settling) this.refresh();
      this.#settling &&= !this.#filter.done;
      this.version++;
    }, 0);
  }

  /** The first event, then the first that is not as expected, is shown without a click. */
  #pickFirst(from: number): void {
    const start = Math.max(from, this.ring.first);
    if (this.record === null) this.#choose(start);
    for (let number = start; number < this.ring.next; number++)
      if (verdictTone(this.ring.verdictOf(number)) !== 'good') return this.#choose(number);
  }

  #choose(number: number): void {
    const record = this.ring.read(number);
    if (record === null) return;
    this.selected = number;
    this.record = { ...record, bytes: record.bytes.slice(0, PACKET_BYTES) };
  }
}

/** `{ 10: 'IP_INHDR' }` the other way round; null where the kernel told none. */
function reasonNumbers(reasons: Readonly<Record<number, string>>): ReadonlyMap<string, number> | null {
  const entries = Object.entries(reasons);
  if (entries.length === 0) return null;
  return new Map(entries.map(([number, name]) => [name, Number(number)]));
}
