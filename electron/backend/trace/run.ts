import type { RunState, RunTotals, StopReason } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import { verdictCode } from '../../../shared/packet/verdict.ts';
import { tagOf } from '../../../shared/probe/bpftrace-program.ts';
import { BpftraceStream } from '../../../shared/probe/bpftrace-stream.ts';
import type { WrittenProgram } from '../../../shared/probe/program.ts';
import type { ProbeStream, StreamListener } from '../../../shared/probe/stream.ts';
import { verdictInput } from '../../../shared/probe/record-verdict.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import { TRACEFS_AFTER } from '../../../shared/probe/tracefs-script.ts';
import { TracefsStream } from '../../../shared/probe/tracefs-stream.ts';
import { startLeashed } from '../ssh/leash.ts';
import type { Leash } from '../ssh/leash.ts';
import type { RanOnTarget } from '../ssh/receipt.ts';
import type { Target } from '../ssh/command.ts';
import { ArrivalFilter } from './arrival-filter.ts';
import { LossWatch } from './loss-watch.ts';
import { Outbox } from './outbox.ts';
import { explainEnd } from './refusals.ts';
import { TextStream } from './text-stream.ts';

export interface RunListener {
  state(state: RunState, totals: RunTotals): void;
  /** Whole records; the listener owns the array. */
  records(records: Uint8Array): void;
  /** Texts that records name by number, from `first` on. */
  labels(first: number, texts: readonly string[]): void;
  /** What an edited script prints that holds no records. */
  output(lines: readonly string[]): void;
}

/** A running probe. */
export interface Run {
  /** Ends it: the engine detaches and reports its last totals; `state` then says stopped. */
  stop(reason: StopReason): void;
  /** Bytes of records that were taken in: without it, delivery stops at a high mark and the channel is paused. */
  credit(bytes: number): void;
  /** The leash's mark, in the environment of its processes. */
  readonly mark: string;
  /** Resolves when the engine on the target is gone, whatever way. */
  readonly ended: Promise<void>;
  /** What ran, once it has ended: for the look afterwards. */
  readonly ran: Promise<RanOnTarget>;
}

/** Detaching takes seconds on a busy kernel; only then is the engine killed. */
const STOP_GRACE_SECONDS = 15;

/** Starts a program on the target. Throws when it cannot be started at all; later failures come as a state. */
export async function startRun(
  target: Target,
  spec: ProbeSpec,
  written: WrittenProgram,
  listener: RunListener,
): Promise<Run> {
  const { program } = written;
  target.onCommand(`${program.command} <<'EOF'\n${program.script}EOF`, 'probe');
  const began = Date.now();
  const host = target.connection.config.alias;
  const leash: Leash = await startLeashed(target.connection, {
    command: program.command,
    input: program.script,
    sudo: target.sudo,
    ...(program.engine === 'tracefs' ? { signal: 'TERM', after: TRACEFS_AFTER } : {}),
  });
  const totals = { seen: 0, matched: 0, received: 0, limited: 0, lost: 0, own: 0 };
  const strays: string[] = [];
  const arrival = new ArrivalFilter(written);
  const losses = new LossWatch();
  let attached = false;
  let attachSeconds = 0;
  let stopping: StopReason | null = null;
  let strayCount = 0;
  let deadline: NodeJS.Timeout | null = null;
  let reportedLost = 0;
  let refused = 0;
  let came = 0;
  /** Sent and not here, by the kernel side's totals: also what stood in its buffer as it ended, which no gap shows. */
  let missing: number | null = null;
  let exact = false;
  /** bpftrace's own count has its heartbeats in it: it stands for what is not known otherwise. */
  const lost = (over = false): number => {
    const told = exact || over ? Math.min(missing ?? reportedLost, exact ? Infinity : reportedLost) : 0;
    return Math.max(stream.gaps, told, spec.script === null ? 0 : reportedLost) + refused;
  };

  const stop = (reason: StopReason): void => {
    if (stopping !== null) return;
    stopping = reason;
    listener.state({ kind: 'stopping' }, { ...totals });
    outbox.finish();
    leash.interrupt(STOP_GRACE_SECONDS);
  };

  const outbox = new Outbox(leash, (records) => listener.records(records));
  const streamListener: StreamListener = {
    attached: () => {
      attached = true;
      attachSeconds = (Date.now() - began) / 1000;
      if (spec.seconds !== null) deadline = setTimeout(() => stop('time'), spec.seconds * 1000);
      listener.state({ kind: 'attached', seconds: attachSeconds }, { ...totals });
    },
    event: (record) => {
      came++;
      if (stopping === 'count' || spec.dryRun || !arrival.passes(record)) return;
      judge(record, spec, written);
      if (!outbox.add(record)) {
        refused++;
        return;
      }
      totals.received++;
      if (spec.count !== null && totals.received >= spec.count) stop('count');
    },
    labels: (first, texts) => listener.labels(first, texts),
    totals: (kernel, last) => {
      Object.assign(totals, kernel);
      // Until it has ended some may be on their way.
      if (spec.script === null) missing = kernel.matched - kernel.limited - came;
      exact = last === true && missing !== null;
      totals.lost = lost();
      if (!attached || stopping !== null) return;
      listener.state({ kind: 'attached', seconds: attachSeconds }, { ...totals });
      if (losses.take({ lost: Math.max(totals.lost, reportedLost), came })) stop('loss');
    },
    lost: (count) => {
      reportedLost += count;
      totals.lost = lost();
    },
    stray: (line) => {
      strayCount++;
      if (strays.length < 40) strays.push(line.slice(0, 500));
    },
  };
  const stream = streamOf(spec, written, streamListener, (lines) => listener.output(lines));
  // What came already is handed on within onStdout, so "attached" may follow at once.
  listener.state({ kind: 'starting' }, { ...totals });
  leash.onStdout((chunk) => stream.push(chunk));

  const ended = leash.exit.then((exit) => {
    if (deadline !== null) clearTimeout(deadline);
    stream.end();
    outbox.flush();
    for (const match of leash.stderr().matchAll(/^Lost (\d{1,12}) events/gm))
      reportedLost += Number(match[1]);
    totals.lost = lost(true);
    const final: RunTotals = { ...totals, matched: Math.max(totals.matched, totals.received) };
    const failed = (failure: Fail): void =>
      listener.state({ kind: 'failed', failure: failure.failure, totals: final }, final);
    if (exit.code === null && exit.signal === null)
      return failed(new Fail('connection-lost', { host, message: 'during the probe' }));
    const said = [leash.stderr().trim(), strays.join('\n')].filter(Boolean).join('\n');
    const reason = stopping ?? (spec.dryRun ? 'dry-run' : 'target');
    const whole = attached && stream.ended && exit.code === 0;
    if (stopping !== null || whole || (attached && stream.ended && !(stream instanceof TextStream)))
      return listener.state({ kind: 'stopped', reason, totals: final }, final);
    failed(explainEnd({ target, spec, written, stream, said, exit, strayCount }));
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

/** What reads the output of a program. An edited script that lost its tag prints text, and nothing else. */
function streamOf(
  spec: ProbeSpec,
  { program }: WrittenProgram,
  listener: StreamListener,
  output: (lines: readonly string[]) => void,
): ProbeStream {
  switch (program.engine) {
    case 'bpftrace':
      return spec.script !== null && tagOf(spec.script) === null
        ? new TextStream(() => listener.attached(), output)
        : new BpftraceStream(program, listener);
    case 'tracefs':
      return spec.script !== null && !spec.script.includes(`\ntag=${program.tag}\n`)
        ? new TextStream(() => listener.attached(), output)
        : new TracefsStream(program, listener);
  }
}

function judge(record: EventRecord, spec: ProbeSpec, { program }: WrittenProgram): void {
  const input = verdictInput(record, spec, program.points[record.point]);
  if (input === null) return;
  const judged = verdictCode(input);
  record.verdict = VERDICT_KINDS.indexOf(judged.kind);
  record.headerAt = judged.headerAt;
}
