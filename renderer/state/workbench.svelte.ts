import { createContext } from 'svelte';
import type {
  Backend,
  FunctionEntry,
  PageEvents,
  PageQuestions,
  SessionInfo,
  WiresharkReading,
} from '../../shared/contract/api.ts';
import { connectBackend } from '../../shared/contract/rpc.ts';
import { isCapture } from '../../shared/capture/pcap-reader.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import type { FilterName } from '../../shared/probe/spec.ts';
import type { Profile } from '../../shared/profile/schema.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import { CaptureRun } from './capture-run.svelte.ts';
import { BTF_ENDINGS, isBtf, packBtf } from './btf-file.ts';
import { CommandLog } from './command-log.svelte.ts';
import { ConnectTalk } from './connect-talk.svelte.ts';
import { Connector } from './connector.svelte.ts';
import { DroppedFiles } from './dropped-files.svelte.ts';
import { t } from './locale.svelte.ts';
import { Investigations } from './investigations.svelte.ts';
import { download, exportPackets } from './packet-export.ts';
import { Runs } from './runs.svelte.ts';
import { canProbe } from './function-browser.svelte.ts';
import { remembered } from './remembered-functions.svelte.ts';
import { readSetting, writeSetting } from './settings.ts';
import { Session } from './session.svelte.ts';
import { Sessions } from './sessions.svelte.ts';

export const VIEWS = ['hosts', 'functions', 'structs', 'packets', 'counters', 'investigations'] as const;
export type ViewName = (typeof VIEWS)[number];

/** What the demo target calls itself. */
const DEMO_HOST = 'demo';

/** What the palette was opened for. */
export type PaletteMode = 'commands' | 'functions';

/**
 * One page and its backend: which view is up, which targets it is connected to, and the way from what
 * the backend tells to the part it concerns. The parts hold their own state.
 */
export class Workbench {
  readonly #backend: Backend;
  readonly connector: Connector;
  readonly talk = new ConnectTalk(() => this.#backend);
  readonly investigations: Investigations;
  readonly runs: Runs;
  readonly log = new CommandLog();
  readonly files = new DroppedFiles();
  view = $state.raw<ViewName>('hosts');
  readonly sessions = new Sessions();
  /** The session that is looked at. */
  readonly session = $derived.by(() => this.sessions.current);
  /** A capture file that is looked at in place of a run. */
  capture = $state.raw<CaptureRun | null>(null);
  palette = $state.raw<PaletteMode | null>(null);
  panelOpen = $state.raw(readSetting('panel') === 'open');
  /** The backend itself is gone: nothing more can be asked of it. */
  gone = $state.raw(false);
  /** What an action without a place of its own ended in. */
  failure = $state.raw<Failure | null>(null);
  /** Asks the current view to put the focus where work begins; a view compares it with what it last saw. */
  focusRequest = $state.raw(0);

  constructor(transport: Transport) {
    this.#backend = connectBackend(transport, this.#events(), this.#questions(), (bytes) =>
      this.runs.takeBatch(bytes),
    );
    transport.onClose(() => {
      this.gone = true;
    });
    this.connector = new Connector(this.#backend);
    this.investigations = new Investigations(this.#backend);
    this.runs = new Runs(this.#backend, this.sessions);
    this.files.register({
      name: () => t('capture.kind'),
      endings: ['.pcap', '.pcapng', '.cap'],
      knows: isCapture,
      take: (file) => this.openCapture(file),
    });
    this.files.register({
      name: () => t('btf.kind'),
      endings: BTF_ENDINGS,
      knows: isBtf,
      take: (file) => this.openBtf(file),
      // A kernel before its modules, which count on from it.
      largestFirst: true,
    });
    this.connector.load();
    void this.investigations.load();
  }

  /** The session that is looked at, if it can be used. */
  readonly live = $derived.by(() => (this.session && this.#usable(this.session) ? this.session : null));

  show(view: ViewName): void {
    this.view = view;
    this.focusRequest++;
    this.#watchCounters();
  }

  /** Looks at another of the connected targets; nothing begins or ends on any of them. */
  choose(session: Session): void {
    this.sessions.current = session;
    this.#watchCounters();
  }

  /** Looks at the target that is that many places on. */
  step(by: number): void {
    const beside = this.sessions.beside(by);
    if (beside) this.choose(beside);
  }

  /** The session of a host: the one there is, taken up again if it was lost, or a new one beside the others. */
  async connect(host: string): Promise<Session | null> {
    const known = this.sessions.ofHost(host);
    if (known) {
      this.choose(known);
      if (known.lost) await this.reconnect(known);
      return this.#usable(known) ? known : null;
    }
    if (this.connector.attempt.working) return null;
    this.talk.prepare();
    return this.#begin(host, await this.connector.connect(host));
  }

  async connectDemo(): Promise<Session | null> {
    const known = this.sessions.all.find((session) => session.info.replay !== null && this.#usable(session));
    if (known) {
      this.choose(known);
      this.#layOutDemo(known);
      return known;
    }
    if (this.connector.attempt.working) return null;
    this.show('hosts');
    this.talk.prepare();
    return this.#begin(DEMO_HOST, await this.connector.connectDemo());
  }

  /** Tries a lost session again at once; what was seen stays, and what ran is not started again. */
  async reconnect(lost = this.session): Promise<void> {
    if (!lost) return;
    // What it fails with is told by sessionLink.
    await this.#backend.reconnect({ session: lost.info.session }).catch(() => undefined);
    this.talk.end(lost.info.session);
  }

  /**
   * Opens a BTF file beside the targets: its functions and structs can be looked at, and compared. A module's goes on top
   * of the file that is looked at, or was opened last.
   */
  async openBtf(file: File): Promise<void> {
    const name = file.name.slice(0, 255) || 'BTF';
    const files = this.sessions.all.filter(({ info }) => info.btf);
    const base = (this.session?.info.btf ? this.session : files.at(-1))?.info.session;
    const packed = await packBtf(file);
    const info = await this.#backend.openBtf({ file: name, packed, ...(base !== undefined && { base }) });
    const session = new Session(this.#backend, info, `file ${info.session}`);
    this.sessions.add(session);
    this.choose(session);
    this.show('structs');
    void session.begin();
  }

  /** Shows the packets of a capture file; the runs of the targets go on behind it. */
  async openCapture(file: File): Promise<void> {
    this.closeCapture();
    const run = new CaptureRun(file);
    this.capture = run;
    this.show('packets');
    await run.read();
  }

  closeCapture(): void {
    this.capture?.close();
    this.capture = null;
  }

  /** Gives the user the packets that the table shows as a pcapng file. */
  exportPackets(): void {
    const run = this.runs.current;
    if (!run) return;
    const facts = this.session?.facts;
    const file = exportPackets(run, {
      application: `skblens ${this.connector.info.value?.version ?? ''}`,
      host: this.session?.info.host ?? '',
      release: facts?.release ?? '',
      machine: facts?.machine ?? '',
    });
    const name = [this.session?.info.host, run.spec?.function].filter(Boolean).join('-');
    download(file, `${name.replace(/[^\w.-]+/g, '_') || 'skblens'}.pcapng`);
  }

  async readWithWireshark(linktype: number, bytes: string): Promise<WiresharkReading> {
    return this.#backend.wireshark({ linktype, bytes });
  }

  /** Ends one session; the others go on. */
  async disconnect(session = this.session): Promise<void> {
    if (!session) return;
    this.runs.leave(session);
    this.sessions.remove(session);
    this.talk.end(session.info.session);
    if (this.sessions.current === null) this.view = 'hosts';
    await this.#backend.disconnect({ session: session.info.session }).catch(() => undefined);
  }

  /** Looks at a function: its signature, and the probe form turned to it. */
  chooseFunction(entry: FunctionEntry, session = this.live): void {
    if (!session) return;
    session.points.chosen = null;
    session.functions.choose(entry);
    session.probe.turnTo(
      entry.module === '' || entry.module === 'vmlinux' ? entry.name : `${entry.module}:${entry.name}`,
    );
  }

  /** Looks at a tracepoint or another point that is no function, and turns the probe form to it. */
  choosePoint(point: FunctionEntry): void {
    this.live?.points.choose(point);
    this.live?.probe.turnTo(point.name);
  }

  /** Looks at a struct of the target. */
  openStruct(name: string): void {
    if (!this.live) return;
    if (this.view !== 'structs') this.show('structs');
    void this.live.structs.open(name);
  }

  /** Opens the probe form of the chosen function: the script is shown, nothing runs yet. */
  openProbe(): void {
    const chosen = this.live?.points.chosen ?? this.live?.functions.chosen;
    if (!this.live || !chosen || !canProbe(chosen)) return;
    this.live.probe.open = true;
    this.show('functions');
  }

  /** Turns to a function by name with a filter set, as a counter or the first steps suggest it. */
  suggestProbe(name: string, filter: FilterName, session = this.live): void {
    if (!session) return;
    session.functions.reveal(name);
    session.probe.filter = filter;
    this.chooseFunction(session.functions.find(name), session);
    session.probe.prepare(0);
  }

  togglePanel(): void {
    this.panelOpen = !this.panelOpen;
    writeSetting('panel', this.panelOpen ? 'open' : 'closed');
  }

  /** Opens the save form for the probe that was run last. */
  composeInvestigation(): void {
    const spec = this.runs.current?.spec ?? this.session?.probe.spec;
    if (spec && this.session) this.investigations.compose(this.session.info.host, spec);
  }

  async startProbe(): Promise<void> {
    const session = this.live;
    const spec = session?.probe.spec;
    if (!session || !spec) return;
    const before = session.run;
    if (before?.running) await this.runs.stop(before).catch(() => undefined);
    const started = await session.probe.start();
    if (started === null) return;
    remembered.probed(spec.function);
    this.closeCapture();
    const run = this.runs.choose(started.run, session);
    run.spec = spec;
    run.points = started.points;
    run.fields = started.fields;
    run.reasons = started.reasons;
    run.reconcile.begin(spec, started.points, {
      release: session.facts?.release ?? null,
      replay: session.info.replay !== null,
    });
    run.signature = session.probe.prepared.value?.signature ?? '';
    run.clockOffset = offsetOf(session.facts?.clockOffset);
    if (this.session === session) this.show('packets');
  }

  async stopProbe(): Promise<void> {
    const run = this.runs.current;
    if (run?.running) await this.#attempt(() => this.runs.stop(run));
  }

  /** Connects to the host of a saved investigation and makes its probe ready, script shown, not started. */
  async openInvestigation(profile: Profile): Promise<void> {
    const open = this.sessions.all.find(
      (session) => session.info.host === profile.host && this.#usable(session),
    );
    const session =
      open ?? (this.#isDemo(profile.host) ? await this.connectDemo() : await this.connect(profile.host));
    if (!session) {
      this.show('hosts');
      return;
    }
    this.choose(session);
    session.functions.reveal(profile.probe.function);
    this.chooseFunction(session.functions.find(profile.probe.function), session);
    session.probe.fill(profile.probe);
    this.show('functions');
  }

  /** A host of the ssh config that is called demo goes before the demo target. */
  #isDemo(host: string): boolean {
    const { info, hosts } = this.connector;
    return (
      host === DEMO_HOST && info.value?.demo != null && !hosts.value?.some((entry) => entry.host === host)
    );
  }

  /** A session beside those there are; it is turned to unless the user is reading what another one found. */
  #begin(asked: string, info: SessionInfo | null): Session | null {
    const { attempt } = this.talk;
    if (attempt) this.talk.end(attempt.session);
    if (!info) return null;
    this.talk.attempt = null;
    const progress = attempt?.session === info.session ? attempt : null;
    const session = new Session(this.#backend, info, asked, progress);
    this.runs.join(session);
    this.sessions.add(session);
    if (this.view === 'hosts') this.choose(session);
    this.failure = null;
    void session.begin();
    if (info.replay) this.#layOutDemo(session);
    return session;
  }

  /** The recording is of one investigation: it is laid out, and nothing of it is started. */
  #layOutDemo(session: Session): void {
    this.suggestProbe('ip_rcv_core', 'bad-ip-header', session);
  }

  #usable(session: Session): boolean {
    return session.lost === null && !this.gone;
  }

  #watchCounters(): void {
    if (this.live?.info.btf) return;
    if (this.view === 'counters' || this.view === 'packets') void this.live?.counters.watch();
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    this.failure = null;
    try {
      await work();
    } catch (thrown) {
      this.failure = failureOf(thrown);
    }
  }

  #events(): PageEvents {
    return {
      sessionLost: ({ session, failure }) => {
        const lost = this.sessions.of(session);
        if (lost) lost.lost = failure;
      },
      sessionLink: ({ session, state }) => {
        const known = this.sessions.of(session);
        if (!known) return;
        known.link = state;
        if (state.kind === 'resumed') void known.resume();
      },
      connectLog: ({ session, line }) => {
        const known = this.sessions.of(session);
        if (known) known.progress.take(line);
        else this.talk.take(session, line);
      },
      runReceipt: ({ run, receipt }) => this.runs.takeReceipt(run, receipt),
      runOutput: ({ session, lines }) =>
        this.log.add(this.sessions.of(session)?.info.host ?? DEMO_HOST, lines.join('\n'), 'script'),
      commandRan: ({ session, command, purpose }) =>
        this.log.add(
          this.sessions.of(session)?.info.host ?? (this.connector.target || DEMO_HOST),
          command,
          purpose,
        ),
      counters: ({ session, reading }) => {
        const known = this.sessions.of(session);
        known?.counters.take(reading);
        known?.run?.reconcile.reading(reading);
      },
      countersFailed: ({ session, failure }) => this.sessions.of(session)?.counters.fail(failure),
      runState: (payload) => this.runs.takeState(payload),
      runLoad: ({ run, load }) => this.runs.takeLoad(run, load),
      runLabels: ({ run, first, texts }) => this.runs.takeLabels(run, first, texts),
      progress: ({ session, what, done }) => {
        if (what === 'connect') this.talk.begin(session);
        if (what === 'survey' && this.talk.attempt?.session === session) this.talk.attempt.survey();
        const functions = what === 'functions' ? this.sessions.of(session)?.functions : undefined;
        if (functions) functions.progress = { done };
      },
    };
  }

  #questions(): PageQuestions {
    return {
      hostKey: (question) => this.talk.hostKeys.ask(question),
      secret: (question) => this.talk.secrets.ask(question),
    };
  }
}

function offsetOf(text: string | undefined): bigint | null {
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? BigInt(text) : null;
}

export const [useWorkbench, setWorkbench] = createContext<Workbench>();
