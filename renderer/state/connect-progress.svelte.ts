import type { ConnectLine } from '../../shared/contract/ssh-session.ts';

const KEPT_LINES = 500;

/** How far one attempt to connect is, by what the backend tells of it; of a session that reconnects, all its attempts. */
export class ConnectProgress {
  /** The session that is being made. */
  readonly session: string;
  lines = $state.raw<readonly ConnectLine[]>([]);

  constructor(session: string) {
    this.session = session;
  }

  take(line: ConnectLine): void {
    this.lines = [...this.lines, line].slice(-KEPT_LINES);
  }
}
