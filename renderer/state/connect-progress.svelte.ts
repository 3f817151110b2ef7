import type { ConnectLine } from '../../shared/contract/ssh-session.ts';
import { stagesReached } from './connect-stages.ts';

const KEPT_LINES = 500;

/** How far one attempt to connect is, by what the backend tells of it; of a session that reconnects, all its attempts. */
export class ConnectProgress {
  /** The session that is being made. */
  readonly session: string;
  /** On the page's own clock, in milliseconds. */
  readonly #began = performance.now();
  lines = $state.raw<readonly ConnectLine[]>([]);
  #surveyAt = $state.raw<number | null>(null);

  readonly reached = $derived.by(() => stagesReached(this.lines, this.#surveyAt));

  constructor(session: string) {
    this.session = session;
  }

  take(line: ConnectLine): void {
    this.lines = [...this.lines, line].slice(-KEPT_LINES);
  }

  /** The host lets us in: it is being looked at. */
  survey(): void {
    this.#surveyAt ??= this.elapsed();
  }

  /** Milliseconds since the attempt began. */
  elapsed(): number {
    return performance.now() - this.#began;
  }
}
