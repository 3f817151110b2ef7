import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { RecordedCommand } from '../../electron/backend/demo/recording.ts';
import { resolveHost } from '../../electron/backend/ssh/config.ts';
import type { Target } from '../../electron/backend/ssh/command.ts';
import { connect } from '../../electron/backend/ssh/connection.ts';
import type { Channel, Connection } from '../../electron/backend/ssh/connection.ts';
import { watchCounters } from '../../electron/backend/target/counters.ts';
import { deviceFacts } from '../../electron/backend/target/device-programs.ts';
import { probeCost } from '../../electron/backend/target/hotness.ts';
import { downloadKernel, identifyKernel } from '../../electron/backend/target/btf-download.ts';
import { KernelTypes } from '../../electron/backend/target/kernel-types.ts';
import { openTarget } from '../../electron/backend/target/open.ts';
import { prepareRun } from '../../electron/backend/trace/prepare.ts';
import { startRun } from '../../electron/backend/trace/run.ts';
import type { Run } from '../../electron/backend/trace/run.ts';
import { Tracepoints } from '../../electron/backend/trace/tracepoints.ts';
import type { TargetFacts } from '../../shared/contract/api.ts';
import { FLAG_DEVICE, readRecord, RECORD_BYTES } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import { breakGuest } from './break.ts';
import { DEFAULT_CASE } from './cases.ts';
import { LabFailure, type Progress } from './failure.ts';
import type { Guest } from './guest.ts';

/** The probes of the demo: what a newcomer may click in the reference investigation. */
const PROBES: readonly Pick<ProbeSpec, 'function' | 'filter'>[] = [
  { function: 'ip_rcv_core', filter: 'bad-ip-header' },
  { function: 'ip_rcv_core', filter: 'misfit' },
  { function: 'ip_rcv_core', filter: 'none' },
  { function: 'icmp_rcv', filter: 'none' },
];

const BAD_PACKETS = 40;
const INTERVAL_MILLISECONDS = 500;

/**
 * Makes the demo's recording on a real guest: surveys it, fetches its BTF and lists, then,
 * probe by probe, attaches it and breaks the guest; all that every command wrote is kept with its times. It is written as backend/demo/recording.ts reads it.
 */
export async function recordGuest(guest: Guest, file: string, progress: Progress): Promise<void> {
  const overrides = { configFile: guest.sshConfigPath, identityFiles: [], port: null };
  const connection = await connect(await resolveHost(guest.name, overrides), {
    hostKey: async () => 'cancel',
  });
  const tape = new Tape(connection);
  try {
    const { target, survey } = await openTarget(tape.connection, () => undefined);
    const identity = await identifyKernel(target);
    const files = await downloadKernel(target, identity, () => undefined);
    const kernel = new KernelTypes(files, survey.facts, guest.name);
    progress(
      `${guest.name}: ${kernel.functions.search('').length} functions in ${identity.files.length} BTF files`,
    );
    for (const probe of PROBES) {
      const spec = probeSpec.parse(probe);
      let bad: EventRecord | null = null;
      const run = await attach(target, spec, kernel, survey.facts, (records) => {
        const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
        for (let at = 0; at + RECORD_BYTES <= records.length && bad === null; at += RECORD_BYTES) {
          const record = readRecord(view, at);
          if (record.verdict !== 0 && (record.flags & FLAG_DEVICE) !== 0) bad = record;
        }
      });
      progress(`${guest.name}: ${spec.function} with ${spec.filter} is attached`);
      const stopCounters =
        probe === PROBES[0]
          ? await watchCounters(target, null, { reading: () => undefined, failed: () => undefined })
          : () => undefined;
      const broken = await breakGuest(guest, {
        case: DEFAULT_CASE,
        count: BAD_PACKETS,
        intervalMilliseconds: INTERVAL_MILLISECONDS,
      });
      progress(`${guest.name}: sent ${broken.sentBad} bad packets and ${broken.sentGood} good ones`);
      await delay(2000);
      run.stop('user');
      await run.ended;
      stopCounters();
      if (probe !== PROBES[0]) continue;
      if (bad === null) throw new LabFailure('fault-failed', 'no bad packet was captured');
      const { ifindex, netns } = bad as EventRecord;
      const facts = await deviceFacts(target, ifindex, netns);
      progress(
        `${guest.name}: ${facts.others.length} other devices stand behind ${facts.device?.name ?? '?'}`,
      );
      await probeCost(target, spec);
    }
    await delay(1000);
    const header = {
      recording: 1,
      kernel: survey.facts.release,
      bpftrace: survey.facts.bpftrace?.version ?? '',
      recorded: new Date().toISOString().slice(0, 10),
    };
    const lines = [header, ...tape.commands()].map((line) => JSON.stringify(line)).join('\n');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, gzipSync(`${lines}\n`, { level: 9 }));
    await rename(`${file}.new`, file);
  } finally {
    connection.close();
  }
}

/** Starts a probe and waits until it is attached. */
async function attach(
  target: Target,
  spec: ProbeSpec,
  kernel: KernelTypes,
  facts: TargetFacts,
  onRecords: (records: Uint8Array) => void,
): Promise<Run> {
  const host = target.connection.config.alias;
  const program = await prepareRun(spec, facts, kernel, new Tracepoints(target, facts.tracefs), host);
  let settle: (failure: Error | null) => void = () => undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settle = (failure) => (failure === null ? resolve() : reject(failure));
  });
  const run: Run = await startRun(target, spec, program, {
    state: (state) => {
      if (state.kind === 'attached') settle(null);
      if (state.kind === 'failed') settle(new LabFailure('fault-failed', state.failure.message));
    },
    records: (records) => {
      onRecords(records);
      run.credit(records.length);
    },
    labels: () => undefined,
    output: () => undefined,
  });
  await ready;
  return run;
}

/** Reads along on every channel of a connection and takes the leash's protocol apart again. */
class Tape {
  readonly connection: Connection;
  readonly #tracks: Track[] = [];

  constructor(connection: Connection) {
    this.connection = {
      ...connection,
      exec: async (command) => {
        const track = new Track(command, await connection.exec(command));
        this.#tracks.push(track);
        return track.channel;
      },
    };
  }

  commands(): RecordedCommand[] {
    return this.#tracks.map((track) => track.command()).filter((one) => one !== null);
  }
}

/** One leashed command: what went in, what came out after the guard was ready, and when. */
class Track {
  readonly channel: Channel;
  readonly #nonce: string;
  readonly #chunks: [at: number, data: Buffer][] = [];
  #written = '';
  #began: number | null = null;
  #before = Buffer.alloc(0);
  #interruptedAt: number | null = null;
  #exit = 0;

  constructor(command: string, channel: Channel) {
    this.#nonce = /echo (\w+) boot/.exec(command)?.[1] ?? '';
    void channel.exit.then(({ code }) => {
      this.#exit = code ?? 0;
    });
    this.channel = {
      ...channel,
      write: (data) => {
        const text = Buffer.from(data).toString('utf8');
        if (text === 'i\n') this.#interruptedAt ??= Date.now() - (this.#began ?? Date.now());
        else if (text !== 'h\n' && text !== 'k\n') this.#written += text;
        channel.write(data);
      },
      onStdout: (listener) =>
        channel.onStdout((chunk) => {
          this.#keep(chunk);
          listener(chunk);
        }),
    };
  }

  #keep(chunk: Buffer): void {
    if (this.#began !== null) {
      this.#chunks.push([Date.now() - this.#began, Buffer.from(chunk)]);
      return;
    }
    this.#before = Buffer.concat([this.#before, chunk]);
    const ready = Buffer.from(`${this.#nonce} ready\n`);
    const at = this.#before.indexOf(ready);
    if (at < 0) return;
    this.#began = Date.now();
    const rest = this.#before.subarray(at + ready.length);
    if (rest.length > 0) this.#chunks.push([0, rest]);
  }

  command(): RecordedCommand | null {
    const child = /^printf %s "\$input" \| (.+) 3<&- &$/m.exec(this.#written)?.[1];
    const guardEnd = 'exit $status\n';
    const input = this.#written
      .slice(this.#written.indexOf(guardEnd) + guardEnd.length)
      .replace(/^\d+\n/, '');
    if (child === undefined || !input.endsWith(this.#nonce)) return null;
    return {
      command: child,
      input: input.slice(0, -this.#nonce.length),
      chunks: this.#chunks.map(([at, data]) => [at, data.toString('base64')]),
      interruptedAt: this.#interruptedAt,
      exit: this.#exit,
    };
  }
}
