import type { AppInfo, Backend, HostEntry, SessionInfo } from '../../shared/contract/api.ts';
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

  readonly shown = $derived.by(() => {
    const hosts = this.hosts.value ?? [];
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = hosts.filter((entry) => {
      const text = `${entry.host} ${entry.resolved}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const rankOf = (entry: HostEntry): number => {
      const at = this.recent.indexOf(entry.host);
      return at < 0 ? RECENT_HOSTS : at;
    };
    return matching.toSorted((a, b) => rankOf(a) - rankOf(b));
  });

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

  #remember(host: string): void {
    this.recent = [host, ...this.recent.filter((known) => known !== host)].slice(0, RECENT_HOSTS);
    writeSetting('recent-hosts', JSON.stringify(this.recent));
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
