import type { AppInfo, Backend, HostEntry, SessionInfo } from '../../shared/contract/api.ts';
import { hostRows } from './host-rows.ts';
import { readSetting, writeSetting } from './settings.ts';
import { Task } from './task.svelte.ts';

const RECENT_HOSTS = 8;

/** The first screen: which hosts there are, and the way to be connected to one. */
export class Connector {
  readonly #backend: Backend;
  readonly info = new Task<AppInfo>();
  readonly hosts = new Task<readonly HostEntry[]>();
  readonly attempt = new Task<SessionInfo>();
  /** What the user typed: searches the list, and is what Connect takes. Kept when an attempt fails. */
  text = $state('');
  /** The host of the attempt that is under way or has failed; empty for the demo target. */
  target = $state.raw('');
  recent = $state.raw<readonly string[]>(storedRecent());

  readonly rows = $derived.by(() => hostRows(this.hosts.value ?? [], this.recent, this.text));

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  load(): void {
    void this.info.run(() => this.#backend.appInfo({}));
    void this.hosts.run(() => this.#backend.hosts({}));
  }

  /** One attempt at a time: null while there is another. */
  async connect(host: string): Promise<SessionInfo | null> {
    if (this.attempt.working) return null;
    this.target = host;
    const info = await this.attempt.run(() => this.#backend.connect({ host }));
    if (info) {
      this.#remember(host);
      this.text = '';
    }
    return info;
  }

  async connectDemo(): Promise<SessionInfo | null> {
    if (this.attempt.working) return null;
    this.target = '';
    return this.attempt.run(() => this.#backend.connectDemo({}));
  }

  /** Takes a host off the list of recent ones. */
  forget(host: string): void {
    this.#keep(this.recent.filter((known) => known !== host));
  }

  #remember(host: string): void {
    this.#keep([host, ...this.recent.filter((known) => known !== host)].slice(0, RECENT_HOSTS));
  }

  #keep(recent: readonly string[]): void {
    this.recent = recent;
    writeSetting('recent-hosts', JSON.stringify(recent));
  }
}

function storedRecent(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(readSetting('recent-hosts') ?? '[]');
    return Array.isArray(stored)
      ? stored.filter((host): host is string => typeof host === 'string').slice(0, RECENT_HOSTS)
      : [];
  } catch {
    return [];
  }
}
