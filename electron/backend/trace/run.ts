import { randomBytes } from 'node:crypto';
import type { RunState, RunTotals, StopReason, TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { RECORD_BYTES, writeRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import { verdictCode } from '../../../shared/packet/verdict.ts';
import { writeBpftraceProgram } from '../../../shared/probe/bpftrace-program.ts';
import type { ProbeProgram } from '../../../shared/probe/program.ts';
import { BpftraceStream } from '../../../shared/probe/bpftrace-stream.ts';
import { verdictInput } from '../../../shared/probe/record-verdict.ts';
import type { Signature } from '../../../shared/probe/signature.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import { startLeashed } from '../ssh/leash.ts';
import type { Leash } from '../ssh/leash.ts';
import type { RanOnTarget } from '../ssh/receipt.ts';
import type { Target } from '../ssh/command.ts';
import { explainBpftrace, noBpftrace, NO_SUCH_FUNCTION } from './refusals.ts';

export interface RunListener {
  state(state: RunState, totals: RunTotals): void;
  /** Whole records; the listener owns the array. */
  records(records: Uint8Array): void;
}

/** A running probe. */
export interface Run {
  /** Ends it: bpftrace detaches and reports its last totals; `state` then says stopped. */
  stop(reason: StopReason): void;
  /** Bytes of records that were taken in: without it, delivery stops at HIGH_MARK and the channel is paused. */
  credit(bytes: number): void;
  /** The leash's mark, in the environment of its processes. */
  readonly mark: string;
  /** Resolves when bpftrace on the target is gone, whatever way. */
  readonly ended: Promise<void>;
  /** What ran, once it has ended: for the look afterwards. */
  readonly ran: Promise<RanOnTarget>;
}

/** Unacknowledged bytes at which the SSH channel is paused, and at which it flows again. */
const HIGH_MARK = 4 << 20;
const LOW_MARK = 1 << 20;
/** Records wait this long for company before they are sent on. */
const FLUSH_MS = 25;
const FLUSH_BYTES = 256 * 1024;
/** Detaching takes seconds on a busy kernel; only then is bpftrace killed. */
const STOP_GRACE_SECONDS = 15;

export function prepareProgram(spec: ProbeSpec, signature: Signature, facts: TargetFacts): ProbeProgram {
  return writeBpftraceProgram(spec, signature, facts.connection, `k${randomBytes(4).toString('hex')}`);
}

/** Starts `program` on the target. Throws when it cannot be started at all; later failures come as a state. */
export async function startRun(
  target: Target,
  spec: ProbeSpec,
  program: ProbeProgram,
  listener: RunListener,
): Promise<Run> {
  target.onCommand(`${program.command} <<'EOF'\n${program.script}EOF`, 'probe');
  const began = Date.now();
  const host = target.connection.config.alias;
  const leash: Leash = await startLeashed(target.connection, {
    command: program.command,
    input: program.script,
    sudo: target.sudo,
  });
  const totals = { seen: 0, matched: 0, received: 0, limited: 0, lost: 0, own: 0 };
  const strays: string[] = [];
  let attached = false;
  let attachSeconds = 0;
  let stopping: StopReason | null = null;
  let strayCount = 0;
  let deadline: NodeJS.Timeout | null = null;
  let reportedLost = 0;
  let refused = 0;
  const lost = (): number => Math.max(stream.gaps, reportedLost) + refused;

  const stop = (reason: StopReason): void => {
    if (stopping !== null) return;
    stopping = reason;
    listener.state({ kind: 'stopping' }, { ...totals });
    outbox.finish();
    leash.interrupt(STOP_GRACE_SECONDS);
  };

  const outbox = new Outbox(leash, (records) => listener.records(records));
  const stream = new BpftraceStream(program, {
    attached: () => {
      attached = true;
      attachSeconds = (Date.now() - began) / 1000;
      if (spec.seconds !== null) deadline = setTimeout(() => stop('time'), spec.seconds * 1000);
      listener.state({ kind: 'attached', seconds: attachSeconds }, { ...totals });
    },
    event: (record) => {
      if (stopping === 'count') return;
      const input = verdictInput(record, spec);
      if (input !== null) {
        const judged = verdictCode(input);
        record.verdict = VERDICT_KINDS.indexOf(judged.kind);
        record.headerAt = judged.headerAt;
      }
      if (!outbox.add(record)) {
        refused++;
        return;
      }
      totals.received++;
      if (spec.count !== null && totals.received >= spec.count) stop('count');
    },
    totals: (kernel) => {
      Object.assign(totals, kernel);
      totals.lost = lost();
      if (attached && stopping === null)
        listener.state({ kind: 'attached', seconds: attachSeconds }, { ...totals });
    },
    lost: (count) => {
      reportedLost += count;
      totals.lost = lost();
    },
    stray: (line) => {
      strayCount++;
      if (strays.length < 40) strays.push(line.slice(0, 500));
    },
  });
  // What came already is handed on within onStdout, so "attached" may follow at once.
  listener.state({ kind: 'starting' }, { ...totals });
  leash.onStdout((chunk) => stream.push(chunk.toString('latin1')));

  const ended = leash.exit.then((exit) => {
    if (deadline !== null) clearTimeout(deadline);
    stream.end();
    outbox.flush();
    for (const match of leash.stderr().matchAll(/^Lost (\d{1,12}) events/gm))
      reportedLost += Number(match[1]);
    totals.lost = lost();
    const final: RunTotals = { ...totals, matched: Math.max(totals.matched, totals.received) };
    const failed = (failure: Fail): void =>
      listener.state({ kind: 'failed', failure: failure.failure, totals: final }, final);
    if (exit.code === null && exit.signal === null)
      return failed(new Fail('connection-lost', { host, message: 'during the probe' }));
    if (attached && (stopping !== null || stream.ended))
      return listener.state({ kind: 'stopped', reason: stopping ?? 'target', totals: final }, final);
    if (stopping !== null) return listener.state({ kind: 'stopped', reason: stopping, totals: final }, final);
    const said = [leash.stderr().trim(), strays.join('\n')].filter(Boolean).join('\n');
    failed(explainEnd(target, spec, program, said, exit.code ?? -1, strayCount));
  });

  const ran = leash.exit.then((exit) => ({
    command: program.command,
    mark: leash.mark,
    began,
    ended: Date.now(),
    exit,
  }));
  return { stop, credit: (bytes) => outbox.credit(bytes), mark: leash.mark, ended, ran };
}

function explainEnd(
  target: Target,
  spec: ProbeSpec,
  program: ProbeProgram,
  said: string,
  status: number,
  strayCount: number,
): Fail {
  const host = target.connection.config.alias;
  if (status === 127) return noBpftrace(target, said, `probe ${spec.function}`);
  if (NO_SUCH_FUNCTION.test(said))
    return new Fail('function-unknown', { function: spec.function, host }, said);
  const known = explainBpftrace(target, said, status, program.command);
  if (known.failure.code !== 'command-failed') return known;
  if (status === 0 && strayCount > 0)
    return new Fail('probe-stream-damaged', { host, count: strayCount }, said);
  return new Fail('probe-failed', { host, function: spec.function, status }, said);
}

/**
 * Collects records into batches and holds the channel back while too much of them is unacknowledged.
 * After `finish` it never holds back, or a run could not end for a page that gives no credit: what is then
 * too much is refused.
 */
class Outbox {
  readonly #leash: Leash;
  readonly #send: (records: Uint8Array) => void;
  #buffer = new Uint8Array(64 * RECORD_BYTES);
  #used = 0;
  #unacknowledged = 0;
  #paused = false;
  #finishing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(leash: Leash, send: (records: Uint8Array) => void) {
    this.#leash = leash;
    this.#send = send;
  }

  /** False if the record was refused. */
  add(record: EventRecord): boolean {
    if (this.#finishing && this.#unacknowledged + this.#used > 2 * HIGH_MARK) return false;
    if (this.#used + RECORD_BYTES > this.#buffer.length) {
      const larger = new Uint8Array(this.#buffer.length * 2);
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
    writeRecord(new DataView(this.#buffer.buffer), this.#used, record);
    this.#used += RECORD_BYTES;
    if (this.#used >= FLUSH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    return true;
  }

  finish(): void {
    this.#finishing = true;
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#used === 0) return;
    const records = this.#buffer.slice(0, this.#used);
    this.#used = 0;
    this.#unacknowledged += records.length;
    this.#send(records);
    if (!this.#paused && !this.#finishing && this.#unacknowledged > HIGH_MARK) {
      this.#paused = true;
      this.#leash.pause();
    }
  }

  credit(bytes: number): void {
    this.#unacknowledged = Math.max(0, this.#unacknowledged - bytes);
    if (this.#paused && this.#unacknowledged < LOW_MARK) {
      this.#paused = false;
      this.#leash.resume();
    }
  }
}
