import { emptyRecord, FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB, NO_VALUE } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import { Labels } from './labels.ts';
import { clipWindow } from './packet-window.ts';
import type { KernelTotals, ProbeStream, StreamListener } from './stream.ts';
import { BEFORE, WORDS } from './tracefs-event.ts';
import type { ProbeProgram } from './program.ts';
import type { TracefsProgram } from './tracefs-program.ts';
import { deviceName, TracefsValues } from './tracefs-values.ts';
import type { EventValues } from './tracefs-values.ts';
import { entryLayout, EntryValues } from './tracefs-entry.ts';
import type { EntryLayout } from './tracefs-entry.ts';
import { pageHeader } from './tracefs-pages.ts';
import type { PageHeader } from './tracefs-pages.ts';
import { PageRounds } from './tracefs-rounds.ts';
import type { RawEvent } from './tracefs-rounds.ts';

/** Longest line of ours: forty fetch arguments of at most 460 characters together with a window of 24 words. */
const MAX_LINE = 8192;
/** Frames of one stack. */
const MAX_FRAMES = 16;
/** What the kernel calls to record an event on a tracepoint. */
const OWN_FRAME = new RegExp(
  '^(?:eprobe_|event_triggers_call|trace_event_buffer_commit|trace_event_raw_event_|kprobe_|ftrace_|arch_ftrace_|' +
    'fprobe_|fentry_|fexit_|return_to_handler|__probestub_)',
);
/** A trampoline of ftrace, between its own frames and the function's. */
const TRAMPOLINE = /^0x[0-9a-f]{8,16}$/;

/** Of one format file, and pages in one go. */
const MAX_FORMAT = 64 * 1024;
const MAX_PAGES = 1 << 20;
const NEWLINE = 10;

/** Characters that are made of bytes at once: each is an argument of a call. */
const SLICE = 8192;

/**
 * Parses what a script of tracefs-script.ts prints, as Latin-1 (one character a byte: comm is
 * bytes). Its own lines, tab separated:
 *
 *     TAG B                                            attached
 *     TAG T hits missed own waiting read dropped       totals, every second and at the end
 *     TAG L                                            no more is read in this second
 *     TAG U                                            own packets cannot be counted on this kernel
 *     TAG M point line                                 a line of the event's format file
 *     TAG H size data                                  pages of so many bytes follow P, their events begin there
 *     TAG P cpu pages                                  so many pages of the ring buffer follow, as they are
 *     TAG S seconds                                    what had happened by then has come from every processor
 *     TAG F code what place message                    it gives up
 *     TAG E                                            the end
 *
 * and between them the events: after P as they lie in the kernel's memory (tracefs-pages.ts), else as it prints them (kernel/trace/trace_output.c), the clock in microseconds:
 *
 *     ping-1217    [000]   809.311215: TAG_0: (ip_rcv_core+0x0/0x310) skb=0xffff8d7c246cb600 … comm="ping"
 *
 * Two processes write: a line of ours may come in the middle of an event, which is put together again. comm is
 * the user's: it may hold a newline, and what follows that is a stray line, never an event: nobody but root
 * can know TAG. Bounded: an endless line is dropped.
 */
export class TracefsStream implements ProbeStream {
  readonly #program: ProbeProgram;
  readonly #valuesOf: TracefsProgram['valuesOf'];
  readonly #listener: StreamListener;
  readonly #text = new TracefsValues();
  readonly #entry = new EntryValues();
  readonly #formats = new Map<number, string>();
  readonly #layouts = new Map<number, { readonly point: number; readonly layout: EntryLayout }>();
  #header: PageHeader | null = null;
  #rounds: PageRounds | null = null;
  /** Pages would have been announced by now. */
  #textOnly = false;
  /** Bytes of pages that are still to come, and the page that is being filled. */
  #pages = { bytes: 0, cpu: 0, filled: 0, page: new Uint8Array(0) };
  readonly #record: EventRecord;
  readonly #packet = new Uint8Array(WORDS.network * 8);
  readonly #totals: KernelTotals = { seen: 0, own: 0, matched: 0, limited: 0 };
  readonly #mark: string;
  readonly #labels: Labels;
  #rest = '';
  #skipping = false;
  #seq = 0;
  #parsed = 0;
  #read = 0;
  #missed = 0;
  #dropped = 0;
  #limitedSince = false;
  #lost = 0;
  #stack: string[] | null = null;
  #waiting = false;
  #settled = false;
  /** The script has reached its end: nothing was cut off. */
  ended = false;
  /** Why the script gave up: the fields of its F line. */
  failure: readonly string[] | null = null;

  constructor(program: ProbeProgram | TracefsProgram, listener: StreamListener) {
    this.#program = program;
    this.#valuesOf = 'valuesOf' in program ? program.valuesOf : [];
    this.#listener = listener;
    this.#record = emptyRecord(this.#packet);
    this.#mark = `: ${program.tag}_`;
    this.#labels = new Labels((first, texts) => listener.labels(first, texts));
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#pages.bytes > 0) {
        at += this.#takePage(chunk.subarray(at));
        continue;
      }
      // A line after which pages follow is the last that is text.
      const line = this.#textOnly ? -1 : chunk.indexOf(NEWLINE, at);
      const to = Math.min(chunk.length, at + SLICE, line < 0 ? chunk.length : line + 1);
      this.#lines(String.fromCharCode(...chunk.subarray(at, to)));
      at = to;
    }
  }

  #lines(text: string): void {
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      if (this.#skipping) this.#skipping = false;
      else if (this.#rest !== '') {
        const line = this.#rest + text.slice(from, end);
        this.#rest = '';
        this.#line(line);
      } else this.#line(text.slice(from, end));
      from = end + 1;
    }
    if (this.#skipping) return;
    this.#rest += text.slice(from);
    if (this.#rest.length > MAX_LINE) {
      this.#listener.stray(this.#rest.slice(0, 200));
      this.#rest = '';
      this.#skipping = true;
    }
  }

  end(): void {
    if (this.#rest !== '' && !this.#skipping) this.#line(this.#rest);
    this.#rest = '';
    this.#flush();
    this.#rounds?.take(null, (event) => this.#raw(event));
  }

  /**
   * Records that the kernel dropped for want of room, and hits that a kprobe missed: it counts a function's end for so
   * many callers at a time only. At the end also what it handed over and never came.
   */
  get gaps(): number {
    return (
      this.#missed + this.#records(this.#lost + (this.ended ? Math.max(0, this.#read - this.#parsed) : 0))
    );
  }

  #line(line: string): void {
    const { tag } = this.#program;
    const at = line.indexOf(`${tag}\t`);
    if (at > 0) {
      // What stands before it is the beginning of an event whose rest follows.
      this.#own(line.slice(at));
      if (line.length < MAX_LINE) this.#rest = line.slice(0, at);
      return;
    }
    if (at === 0) return this.#own(line);
    if (line === '') return;
    this.#settled = false;
    const event = line.indexOf(this.#mark);
    if (event >= 0) return this.#event(line, event);
    if (line.startsWith(' => ')) {
      const frame = line.slice(4, 204);
      if (this.#stack === null || this.#stack.length >= MAX_FRAMES || OWN_FRAME.test(frame)) return;
      if (this.#stack.length > 0 || !TRAMPOLINE.test(frame)) this.#stack.push(frame);
      return;
    }
    if (line.endsWith(STACK)) {
      const [, pid, cpu] = PREFIX.exec(line.slice(0, -STACK.length)) ?? [];
      this.#parsed++;
      const mine = Number(pid) === this.#record.pid && Number(cpu) === this.#record.cpu;
      this.#stack = this.#waiting && mine ? [] : null;
      return;
    }
    this.#listener.stray(line);
  }

  #own(line: string): void {
    const fields = line.split('\t');
    switch (fields[1]) {
      case 'B':
        this.#textOnly = this.#header === null;
        return this.#listener.attached();
      case 'M':
        return this.#formatLine(Number(fields[2]), fields.slice(3).join('\t'));
      case 'H':
        return this.#pagesBegin(fields, line);
      case 'P':
        return this.#pagesFollow(fields, line);
      case 'S':
        return this.#rounds?.take(Number(fields[2]) * 1e9 || 0, (event) => this.#raw(event));
      case 'T':
        // It may come in the middle of a stack: what has not grown since the last one is whole.
        if (this.#stack !== null && this.#settled) this.#flush();
        this.#settled = true;
        return this.#totalsLine(fields.slice(2).map(Number), line);
      case 'L':
        this.#limitedSince = true;
        return;
      case 'U':
        return this.#listener.stray('own packets are left out but cannot be counted: no hist triggers here');
      case 'F':
        this.failure = fields.slice(2, 6);
        return;
      case 'E':
        this.#flush();
        this.#rounds?.take(null, (event) => this.#raw(event));
        this.ended = true;
        return;
      default:
        return this.#listener.stray(line);
    }
  }

  /** What was dropped while no more was to be read in that second was held back; otherwise it is lost. */
  #totalsLine(numbers: readonly number[], line: string): void {
    if (numbers.length !== 6 || !numbers.every((one) => Number.isSafeInteger(one) && one >= 0))
      return this.#listener.stray(line);
    const [hits = 0, missed = 0, own = 0, waiting = 0, read = 0, dropped = 0] = numbers;
    const more = Math.max(0, dropped - this.#dropped);
    if (this.#limitedSince) this.#totals.limited += more;
    else this.#lost += more;
    this.#limitedSince = false;
    this.#dropped = dropped;
    this.#read = read;
    this.#missed = missed;
    this.#totals.own = own;
    this.#totals.matched = this.#records(waiting + read + dropped);
    this.#totals.seen = Math.max(hits - own, this.#totals.matched);
    this.#listener.totals({ ...this.#totals });
  }

  /** The kernel counts a stack as an entry of its own. */
  #records(entries: number): number {
    return this.#program.stacks ? Math.ceil(entries / 2) : entries;
  }

  #formatLine(point: number, line: string): void {
    const known = this.#formats.get(point) ?? '';
    if (point < this.#program.points.length && known.length + line.length < MAX_FORMAT)
      this.#formats.set(point, `${known}${line}\n`);
  }

  #pagesBegin(fields: readonly string[], line: string): void {
    this.#header = pageHeader(Number(fields[2]), Number(fields[3]));
    for (const [point, format] of this.#formats) {
      const found = entryLayout(format);
      if (found !== null) this.#layouts.set(found.id, { point, layout: found.layout });
    }
    if (this.#header === null) this.#listener.stray(line);
    else this.#rounds = new PageRounds(this.#header);
  }

  #pagesFollow(fields: readonly string[], line: string): void {
    const [cpu = 0, count = 0] = fields.slice(2).map(Number);
    const known = Number.isInteger(count) && count > 0 && count <= MAX_PAGES && Number.isInteger(cpu);
    if (this.#header === null || !known) return this.#listener.stray(line);
    this.#pages = {
      bytes: count * this.#header.size,
      cpu,
      filled: 0,
      page: new Uint8Array(this.#header.size),
    };
  }

  /** Takes what `chunk` has of the pages that are to come; how many bytes that were. */
  #takePage(chunk: Uint8Array): number {
    const pages = this.#pages;
    const taken = chunk.subarray(0, pages.page.length - pages.filled);
    pages.page.set(taken, pages.filled);
    pages.filled += taken.length;
    pages.bytes -= taken.length;
    if (pages.filled === pages.page.length) {
      if (this.#rounds?.add(pages.cpu, pages.page) === false) this.#listener.stray('a damaged page');
      if (this.#rounds?.full === true) this.#rounds.take(null, (event) => this.#raw(event));
      pages.page = new Uint8Array(pages.page.length);
      pages.filled = 0;
    }
    return taken.length;
  }

  #raw({ page, from, to, cpu, pid, type, ns }: RawEvent): void {
    const known = this.#layouts.get(type);
    if (known === undefined) return this.#listener.stray(`an event of the unknown type ${type}`);
    this.#entry.read(page, from, to, known.layout);
    if (this.#fill(this.#entry, known.point, pid, cpu, ns)) this.#flush();
    else this.#listener.stray(`an event of ${to - from} bytes that lacks a value`);
  }

  #event(line: string, at: number): void {
    this.#flush();
    const head = PREFIX.exec(line.slice(Math.max(0, at - 100), at));
    const point = DIGITS.exec(line.slice(at + this.#mark.length, at + this.#mark.length + 5));
    const start = line.indexOf(') ', at);
    const values = this.#text;
    if (head === null || point === null || start < 0 || !values.read(line, start + 1))
      return this.#listener.stray(line);
    const ns = BigInt(head[3] ?? '0') * 1_000_000_000n + BigInt(head[4] ?? '0') * 1000n;
    if (!this.#fill(values, Number(point[1]), Number(head[1]), Number(head[2]), ns))
      return this.#listener.stray(line);
    if (!this.#program.stacks) this.#flush();
  }

  /** The record of one event; false when its point or a value of it is missing. */
  #fill(values: EventValues, index: number, pid: number, cpu: number, ns: bigint): boolean {
    const program = this.#program.points[index];
    if (program === undefined) return false;
    const record = this.#record;
    Object.assign(record, emptyRecord(this.#packet));
    const packet = program.captures === 'packet';
    if (!(packet ? this.#packetValues(values, index) : this.#arguments(values, index))) return false;
    this.#parsed++;
    record.seq = ++this.#seq;
    record.pid = pid >>> 0;
    record.cpu = cpu & 0xffff;
    record.ns = ns;
    record.point = index;
    record.edge = program.edge;
    record.comm = values.text('comm');
    record.returned = values.has('ret') ? values.signed('ret') : 0n;
    record.reason = values.has('why') ? values.number('why') : null;
    if (values.has('loc')) record.callerLabel = this.#labels.number(values.text('loc'));
    record.values = this.#picked(values, index);
    this.#waiting = true;
    return true;
  }

  #flush(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    if (this.#stack !== null && this.#stack.length > 0)
      this.#record.stackLabel = this.#labels.number(this.#stack.join('\n'));
    this.#stack = null;
    this.#listener.event(this.#record);
  }

  /** A value behind a NULL pointer is 0, as bpftrace has it: the kernel then leaves its place unwritten. */
  #picked(values: EventValues, index: number): readonly bigint[] {
    return (this.#valuesOf[index] ?? []).map((field) => {
      if (field === null || !values.has(field.name)) return NO_VALUE;
      return field.guards.some((guard) => values.isZero(guard)) ? 0n : values.signed(field.name);
    });
  }

  #packetValues(values: EventValues, index: number): boolean {
    const { pointer } = this.#program.points[index] ?? { pointer: 'data' as const };
    const words = WORDS[pointer];
    if (!values.has('skb') || !values.has('data') || !values.words('w', this.#packet, words)) return false;
    const record = this.#record;
    const headroom = values.difference('data', 'head');
    const mac = values.number('mach');
    const network = values.number('neth');
    const transport = values.number('trah');
    const offset = pointer === 'data' ? 0 : (pointer === 'mac' ? mac : network) - headroom;
    record.len = values.number('len');
    record.dataLen = values.number('dlen');
    const clipped = clipWindow(headroom, offset, record.len - record.dataLen);
    // Where the window of 128 bytes begins among the bytes that were fetched.
    const start = BEFORE[pointer] + offset - 18;
    const from = Math.min(Math.max(clipped.from, -start), clipped.to);
    const to = Math.max(from, Math.min(clipped.to, words * 8 - start));
    record.bytes = this.#packet.subarray(Math.max(0, start + from), Math.max(0, start + to));
    record.window = clipped.window + (from - clipped.from);
    record.skb = values.unsigned('skb');
    record.macLen = values.number('mlen');
    const protocol = values.number('prot');
    record.protocol = ((protocol & 0xff) << 8) | ((protocol >>> 8) & 0xff);
    record.macHeader = mac === 0xffff ? null : mac - headroom;
    record.networkHeader = network - headroom;
    record.transportHeader = transport === 0xffff ? null : transport - headroom;
    record.headroom = headroom;
    record.pktType = values.number('ptyp');
    record.ipSummed = values.number('ipsm');
    record.mark = values.number('mark');
    record.hash = values.number('hash');
    record.flags = FLAG_SKB;
    if (values.isZero('dev')) return true;
    record.flags |= FLAG_DEVICE;
    record.ifindex = values.number('ifi');
    record.deviceType = values.number('dtyp');
    record.hardHeaderLength = values.number('dhhl');
    record.netns = values.isZero('net') ? 0 : values.number('nsi');
    record.device = deviceName(values, 'name');
    return true;
  }

  #arguments(values: EventValues, index: number): boolean {
    const count = this.#program.points[index]?.parameters.length ?? 0;
    const bytes = this.#packet.subarray(0, count * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < count; i++) {
      if (!values.has(`a${i}`)) return false;
      view.setBigInt64(8 * i, values.signed(`a${i}`));
    }
    this.#record.flags = FLAG_ARGUMENTS;
    if (values.has('skb')) this.#record.skb = values.unsigned('skb');
    this.#record.bytes = bytes;
    return true;
  }
}

/** `ping-1217  [000]  809.311215`, with whatever flags and thread group the instance shows between them. */
const PREFIX = /-(\d{1,10}) +(?:\( *[-\d]+\) +)?\[(\d{1,5})\] +(?:\S{1,8} +)?(\d{1,10})\.(\d{6})$/;
const STACK = ': <stack trace>';
const DIGITS = /^(\d{1,3}): ?/;
