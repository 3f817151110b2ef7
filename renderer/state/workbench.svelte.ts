import { createContext } from 'svelte';
import type {
  Backend,
  FunctionEntry,
  PageEvents,
  PageQuestions,
  SessionInfo,
} from '../../shared/contract/api.ts';
import { connectBackend } from '../../shared/contract/rpc.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import type { FilterName } from '../../shared/probe/spec.ts';
import type { Profile } from '../../shared/profile/schema.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import { CommandLog } from './command-log.svelte.ts';
import { ConnectTalk } from './connect-talk.svelte.ts';
import { Connector } from './connector.svelte.ts';
import { Investigations } from './investigations.svelte.ts';
import { Runs } from './runs.svelte.ts';
import { readSetting, writeSetting } from './settings.ts';
import { Session } from './session.svelte.ts';

export const VIEWS = ['hosts', 'functions', 'structs', 'packets', 'counters', 'investigations'] as const;
export type ViewName = (typeof VIEWS)[number];

/** What the demo target calls itself. */
const DEMO_HOST = 'demo';

/** What the palette was opened for. */
export type PaletteMode = 'commands' | 'functions';

/**
 * One page and its backend: which view is up, which target it is connected to, and the way from what
 * the backend tells to the part it concerns. The parts hold their own state.
 */
export class Workbench {
  readonly #backend: Backend;
  readonly connector: Connector;
  readonly talk = new ConnectTalk(() => this.#backend);
  readonly investigations: Investigations;
  readonly runs: Runs;
  readonly log = new CommandLog();
  view = $state.raw<ViewName>('hosts');
  session = $state.raw<Session | null>(null);
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
    this.runs = new Runs(this.#backend);
    this.connector.load();
    void this.investigations.load();
  }

  /** A session that can be used. */
  readonly live = $derived(
    this.session !== null && this.session.lost === null && !this.gone ? this.session : null,
  );

  show(view: ViewName): void {
    this.view = view;
    this.focusRequest++;
    if ((view === 'counters' || view === 'packets') && this.live) void this.live.counters.watch();
  }

  async connect(host: string): Promise<Session | null> {
    return this.#begin(await this.connector.connect(host));
  }

  async connectDemo(): Promise<Session | null> {
    return this.#begin(await this.connector.connectDemo());
  }

  /** Tries the lost session again at once; what was seen stays, and what ran is not started again. */
  async reconnect(): Promise<void> {
    const lost = this.session;
    if (!lost) return;
    // What it fails with is told by sessionLink.
    await this.#backend.reconnect({ session: lost.info.session }).catch(() => undefined);
    this.talk.end();
  }

  async disconnect(): Promise<void> {
    const { session } = this;
    if (!session) return;
    this.session = null;
    this.view = 'hosts';
    await this.#backend.disconnect({ session: session.info.session }).catch(() => undefined);
  }

  /** Looks at a function: its signature, and the probe form turned to it. */
  chooseFunction(entry: FunctionEntry): void {
    if (!this.live) return;
    this.live.functions.chosen = entry;
    this.live.probe.turnTo(
      entry.module === '' || entry.module === 'vmlinux' ? entry.name : `${entry.module}:${entry.name}`,
    );
  }

  /** Looks at a struct of the target. */
  openStruct(name: string): void {
    if (!this.live) return;
    if (this.view !== 'structs') this.show('structs');
    void this.live.structs.open(name);
  }

  /** Opens the probe form of the chosen function: the script is shown, nothing runs yet. */
  openProbe(): void {
    const chosen = this.live?.functions.chosen;
    if (!this.live || !chosen || chosen.attachable === 'no') return;
    this.live.probe.open = true;
    this.show('functions');
  }

  /** Turns to a function by name with a filter set, as a counter or the first steps suggest it. */
  suggestProbe(name: string, filter: FilterName): void {
    const { live } = this;
    if (!live) return;
    live.functions.query = name;
    live.probe.filter = filter;
    this.chooseFunction(live.functions.find(name));
    live.probe.prepare(0);
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
    const before = this.runs.current;
    if (before?.running) await this.runs.stop(before).catch(() => undefined);
    const started = await session.probe.start();
    if (started === null) return;
    const run = this.runs.choose(started);
    run.spec = spec;
    run.signature = session.probe.prepared.value?.signature ?? '';
    run.clockOffset = offsetOf(session.facts?.clockOffset);
    this.show('packets');
  }

  async stopProbe(): Promise<void> {
    const run = this.runs.current;
    if (run?.running) await this.#attempt(() => this.runs.stop(run));
  }

  /** Connects to the host of a saved investigation and makes its probe ready, script shown, not started. */
  async openInvestigation(profile: Profile): Promise<void> {
    const same = this.live?.info.host === profile.host ? this.live : null;
    const session =
      same ?? (this.#isDemo(profile.host) ? await this.connectDemo() : await this.connect(profile.host));
    if (!session) {
      this.show('hosts');
      return;
    }
    session.functions.query = profile.probe.function;
    this.chooseFunction(session.functions.find(profile.probe.function));
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

  async #begin(info: SessionInfo | null): Promise<Session | null> {
    this.talk.end();
    if (!info) return null;
    const former = this.session;
    if (former && former.lost === null)
      void this.#backend.disconnect({ session: former.info.session }).catch(() => undefined);
    const session = new Session(this.#backend, info);
    this.session = session;
    this.failure = null;
    void session.begin();
    // The recording is of one investigation: it is laid out, and nothing of it is started.
    if (info.replay) this.suggestProbe('ip_rcv_core', 'bad-ip-header');
    return session;
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    this.failure = null;
    try {
      await work();
    } catch (thrown) {
      this.failure = failureOf(thrown);
    }
  }

  #of(session: string): Session | null {
    return this.session?.info.session === session ? this.session : null;
  }

  #events(): PageEvents {
    return {
      sessionLost: ({ session, failure }) => {
        const lost = this.#of(session);
        if (lost) lost.lost = failure;
      },
      sessionLink: ({ session, state }) => {
        const known = this.#of(session);
        if (!known) return;
        known.link = state;
        if (state.kind === 'resumed') void known.resume();
      },
      connectLog: ({ session, line }) => this.talk.take(session, line),
      runReceipt: ({ run, receipt }) => this.runs.takeReceipt(run, receipt),
      commandRan: ({ session, command, purpose }) =>
        this.log.add(this.#of(session)?.info.host ?? (this.connector.target || DEMO_HOST), command, purpose),
      counters: ({ session, reading }) => this.#of(session)?.counters.take(reading),
      countersFailed: ({ session, failure }) => this.#of(session)?.counters.fail(failure),
      runState: (payload) => this.runs.takeState(payload),
      progress: ({ session, what, done }) => {
        const functions = what === 'functions' ? this.#of(session)?.functions : undefined;
        if (functions) functions.progress = { done };
      },
    };
  }

  #questions(): PageQuestions {
    return {
      hostKey: (question) => this.connector.ask(question),
      secret: (question) => this.talk.ask(question),
    };
  }
}

function offsetOf(text: string | undefined): bigint | null {
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? BigInt(text) : null;
}

export const [useWorkbench, setWorkbench] = createContext<Workbench>();
