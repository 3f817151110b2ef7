import type { RunState, RunTotals, SessionInfo } from '../../../shared/contract/api.ts';
import type { CleanupReceipt } from '../../../shared/contract/ssh-session.ts';
import { Fail, failFrom } from '../../../shared/contract/failure.ts';
import { decodeBatch } from '../../../shared/capture/batch.ts';
import { FLAG_ARGUMENTS, readRecord, RECORD_BYTES } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { verdict } from '../../../shared/packet/verdict.ts';
import { eventPacket } from '../../../shared/probe/event-packet.ts';
import type { VerdictKind } from '../../../shared/packet/verdict.ts';
import { expectedLayer, skbState, verdictInput } from '../../../shared/probe/record-verdict.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import { openLocalClient, reasonOf } from './client.ts';
import { PcapngFile } from './pcapng-file.ts';
import { ProbeBeside } from './probe-beside.ts';
import { eventExtras, eventLines, reasonText, verdictJson } from './event-text.ts';
import type { RunTold } from './event-text.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

export interface ProbeResult {
  readonly seenVerdicts: ReadonlySet<VerdictKind>;
}

/** What a command needs to run one probe on one host. */
export interface ProbeJob {
  readonly line: CommandLine;
  readonly output: Output;
  readonly deps: BackendDeps;
  readonly spec: ProbeSpec;
  /** How to connect: an ssh HOST, or the demo target. */
  readonly host: string | { readonly demo: true };
  /** Aborted by Ctrl-C: the probe is stopped, its last totals are still printed. */
  readonly signal: AbortSignal;
}

/** Connects, probes until the limits, Ctrl-C or a failure, and prints every event as it comes. */
export async function probeHost(job: ProbeJob): Promise<ProbeResult> {
  const { line, output, spec } = job;
  const seenVerdicts = new Set<VerdictKind>();
  const finished = deferred<RunState>();
  const receipt = deferred<CleanupReceipt | null>();
  let info: SessionInfo | null = null;
  let pcapng: PcapngFile | null = null;
  let clockOffset = 0n;
  let runNumber: number | null = null;
  let started = false;
  let attachedSaid = false;
  let lostSaid = 0;
  const labels = new Map<number, string>();
  let told: RunTold = { points: [], fields: [], reasons: {}, labels };
  const named = typeof job.host === 'string' ? job.host : 'demo';
  const beside = new ProbeBeside(output, named);

  const onState = ({ run, state, totals }: { run: number; state: RunState; totals: RunTotals }): void => {
    runNumber = run;
    beside.state(state, totals);
    if (totals.lost > lostSaid) {
      output.line({ type: 'lost', host: named, count: totals.lost - lostSaid, total: totals.lost });
      output.note(`skblens: ${totals.lost} events were lost on the way`);
      lostSaid = totals.lost;
    }
    if (state.kind === 'attached' && !attachedSaid) {
      attachedSaid = true;
      output.line({ type: 'attached', host: named, function: spec.function, seconds: state.seconds });
      output.note(
        `skblens: attached to ${spec.function} on ${named} after ${state.seconds.toFixed(1)} s; Ctrl-C stops`,
      );
    }
    if (state.kind === 'stopped' || state.kind === 'failed') finished.resolve(state);
  };

  const client = openLocalClient(
    line,
    output,
    job.deps,
    job.signal,
    {
      runState: onState,
      runLabels: ({ first, texts }) => texts.forEach((text, i) => labels.set(first + i, text)),
      runOutput: ({ lines }) => {
        for (const text of lines) {
          output.line({ type: 'output', host: named, text });
          output.text(text);
        }
      },
      runLoad: ({ load }) => beside.load(load),
      counters: ({ reading }) => beside.reading(reading),
      runReceipt: (payload) => receipt.resolve(payload.receipt),
      sessionLost: ({ failure }) => finished.resolve({ kind: 'failed', failure, totals: NO_TOTALS }),
    },
    (bytes) => {
      const batch = decodeBatch(bytes);
      if (batch === null || info === null) return;
      beside.records(batch.records);
      const view = new DataView(batch.records.buffer, batch.records.byteOffset, batch.records.byteLength);
      for (let i = 0; i < batch.count; i++) printEvent(readRecord(view, i * RECORD_BYTES), info);
      void output
        .drained()
        .then(() => client.backend.credit({ run: batch.run, bytes: batch.records.length }));
    },
  );

  const layer = expectedLayer(spec);
  const printEvent = (record: EventRecord, session: SessionInfo): void => {
    const point = told.points[record.point];
    const input = verdictInput(record, spec, point);
    const functionName = point?.name ?? spec.function;
    const judged = input === null ? null : verdict(input);
    if (judged !== null) seenVerdicts.add(judged.kind);
    if (judged !== null && judged.kind !== 'as-expected') beside.bad(record);
    const drop = record.reason === null ? null : reasonText(record.reason, told.reasons);
    if (input !== null && judged !== null)
      pcapng?.write(eventPacket(record, input, judged, functionName, clockOffset, drop));
    output.line({
      type: 'event',
      host: named,
      ...(session.replay ? { replay: session.replay } : {}),
      seq: record.seq,
      ns: record.ns + clockOffset,
      cpu: record.cpu,
      pid: record.pid,
      comm: record.comm,
      function: functionName,
      skb: skbState(record),
      ...eventExtras(record, told),
      ...(record.flags & FLAG_ARGUMENTS ? { arguments: Buffer.from(record.bytes).toString('hex') } : {}),
      bytes: Buffer.from(record.bytes).toString('hex'),
      window: record.window,
      verdict: judged === null ? null : verdictJson(judged),
    });
    for (const text of eventLines(record, judged, input?.expect ?? layer, told, clockOffset))
      output.text(printable(text));
  };

  const stop = (): void => {
    if (runNumber !== null) void client.backend.stopProbe({ run: runNumber }).catch(() => undefined);
  };
  try {
    info =
      typeof job.host === 'string'
        ? await client.backend.connect({ host: job.host })
        : await client.backend.connectDemo({});
    const survey = await client.backend.survey({ session: info.session });
    clockOffset = BigInt(survey.facts.clockOffset);
    if (info.replay)
      output.note(
        `skblens: this is a REPLAY of kernel ${info.replay.kernel}, recorded ${info.replay.recorded}`,
      );
    if (line.printScript) {
      const prepared = await client.backend.prepareProbe({ session: info.session, spec });
      output.text(prepared.script);
      output.line({
        type: 'script',
        host: named,
        engine: prepared.engine,
        why: prepared.why.text,
        points: prepared.points,
        where: prepared.where,
        script: prepared.script,
      });
      return { seenVerdicts };
    }
    if (job.signal.aborted) throw new Fail('cancelled');
    if (line.pcapng !== null) pcapng = await PcapngFile.create(line.pcapng, survey.facts, named);
    beside.warn(spec);
    const netns = await beside.namespaceOf(client.backend, info, line.netns);
    const watched = beside.watch(client.backend, info, netns);
    const probe = await client.backend.startProbe({ session: info.session, spec });
    runNumber = probe.run;
    told = { ...probe, labels };
    if (probe.feedsItself)
      output.note(
        'skblens: this script does not leave out the packets of our own SSH connection: each event that it sends is more packets',
      );
    beside.begin(spec, probe.points, survey.facts.release, info.replay !== null);
    started = true;
    await watched;
    client.letFinish();
    job.signal.addEventListener('abort', stop, { once: true });
    if (job.signal.aborted) stop();
    const end = await finished.promise;
    await pcapng?.close(lostSaid);
    if (info.replay === null) {
      const timer = setTimeout(() => receipt.resolve(null), RECEIPT_MS);
      const looked = await receipt.promise;
      clearTimeout(timer);
      if (looked !== null) {
        output.line({ type: 'receipt', host: named, ...looked });
        output.note(`skblens: ${printable(looked.summary)}`);
      }
    }
    beside.reconciliation();
    if (end.kind === 'failed') throw failFrom(end.failure);
    if (line.deviceFacts) await beside.device(client.backend, info, survey.facts.release);
    if (end.kind === 'stopped') {
      output.line({ type: 'stopped', host: named, reason: end.reason, totals: end.totals });
      const why = end.reason === 'load' ? `load: ${beside.loadText()}` : end.reason;
      output.note(`skblens: stopped (${why}); ${totalsText(end.totals)}`);
    }
    return { seenVerdicts };
  } catch (error) {
    throw started ? error : reasonOf(error, job.signal);
  } finally {
    job.signal.removeEventListener('abort', stop);
    await client.close();
    await pcapng?.close(lostSaid);
  }
}

/** A look at the target after the run may take so long; without it the run is reported all the same. */
const RECEIPT_MS = 20_000;

const NO_TOTALS: RunTotals = { seen: 0, matched: 0, received: 0, limited: 0, lost: 0, own: 0 };

function totalsText(totals: RunTotals): string {
  return (
    `${totals.received} events, ${totals.seen} packets seen, ${totals.matched} matched, ` +
    `${totals.limited} held back by the rate limit, ${totals.lost} lost, ${totals.own} of our own SSH left out`
  );
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
