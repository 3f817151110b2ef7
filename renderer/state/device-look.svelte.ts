import type { Backend } from '../../shared/contract/api.ts';
import type { DeviceFacts } from '../../shared/contract/target-state.ts';
import { Task } from './task.svelte.ts';

/** What was found behind the devices of packets, asked for one at a time and kept while the session is. */
export class DeviceLook {
  readonly #backend: Backend;
  readonly #session: string;
  readonly task = new Task<DeviceFacts>();
  /** Which device `task` is about. */
  about = $state.raw<{ readonly ifindex: number; readonly netns: number } | null>(null);

  constructor(backend: Backend, session: string) {
    this.#backend = backend;
    this.#session = session;
  }

  isAbout(ifindex: number, netns: number): boolean {
    return this.about?.ifindex === ifindex && this.about.netns === netns;
  }

  async look(ifindex: number, netns: number): Promise<void> {
    this.about = { ifindex, netns };
    await this.task.run(() => this.#backend.deviceFacts({ session: this.#session, ifindex, netns }));
  }
}
