import type { Session } from './session.svelte.ts';

/** The targets that this page is connected to, oldest first, and the one that is looked at. */
export class Sessions {
  all = $state.raw<readonly Session[]>([]);
  current = $state.raw<Session | null>(null);

  of(id: string): Session | null {
    return this.all.find((session) => session.info.session === id) ?? null;
  }

  /** The session of what a user would type for a host. */
  ofHost(host: string): Session | null {
    return this.all.find((session) => session.asked === host) ?? null;
  }

  add(session: Session): void {
    this.all = [...this.all, session];
    this.current ??= session;
  }

  /** Its neighbour is looked at next, if it was looked at itself. */
  remove(session: Session): void {
    const at = this.all.indexOf(session);
    if (at < 0) return;
    this.all = this.all.filter((other) => other !== session);
    if (this.current === session) this.current = this.all[Math.min(at, this.all.length - 1)] ?? null;
  }

  /** The session that many places on from the current one, around the end. */
  beside(by: number): Session | null {
    const { length } = this.all;
    const at = this.current ? this.all.indexOf(this.current) : -1;
    return length === 0 ? null : (this.all[(at + by + length) % length] ?? null);
  }
}
