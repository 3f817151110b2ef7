import { emptyRecord, FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import { ARGUMENT_STATE_WORDS, PACKET_STATE_WORDS } from './bpftrace-body.ts';
import { HexWords } from './hex-words.ts';
import { Labels } from './labels.ts';
import { clipWindow, WINDOW_BYTES, WINDOW_WORDS } from './packet-window.ts';
import type { ProbeProgram, ProgramPoint } from './program.ts';
import type { KernelTotals, ProbeStream, StreamListener } from './stream.ts';

export type { KernelTotals, StreamListener } from './stream.ts';

/** Longest line of ours: 10 words, 14 fields, a window of 16, three names. A longer one is damage. */
const MAX_LINE = 4096;
/** Frames kept of one stack, and what stands first in it: the probe's own program and trampoline. */
const MAX_FRAMES = 16;
const OWN_FRAME = /^(?:bpf_prog_|bpf_trampoline_|bpf_get_stackid|ftrace_|kprobe_ftrace|0x)/;
const NEWLINE = 10;
const TAB = 9;
const [P, A, B, T, E, S, S_END] = [80, 65, 66, 84, 69, 83, 115];

/**
 * Parses the text stream of a program of bpftrace-program.ts, fed in chunks of bytes. Lines begin with the run's tag;
 * a comm may hold a newline or a tab, so it stands last and what follows the newline is a stray line, never a
 * record: nobody on the target can know the tag. Everything else of a record stands in words of 16 hexadecimal digits
 * at places known before, so that nothing is searched for. Bounded: an endless line is dropped.
 */
export class BpftraceStream implements ProbeStream {
  readonly #points: readonly ProgramPoint[];
  readonly #fields: number;
  readonly #stacks: boolean;
  readonly #tag: Uint8Array;
  readonly #listener: StreamListener;
  readonly #record: EventRecord;
  /** The words of a line, big-endian as they are written: the packet is their end. */
  readonly #hex = new HexWords(64);
  readonly #words = new DataView(this.#hex.bytes.buffer);
  readonly #totals: KernelTotals = { seen: 0, own: 0, matched: 0, limited: 0 };
  readonly #lastSeq = new Map<number, number>();
  readonly #labels: Labels;
  readonly #device = new LastText();
  readonly #caller = new LastText();
  readonly #comm = new LastText();
  #rest = new Uint8Array(0);
  #skipping = false;
  /** Totals still awaited after a T or E line: bpftrace prints maps once more, cleared, as it exits. */
  readonly #awaited = new Set<string>();
  /** A record whose stack is still coming, and the frames of it. */
  #pending = false;
  #frames: string[] | null = null;
  #seq = 0;
  #gaps = 0;
  /** The program has reached its END: nothing was cut off. */
  ended = false;

  constructor(program: Pick<ProbeProgram, 'points' | 'fields' | 'tag' | 'stacks'>, listener: StreamListener) {
    this.#points = program.points;
    this.#fields = program.fields.length;
    this.#stacks = program.stacks === true;
    this.#tag = Uint8Array.from(program.tag, (letter) => letter.charCodeAt(0));
    this.#listener = listener;
    this.#record = emptyRecord();
    this.#labels = new Labels((first, texts) => listener.labels(first, texts));
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end < 0) break;
      if (this.#skipping) this.#skipping = false;
      else if (this.#rest.length > 0) {
        const whole = joined(this.#rest, chunk.subarray(from, end));
        this.#rest = new Uint8Array(0);
        this.#line(whole, 0, whole.length);
      } else this.#line(chunk, from, end);
      from = end + 1;
    }
    if (this.#skipping || from === chunk.length) return;
    this.#rest = joined(this.#rest, chunk.subarray(from));
    if (this.#rest.length > MAX_LINE) {
      this.#listener.stray(latin1(this.#rest, 0, 200));
      this.#rest = new Uint8Array(0);
      this.#skipping = true;
    }
  }

  end(): void {
    if (this.#rest.length > 0 && !this.#skipping) this.#line(this.#rest, 0, this.#rest.length);
    this.#rest = new Uint8Array(0);
    this.#flush();
    if (this.#awaited.size > 0) this.#tell();
  }

  /** Records that the kernel side numbered and that never came: gaps in the per-CPU sequence. */
  get gaps(): number {
    return this.#gaps;
  }

  #line(bytes: Uint8Array, from: number, end: number): void {
    if (from === end) return;
    const at = from + this.#tag.length;
    if (end - from > MAX_LINE) return this.#listener.stray(latin1(bytes, from, from + 200));
    if (at + 2 > end || !this.#isOurs(bytes, from) || bytes[at] !== TAB)
      return this.#other(latin1(bytes, from, end));
    const kind = bytes[at + 1];
    if (kind === S) {
      this.#frames = this.#pending ? [] : null;
      return;
    }
    if (kind === S_END) return this.#flush();
    this.#flush();
    if (this.#awaited.size > 0) this.#tell();
    if (kind === P || kind === A) {
      if (!this.#recordLine(kind, bytes, at + 2, end)) this.#listener.stray(latin1(bytes, from, end));
      return;
    }
    if (end !== at + 2) return this.#listener.stray(latin1(bytes, from, end));
    if (kind === B) return this.#listener.attached();
    if (kind === T || kind === E) {
      if (kind === E) this.ended = true;
      for (const name of ['seen', 'own', 'matched', 'limited']) this.#awaited.add(name);
      return;
    }
    this.#listener.stray(latin1(bytes, from, end));
  }

  #isOurs(bytes: Uint8Array, from: number): boolean {
    const tag = this.#tag;
    for (let i = 0; i < tag.length; i++) if (bytes[from + i] !== tag[i]) return false;
    return true;
  }

  /** A frame of a stack; `@seen: 12`, which print() writes after a T or E line; or something of bpftrace itself. */
  #other(line: string): void {
    const frame = this.#frames === null ? null : /^ {8}(\S{1,200})$/.exec(line);
    if (frame) {
      const name = frame[1] ?? '';
      if ((this.#frames?.length ?? 0) < MAX_FRAMES && !OWN_FRAME.test(name)) this.#frames?.push(name);
      return;
    }
    const total = /^@(seen|own|matched|limited): (\d{1,15})$/.exec(line);
    if (total) {
      if (!this.#awaited.delete(total[1] ?? '')) return;
      this.#totals[total[1] as keyof KernelTotals] = Number(total[2]);
      if (this.#awaited.size === 0) this.#tell();
      return;
    }
    const lost = /^Lost (\d{1,12}) events$/.exec(line);
    if (lost) this.#listener.lost(Number(lost[1]));
    else this.#listener.stray(line);
  }

  /** A map that was never hit is not printed by every version: what has come by the next line is told. */
  #tell(): void {
    const last = this.ended && !this.#awaited.has('matched');
    this.#awaited.clear();
    this.#listener.totals({ ...this.#totals }, last);
  }

  /** The record that waited for its stack goes out, with what came of it. */
  #flush(): void {
    if (!this.#pending) return;
    this.#pending = false;
    const frames = this.#frames ?? [];
    this.#frames = null;
    this.#record.stackLabel = frames.length === 0 ? 0 : this.#labels.number(frames.join('\n'));
    this.#listener.event(this.#record);
  }

  #recordLine(kind: number, bytes: Uint8Array, from: number, end: number): boolean {
    const point = this.#pointOf(bytes, from, end);
    const told = this.#points[point];
    if (told === undefined || (told.captures === 'packet') !== (kind === P)) return false;
    const count =
      kind === P
        ? PACKET_STATE_WORDS + this.#fields + WINDOW_WORDS
        : ARGUMENT_STATE_WORDS + told.parameters.length + this.#fields;
    const at = from + 16 * count;
    if (at >= end || bytes[at] !== TAB || !this.#hex.read(bytes, from, count)) return false;
    if (this.#words.getUint16(6) !== point) return false;
    this.#identify(point, told);
    if (kind === P) this.#packet(told);
    else this.#arguments(told);
    this.#values(kind === P ? PACKET_STATE_WORDS : ARGUMENT_STATE_WORDS + told.parameters.length);
    this.#texts(kind, told, bytes, at + 1, end);
    if (this.#stacks) this.#pending = true;
    else this.#listener.event(this.#record);
    return true;
  }

  /** The point in the first word, before anything else is known; -1 if no digits stand there. */
  #pointOf(bytes: Uint8Array, from: number, end: number): number {
    // Of a program with one point it is known.
    if (this.#points.length === 1) return 0;
    return from + 16 <= end && this.#hex.read(bytes, from, 1) ? this.#words.getUint16(6) : -1;
  }

  /** Words 0 to 1: seq 32 bits, cpu 16, point 16; nsecs. */
  #identify(point: number, told: ProgramPoint): void {
    const sequence = this.#words.getUint32(0);
    const cpu = this.#words.getUint16(4);
    const last = this.#lastSeq.get(cpu) ?? 0;
    if (sequence > last + 1) this.#gaps += sequence - last - 1;
    if (sequence > last && this.#lastSeq.size < 8192) this.#lastSeq.set(cpu, sequence);
    const record = this.#record;
    record.seq = ++this.#seq;
    record.cpu = cpu;
    record.ns = this.#words.getBigUint64(8);
    record.point = point;
    record.edge = told.edge;
    record.stackLabel = 0;
    record.callerLabel = 0;
  }

  /** Words 2 to 9 of a packet, as packetLine() of bpftrace-body.ts writes them, and the window at the end. */
  #packet(told: ProgramPoint): void {
    const words = this.#words;
    const record = this.#record;
    const len = words.getUint32(28);
    const dataLen = words.getUint32(32);
    const headroom = words.getInt32(36);
    const mac = words.getUint16(52);
    const transport = words.getUint16(56);
    const ifindex = words.getUint32(44);
    const protocol = words.getUint16(50);
    const clipped = clipWindow(headroom, words.getInt32(40), len - dataLen);
    const window = 8 * (PACKET_STATE_WORDS + this.#fields);
    record.flags = FLAG_SKB | (ifindex !== 0 ? FLAG_DEVICE : 0);
    record.skb = words.getBigUint64(16);
    record.pid = words.getUint32(24);
    record.len = len;
    record.dataLen = dataLen;
    record.headroom = headroom;
    record.ifindex = ifindex;
    record.macLen = words.getUint16(48);
    record.protocol = ((protocol & 0xff) << 8) | (protocol >>> 8);
    record.macHeader = mac === 0xffff ? null : mac - headroom;
    record.networkHeader = words.getUint16(54) - headroom;
    record.transportHeader = transport === 0xffff ? null : transport - headroom;
    record.pktType = words.getUint8(58);
    record.ipSummed = words.getUint8(59);
    record.deviceType = words.getUint16(60);
    record.hardHeaderLength = words.getUint16(62);
    record.netns = words.getUint32(64);
    record.mark = words.getUint32(68);
    record.hash = words.getUint32(72);
    record.reason = told.reason === true ? words.getUint32(76) : null;
    record.returned = 0n;
    record.window = clipped.window;
    record.bytes = this.#hex.bytes.subarray(
      window + clipped.from,
      window + Math.min(WINDOW_BYTES, Math.max(clipped.from, clipped.to)),
    );
  }

  /** Words 2 to 4: pid and reason, the address of the sk_buff, what was returned; then the arguments. */
  #arguments(told: ProgramPoint): void {
    const words = this.#words;
    const first = 8 * ARGUMENT_STATE_WORDS;
    const { seq, cpu, ns, point, edge } = this.#record;
    const bytes = this.#hex.bytes.subarray(first, first + 8 * told.parameters.length);
    Object.assign(this.#record, emptyRecord(bytes), { seq, cpu, ns, point, edge });
    const record = this.#record;
    record.flags = FLAG_ARGUMENTS;
    record.pid = words.getUint32(16);
    record.reason = told.reason === true ? words.getUint32(20) : null;
    record.skb = words.getBigUint64(24);
    record.returned = words.getBigInt64(32);
  }

  #values(first: number): void {
    if (this.#fields === 0) return;
    this.#record.values = Array.from({ length: this.#fields }, (_, i) =>
      this.#words.getBigInt64(8 * (first + i)),
    );
  }

  #texts(kind: number, told: ProgramPoint, bytes: Uint8Array, from: number, end: number): void {
    let at = from;
    const next = (last: LastText): string => {
      let to = at;
      while (to < end && bytes[to] !== TAB) to++;
      const text = last.read(bytes, at, to);
      at = to + 1;
      return text;
    };
    this.#record.device = kind === P ? next(this.#device) : '';
    if (told.caller === true) this.#record.callerLabel = this.#labels.number(next(this.#caller));
    this.#record.comm = this.#comm.read(bytes, at, end);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/** One character a byte; `to` may lie behind the end. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));
}

/** A text that mostly is the one before: then nothing is made anew. */
class LastText {
  #bytes = new Uint8Array(64);
  #length = -1;
  #text = '';

  read(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    const known = this.#bytes;
    if (length === this.#length) {
      let i = 0;
      while (i < length && known[i] === bytes[from + i]) i++;
      if (i === length) return this.#text;
    }
    this.#text = latin1(bytes, from, to);
    this.#length = length > known.length ? -1 : length;
    if (length <= known.length) known.set(bytes.subarray(from, to));
    return this.#text;
  }
}
