/**
 * How fast the output of a probe is read, beside `JSON.parse` of what bpftrace's own `-f json` prints of the same
 * events: both recorded on the lab's bookworm (bpftrace 0.17), see stream-recording.ts. Interleaved, medians,
 * of processor time: events a second of one core.
 */
import { BpftraceStream } from '../../shared/probe/bpftrace-stream.ts';
import { probeProgram } from '../shared/probe/probe-program.ts';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';
import { JSON_LINES, TAG, TEXT_LINES } from './stream-recording.ts';

const EVENTS = 20_000;
const ROUNDS = 15;
const CHUNK = 32 * 1024;

export async function run(): Promise<BenchLine[]> {
  const text = chunked(repeated(TEXT_LINES));
  const json = repeated(JSON_LINES);
  const ours: number[] = [];
  const peer: number[] = [];
  const fields: number[] = [];
  let checksum = 0;
  for (let round = 0; round < ROUNDS + 3; round++) {
    const a = timed(() => {
      let read = 0;
      const stream = new BpftraceStream(probeProgram(TAG), {
        attached: () => undefined,
        event: (record) => {
          read++;
          checksum += record.len + record.bytes.length;
        },
        labels: () => undefined,
        totals: () => undefined,
        lost: () => undefined,
        stray: (line) => {
          throw new Error(`not read: ${line}`);
        },
      });
      for (const chunk of text) stream.push(chunk);
      stream.end();
      if (read !== EVENTS) throw new Error(`${read} events of ${EVENTS}`);
    });
    const b = timed(() => {
      for (const data of parsed(json)) checksum += data.length;
    });
    const c = timed(() => {
      for (const data of parsed(json)) checksum += fieldsOf(data);
    });
    // The first rounds are the compiler's.
    if (round < 3) continue;
    ours.push(EVENTS / a);
    peer.push(EVENTS / b);
    fields.push(EVENTS / c);
  }
  if (checksum === 0) throw new Error('nothing was read');
  return Promise.resolve([
    line('stream-vs-json', 'JSON.parse of bpftrace -f json', median(ours), median(peer)),
    line('stream-vs-json-values', 'the same, its text taken apart into values', median(ours), median(fields)),
  ]);
}

function line(bench: string, peerName: string, ours: number, peer: number): BenchLine {
  return {
    bench,
    ours: Math.round(ours),
    peer: Math.round(peer),
    peerName,
    ratio: ours / peer,
    unit: 'events/s',
  };
}

/** The text of each event: all that JSON itself gives. */
function* parsed(json: string): Iterable<string> {
  for (let from = 0; from < json.length;) {
    const end = json.indexOf('\n', from);
    yield (JSON.parse(json.slice(from, end)) as { data: string }).data;
    from = end + 1;
  }
}

/** What a record of ours holds at this point: numbers, and the bytes of the packet. */
function fieldsOf(data: string): number {
  const [, ...columns] = data.split('\t');
  const numbers = columns.slice(0, 14).map(Number);
  const bytes = Buffer.from((columns[14] ?? '').replaceAll(' ', ''), 'hex');
  return (numbers[2] ?? 0) + bytes.length;
}

function repeated(lines: readonly string[]): string {
  return Array.from({ length: EVENTS }, (_, i) => `${lines[i % lines.length]}\n`).join('');
}

/** As the SSH channel brings it: cut without regard to lines. */
function chunked(text: string): Uint8Array[] {
  const bytes = Buffer.from(text, 'latin1');
  return Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) =>
    Uint8Array.prototype.slice.call(bytes, i * CHUNK, (i + 1) * CHUNK),
  );
}

/** Seconds of this process's own time: what other programs do on the machine does not count. */
function timed(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}
