import type { Backend } from '../../shared/contract/api.ts';
import { PROFILE_VERSION } from '../../shared/profile/schema.ts';
import type { Profile } from '../../shared/profile/schema.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import { Task } from './task.svelte.ts';

/** The saved investigations, and the one that is being written. */
export class Investigations {
  readonly #backend: Backend;
  readonly all = new Task<readonly Profile[]>();
  readonly saving = new Task<null>();
  readonly deleting = new Task<null>();
  /** What the save form holds; null while it is closed. */
  draft = $state<{ name: string; notes: string; host: string; probe: ProbeSpec } | null>(null);

  /** The name under which one was just saved. */
  saved = $state.raw('');

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async load(): Promise<void> {
    await this.all.run(() => this.#backend.profiles({}));
  }

  compose(host: string, probe: ProbeSpec): void {
    this.saving.reset();
    this.saved = '';
    this.draft = {
      name: `${probe.function} ${host}`.replace(/[^\p{L}\p{N} ._-]/gu, '-').slice(0, 80),
      notes: '',
      host,
      probe,
    };
  }

  /** True if it was saved; the draft stays as it is if not. */
  async save(): Promise<boolean> {
    const draft = this.draft;
    if (!draft) return false;
    const profile: Profile = {
      skblens: 'investigation',
      version: PROFILE_VERSION,
      name: draft.name.trim(),
      host: draft.host,
      probe: $state.snapshot(draft.probe),
      notes: draft.notes,
    };
    await this.saving.run(() => this.#backend.saveProfile({ profile }));
    if (this.saving.state.kind !== 'done') return false;
    this.draft = null;
    this.saved = profile.name;
    await this.load();
    return true;
  }

  async delete(name: string): Promise<void> {
    await this.deleting.run(() => this.#backend.deleteProfile({ name }));
    await this.load();
  }
}
