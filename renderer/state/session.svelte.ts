import type { Backend, SessionInfo, Survey } from '../../shared/contract/api.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import type { LinkState } from '../../shared/contract/ssh-session.ts';
import { ConnectProgress } from './connect-progress.svelte.ts';
import { CostLook } from './cost-look.svelte.ts';
import { Counters } from './counters.svelte.ts';
import { DeviceLook } from './device-look.svelte.ts';
import { FunctionBrowser } from './function-browser.svelte.ts';
import { PointBrowser } from './point-browser.svelte.ts';
import { ProbeForm } from './probe-form.svelte.ts';
import type { Run } from './run.svelte.ts';
import { StructBrowser } from './struct-browser.svelte.ts';
import { Task } from './task.svelte.ts';

/** One connection to a target, and what is known of that target. */
export class Session {
  readonly info: SessionInfo;
  /** What the user asked for: by it the host is known again. */
  readonly asked: string;
  /** How it was connected to, and is connected to again. */
  readonly progress: ConnectProgress;
  readonly #backend: Backend;
  readonly survey = new Task<Survey>();
  readonly functions: FunctionBrowser;
  readonly points: PointBrowser;
  readonly structs: StructBrowser;
  readonly probe: ProbeForm;
  readonly counters: Counters;
  readonly devices: DeviceLook;
  readonly cost: CostLook;
  /** The probe of this target that is looked at. */
  run = $state.raw<Run | null>(null);
  /** Why the connection ended; what was seen stays on the screen. */
  lost = $state.raw<Failure | null>(null);
  /** What is done about it. */
  link = $state.raw<LinkState | null>(null);

  constructor(backend: Backend, info: SessionInfo, asked = info.host, progress?: ConnectProgress | null) {
    this.#backend = backend;
    this.info = info;
    this.asked = asked;
    this.progress = progress ?? new ConnectProgress(info.session);
    this.functions = new FunctionBrowser(backend, info.session);
    this.points = new PointBrowser(backend, info.session);
    this.structs = new StructBrowser(backend, info.session, () => this.facts?.machine ?? '');
    this.probe = new ProbeForm(backend, info.session);
    this.counters = new Counters(backend, info.session);
    this.devices = new DeviceLook(backend, info.session);
    this.cost = new CostLook(backend, info.session);
  }

  get facts(): Survey['facts'] | null {
    return this.survey.value?.facts ?? null;
  }

  async takeSurvey(): Promise<void> {
    await this.survey.run(() => this.#backend.survey({ session: this.info.session }));
  }

  /** The connection is back: the survey may say something else now. A probe that ran is not started again. */
  async resume(): Promise<void> {
    this.lost = null;
    this.link = null;
    const before = this.facts?.release;
    await this.takeSurvey();
    if (before !== undefined && this.facts !== null && this.facts.release !== before)
      await this.functions.reload();
  }

  /** Survey first, since everything else decides by it; then the long list, in the background. */
  async begin(): Promise<void> {
    if (this.info.btf) return this.functions.load();
    await this.takeSurvey();
    if (this.survey.state.kind === 'done') await this.functions.load();
  }
}
