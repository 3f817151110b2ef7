import { emptyRecord, FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import { clipWindow, WINDOW_WORDS } from './bpftrace-program.ts';
import type { ProbeProgram, ProgramPoint } from './program.ts';

/** What the lines of a program mean, as they come. */
export interface StreamListener {
  attached(): void;
  /** `record` and its bytes are valid until the next call; verdict and headerAt are not set yet. */
  event(record: EventRecord): void;
  /** Totals since the start, as the kernel side counts them. */
  totals(totals: KernelTotals): void;
  /** bpftrace's own count of events it could not deliver. */
  lost(count: number): void;
  /** A line that is not ours: a warning or error of bpftrace, or damage. */
  stray(line: string): void;
}

export interface KernelTotals {
  seen: number;
  own: number;
  matched: number;
  limited: number;
}

/** Longest line of ours: 22 numbers, 256 hex digits, two names. A longer one is damage. */
const MAX_LINE = 4096;
const STATE_FIELDS = 17;

/**
 * Parses the text stream of a program of bpftrace-program.ts, fed in chunks of Latin-1 text (one
 * character a byte: comm is bytes). Lines begin with the run's tag; a comm may hold a newline or a tab, so it
 * stands last and what follows the newline is a stray line, never a record: nobody on the
 * target can know the tag. Bounded: an endless line is dropped.
 */
export class BpftraceStream {
  readonly #program: ProbeProgram;
  readonly #point: ProgramPoint | null;
  readonly #listener: StreamListener;
  readonly #record: EventRecord;
  readonly #packet = new Uint8Array(WINDOW_WORDS * 8);
  readonly #totals: KernelTotals = { seen: 0, own: 0, matched: 0, limited: 0 };
  readonly #lastSeq = new Map<number, number>();
  #rest = '';
  #skipping = false;
  /** Totals still awaited after a T or E line: bpftrace prints maps once more, cleared, as it exits. */
  readonly #awaited = new Set<string>();
  #seq = 0;
  #gaps = 0;
  /** The program has reached its END: nothing was cut off. */
  ended = false;

  constructor(program: ProbeProgram, listener: StreamListener) {
    this.#program = program;
    this.#point = program.points[0] ?? null;
    this.#listener = listener;
    this.#record = emptyRecord(this.#packet);
  }

  push(text: string): void {
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      if (this.#skipping) this.#skipping = false;
      else if (this.#rest !== '') {
        this.#line(this.#rest + text.slice(from, end));
        this.#rest = '';
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
    if (this.#awaited.size > 0) this.#tell();
  }

  /** Records that the kernel side numbered and that never came: gaps in the per-CPU sequence. */
  get gaps(): number {
    return this.#gaps;
  }

  #line(line: string): void {
    if (line === '') return;
    const { tag } = this.#program;
    if (!line.startsWith(tag)) return this.#other(line);
    const fields = line.split('\t');
    if (this.#awaited.size > 0) this.#tell();
    switch (fields[1]) {
      case 'B':
        return this.#listener.attached();
      case 'P':
        return this.#packetLine(fields, line);
      case 'A':
        return this.#argumentsLine(fields, line);
      case 'E':
        this.ended = true;
        return this.#awaitTotals();
      case 'T':
        return this.#awaitTotals();
      default:
        return this.#listener.stray(line);
    }
  }

  /** `@seen: 12`, which print() writes after a T or E line, or something of bpftrace itself. */
  #other(line: string): void {
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
    this.#awaited.clear();
    this.#listener.totals({ ...this.#totals });
  }

  #awaitTotals(): void {
    for (const name of ['seen', 'own', 'matched', 'limited']) this.#awaited.add(name);
  }

  #packetLine(fields: readonly string[], line: string): void {
    const words = fields[2 + STATE_FIELDS];
    if (this.#point?.captures !== 'packet' || words?.length !== this.#packet.length * 2)
      return this.#listener.stray(line);
    const numbers: number[] = [];
    for (let i = 0; i < STATE_FIELDS; i++) {
      const number = Number(fields[2 + i]);
      if (!Number.isInteger(number)) return this.#listener.stray(line);
      numbers.push(number);
    }
    if (!readHex(words, this.#packet)) return this.#listener.stray(line);
    const [sequence = 0, cpu = 0, , pid = 0, headroom = 0, offset = 0, len = 0, dataLen = 0, macLen = 0] =
      numbers;
    const [protocol = 0, mac = 0, network = 0, pktType = 0, ifindex = 0, type = 0, hard = 0, netns = 0] =
      numbers.slice(9);
    const clipped = clipWindow(headroom, offset, len - dataLen);
    const record = this.#begin(sequence, cpu, fields[4] ?? '0', pid);
    record.flags = FLAG_SKB | (ifindex !== 0 ? FLAG_DEVICE : 0);
    record.window = clipped.window;
    record.bytes = this.#packet.subarray(clipped.from, Math.max(clipped.from, clipped.to));
    record.len = len;
    record.dataLen = dataLen;
    record.macLen = macLen;
    record.protocol = ((protocol & 0xff) << 8) | ((protocol >>> 8) & 0xff);
    record.macHeader = mac === 0xffff ? null : mac - headroom;
    record.networkHeader = network - headroom;
    record.headroom = headroom;
    record.pktType = pktType;
    record.ifindex = ifindex;
    record.deviceType = type;
    record.hardHeaderLength = hard;
    record.netns = netns;
    record.device = fields[3 + STATE_FIELDS] ?? '';
    record.comm = fields.slice(4 + STATE_FIELDS).join('\t');
    this.#listener.event(record);
  }

  #argumentsLine(fields: readonly string[], line: string): void {
    const [, , sequence, cpu, ns, pid, words = '', ...comm] = fields;
    const count = Math.min(this.#point?.parameters.length ?? 0, 12);
    const bytes = this.#packet.subarray(0, count * 8);
    const numbers = [sequence, cpu, pid].map(Number);
    if (
      this.#point?.captures !== 'arguments' ||
      words.length !== count * 16 ||
      !numbers.every(Number.isInteger)
    )
      return this.#listener.stray(line);
    if (!readHex(words, bytes)) return this.#listener.stray(line);
    const record = this.#begin(numbers[0] ?? 0, numbers[1] ?? 0, ns ?? '0', numbers[2] ?? 0);
    Object.assign(record, {
      ...emptyRecord(bytes),
      seq: record.seq,
      cpu: record.cpu,
      ns: record.ns,
      pid: record.pid,
    });
    record.flags = FLAG_ARGUMENTS;
    record.comm = comm.join('\t');
    this.#listener.event(record);
  }

  #begin(sequence: number, cpu: number, ns: string, pid: number): EventRecord {
    const last = this.#lastSeq.get(cpu) ?? 0;
    if (sequence > last + 1) this.#gaps += sequence - last - 1;
    if (sequence > last && this.#lastSeq.size < 8192) this.#lastSeq.set(cpu, sequence);
    const record = this.#record;
    record.seq = ++this.#seq;
    record.cpu = cpu & 0xffff;
    record.ns = /^\d{1,19}$/.test(ns) ? BigInt(ns) : 0n;
    record.pid = pid >>> 0;
    return record;
  }
}

/** Lower-case hex digits into bytes; false if a character is none. */
function readHex(text: string, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return false;
    bytes[i] = (high << 4) | low;
  }
  return true;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
