import type {
  Page,
  PreparedProbe,
  RecordingInfo,
  RunState,
  RunTotals,
  SessionInfo,
  StartedProbe,
  Survey,
  TargetFacts,
} from '../../shared/contract/api.ts';
import type { DeviceFacts, NetworkNamespace, ProbeCost } from '../../shared/contract/target-state.ts';
import { Fail } from '../../shared/contract/failure.ts';
import { encodeBatch } from '../../shared/capture/batch.ts';
import type { ProbeProgram } from '../../shared/probe/program.ts';
import { expectedLayer } from '../../shared/probe/record-verdict.ts';
import { prototypeText } from '../../shared/probe/signature.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import type { Target } from './ssh/command.ts';
import { connect } from './ssh/connection.ts';
import type { Connection } from './ssh/connection.ts';
import type { PageAsker } from './ssh/page-asker.ts';
import { takeReceipt } from './ssh/receipt.ts';
import type { RanOnTarget } from './ssh/receipt.ts';
import { Reconnector } from './ssh/reconnect.ts';
import { CounterWatch } from './target/counters.ts';
import { deviceFacts } from './target/device-programs.ts';
import { probeCost } from './target/hotness.ts';
import { watchLoad } from './target/load.ts';
import { listNamespaces } from './target/netns.ts';
import type { KernelCache } from './target/btf-cache.ts';
import { loadKernel } from './target/kernel.ts';
import type { KernelTypes } from './target/kernel-types.ts';
import { openTarget } from './target/open.ts';
import { prepareRun } from './trace/prepare.ts';
import type { PreparedRun } from './trace/prepare.ts';
import { startRun } from './trace/run.ts';
import type { Run } from './trace/run.ts';
import { Tracepoints } from './trace/tracepoints.ts';

/** The last program that was written, with what it was written from. */
interface Prepared {
  readonly key: string;
  readonly facts: TargetFacts;
  readonly run: PreparedRun;
}

/** One connected target of one page, and everything that runs there. */
export class Session {
  readonly info: SessionInfo;
  survey: Survey;
  readonly #page: Page;
  readonly #runs = new Map<number, Run>();
  readonly #unseen = new Map<number, RanOnTarget>();
  readonly #cache: KernelCache;
  readonly #asker: PageAsker;
  readonly #reconnector: Reconnector;
  #target: Target;
  #kernel: Promise<KernelTypes> | null = null;
  #prepared: Prepared | null = null;
  #tracepoints: Tracepoints | null = null;
  readonly #counters = new CounterWatch();
  #link: 'up' | 'lost' | 'closed' = 'up';

  private constructor(
    info: SessionInfo,
    survey: Survey,
    target: Target,
    page: Page,
    cache: KernelCache,
    asker: PageAsker,
  ) {
    this.info = info;
    this.survey = survey;
    this.#target = target;
    this.#page = page;
    this.#cache = cache;
    this.#asker = asker;
    this.#reconnector = new Reconnector({
      attempt: (interactive, signal) => this.#resume(interactive, signal),
      tell: (state) => page.event('sessionLink', { session: info.session, state }),
    });
    this.#watch(target.connection);
  }

  /** Surveys a fresh connection. The connection is the session's from here on, also when this throws. */
  static async open(
    id: string,
    connection: Connection,
    replay: RecordingInfo | null,
    page: Page,
    cache: KernelCache,
    asker: PageAsker,
  ): Promise<Session> {
    try {
      const { target, survey } = await openTarget(
        connection,
        (command, purpose) => page.event('commandRan', { session: id, command, purpose }),
        asker,
      );
      const { config, hostKey } = connection;
      const info: SessionInfo = {
        session: id,
        host: config.alias,
        user: config.user,
        address: config.hostName,
        port: config.port,
        hostKey,
        replay,
      };
      return new Session(info, survey, target, page, cache, asker);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Nothing can be asked of it now; it may come back if it was lost, and not closed. */
  get closed(): boolean {
    return this.#link !== 'up';
  }

  /** The kernel's types if they were read, also while the connection is lost; null if they must be asked for. */
  get knownTypes(): Promise<KernelTypes> | null {
    return this.#link === 'closed' ? null : this.#kernel;
  }

  /** Tries a lost connection again at once, with a person at hand. */
  async reconnect(): Promise<void> {
    if (this.#link === 'lost') await this.#reconnector.now();
  }

  #watch(connection: Connection): void {
    connection.onLost((failure) => {
      if (this.#link === 'closed') return;
      this.#link = 'lost';
      this.#page.event('sessionLost', { session: this.info.session, failure: failure.failure });
      this.#reconnector.begin();
    });
  }

  /** The same session on a new connection: survey and counters are taken up again; a probe is not. */
  async #resume(interactive: boolean, signal: AbortSignal): Promise<void> {
    const { config, hostKey } = this.#target.connection;
    const asker = interactive ? this.#asker : this.#asker.alone(hostKey);
    const connection = await connect(config, asker, signal);
    try {
      const { target, survey } = await openTarget(connection, this.#target.onCommand, asker, this.#target);
      if (signal.aborted || this.#link !== 'lost') throw new Fail('cancelled');
      if (survey.facts.release !== this.survey.facts.release) this.#kernel = null;
      this.#target = target;
      this.#tracepoints = null;
      this.survey = survey;
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#link = 'up';
    this.#watch(connection);
    void this.#lookAgain();
    const watched = this.#counters.wanted;
    this.#counters.stop();
    if (watched !== null) await this.watchCounters(true, watched.netns).catch(() => undefined);
  }

  /** Of a network namespace by its inode, null: of the one that our commands run in. */
  async watchCounters(on: boolean, netns: number | null): Promise<void> {
    if (!on) return this.#counters.stop();
    const { session } = this.info;
    await this.#counters.start(this.#target, netns, {
      reading: (reading) => this.#page.event('counters', { session, reading }),
      failed: ({ failure }) => {
        if (!this.closed) this.#page.event('countersFailed', { session, failure });
      },
    });
  }

  async networkNamespaces(): Promise<readonly NetworkNamespace[]> {
    return listNamespaces(this.#target);
  }

  async deviceFacts(ifindex: number, netns: number): Promise<DeviceFacts> {
    return deviceFacts(this.#target, ifindex, netns);
  }

  async probeCost(spec: ProbeSpec): Promise<ProbeCost> {
    return probeCost(this.#target, spec);
  }

  /** What the target's tracefs tells of tracepoints, each file read once a connection. */
  get tracepoints(): Tracepoints {
    return (this.#tracepoints ??= new Tracepoints(this.#target, this.survey.facts.tracefs));
  }

  async prepare(spec: ProbeSpec): Promise<PreparedProbe> {
    const { program, why, where, points } = await this.#program(spec);
    const [point] = program.points;
    const signature = points[0]?.signature ?? null;
    const place = { data: 'skb->data', network: 'the network header', mac: 'the MAC header' }[
      point?.pointer ?? 'data'
    ];
    return {
      engine: program.engine,
      points: program.points,
      fields: program.fields,
      why,
      where,
      feedsItself: program.feedsItself ?? false,
      script: program.script,
      command: program.command,
      signature: signature === null ? '' : prototypeText(signature),
      expects:
        point?.captures === 'arguments'
          ? 'no struct sk_buff: its arguments are recorded'
          : `${expectedLayer(spec, point).replace('auto', 'any')} header at ${place}`,
    };
  }

  /** Starts the probe; events and states go to the page under `id`. */
  async startProbe(id: number, spec: ProbeSpec): Promise<StartedProbe> {
    const prepared = await this.#program(spec);
    const { program, reasons } = prepared;
    const { session } = this.info;
    let attached: () => void = () => undefined;
    const whenAttached = new Promise<void>((resolve) => {
      attached = resolve;
    });
    const run = await startRun(this.#target, spec, prepared, {
      state: (state: RunState, totals: RunTotals) => {
        if (state.kind === 'attached') attached();
        this.#page.event('runState', { run: id, session, state, totals });
      },
      records: (records) => this.#page.batch(encodeBatch(id, records)),
      labels: (first, texts) => this.#page.event('runLabels', { run: id, session, first, texts }),
      output: (lines) => this.#page.event('runOutput', { run: id, session, lines }),
    });
    this.#runs.set(id, run);
    void run.ended.then(() => this.#runs.delete(id));
    void run.ran.then((ran) => this.#receipt(id, ran));
    if (this.info.replay === null) void whenAttached.then(() => this.#watchLoad(id, run, program.engine));
    const { engine, points, fields, feedsItself = false } = program;
    return { run: id, engine, points, fields, feedsItself, reasons: Object.fromEntries(reasons) };
  }

  /** Ends a run under which the target's load rises steeply. A watch that cannot be started leaves the run as it is. */
  async #watchLoad(id: number, run: Run, engine: ProbeProgram['engine']): Promise<void> {
    const { session } = this.info;
    const stop = await watchLoad(this.#target, run.mark, {
      load: (load) => {
        if (this.#runs.has(id)) this.#page.event('runLoad', { run: id, session, load: { ...load, engine } });
      },
      tooMuch: () => run.stop('load'),
    }).catch(() => null);
    if (stop !== null) await run.ended.then(stop);
  }

  /** Looks at the target after a run; one whose connection was lost is looked for when it is back. */
  async #receipt(id: number, ran: RanOnTarget): Promise<void> {
    const { session, replay } = this.info;
    if (replay !== null || this.#link === 'closed') return;
    const lost = ran.exit.code === null && ran.exit.signal === null;
    const receipt = await takeReceipt(lost || this.#link !== 'up' ? null : this.#target, ran);
    this.#page.event('runReceipt', { run: id, session, receipt });
    if (receipt.processes === null) this.#unseen.set(id, ran);
  }

  /** The looks that a lost connection prevented. */
  async #lookAgain(): Promise<void> {
    const { session } = this.info;
    for (const [id, ran] of this.#unseen) {
      this.#unseen.delete(id);
      const receipt = await takeReceipt(this.#target, ran);
      this.#page.event('runReceipt', { run: id, session, receipt });
    }
  }

  run(id: number): Run | undefined {
    return this.#runs.get(id);
  }

  /** Ends everything on the target, waits for the probes to be gone, and closes the connection. */
  async close(): Promise<void> {
    if (this.#link === 'closed') return;
    this.#link = 'closed';
    this.#reconnector.stop();
    this.#counters.stop();
    for (const run of this.#runs.values()) run.stop('user');
    await Promise.race([
      Promise.all([...this.#runs.values()].map((run) => run.ended)),
      new Promise((resolve) => setTimeout(resolve, 10_000).unref()),
    ]);
    this.#target.connection.close();
  }

  #mustTrace(): void {
    const { facts } = this.survey;
    const { host, user } = this.info;
    if (facts.uid !== 0 && facts.capable !== true)
      throw new Fail('not-privileged', { host, user, message: `it runs as uid ${facts.uid}` });
    if (facts.btfBytes === null) throw new Fail('btf-missing', { host });
    if (facts.lockdown === 'confidentiality')
      throw new Fail('kernel-locked-down', { host, mode: facts.lockdown });
  }

  /** The program of a spec: the one that was shown, as long as the spec and what is known of the target are the same. */
  async #program(spec: ProbeSpec): Promise<PreparedRun> {
    this.#mustTrace();
    const { facts } = this.survey;
    const key = JSON.stringify(spec);
    if (this.#prepared?.key === key && this.#prepared.facts === facts) return this.#prepared.run;
    const run = await prepareRun(spec, facts, await this.types(), this.tracepoints, this.info.host);
    this.#prepared = { key, facts, run };
    return run;
  }

  /** Read once a session; a failure is not kept, so that it can be tried again. */
  types(): Promise<KernelTypes> {
    const { session, replay } = this.info;
    const { facts } = this.survey;
    this.#kernel ??= loadKernel(this.#target, facts, this.#cache, replay === null, (done, total) =>
      this.#page.event('progress', { session, what: 'functions', done, total }),
    ).catch((error: unknown) => {
      this.#kernel = null;
      throw error;
    });
    return this.#kernel;
  }
}
