import { Fail, failureOf } from '../../../shared/contract/failure.ts';
import type { FailureCode } from '../../../shared/contract/failure.ts';
import type { LinkState } from '../../../shared/contract/ssh-session.ts';

/** Seconds before each attempt; the last one is repeated. */
const DELAYS = [1, 2, 5, 10, 20, 30] as const;
/** About eight hours of a closed laptop's lid. */
const MAX_ATTEMPTS = 1000;
/** What a network that is away looks like. All else is an answer, and nothing that was answered is tried again by itself. */
const AWAY: ReadonlySet<string> = new Set<FailureCode>([
  'host-not-found',
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'connection-lost',
]);

export interface ReconnectDeps {
  /** Connects and takes the session up again; `interactive` says whether a person may be asked. */
  readonly attempt: (interactive: boolean, signal: AbortSignal) => Promise<void>;
  readonly tell: (state: LinkState) => void;
  readonly delays?: readonly number[];
}

/**
 * Brings a lost connection back: tries again with growing delays for as long as the network is away,
 * and gives up at the first answer that only a person can deal with, such as a refused credential.
 */
export class Reconnector {
  readonly #deps: ReconnectDeps;
  readonly #delays: readonly number[];
  #attempts = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: AbortController | null = null;
  #stopped = false;

  constructor(deps: ReconnectDeps) {
    this.#deps = deps;
    this.#delays = deps.delays ?? DELAYS;
  }

  /** The connection was lost: waits, then tries. */
  begin(): void {
    this.#attempts = 0;
    this.#wait();
  }

  /** Tries at once, a person being at hand. Throws what it failed with; the waiting then goes on where that makes sense. */
  async now(): Promise<void> {
    this.#clear();
    const failure = await this.#try(true);
    if (failure !== null) throw failure;
  }

  stop(): void {
    this.#stopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running?.abort();
    this.#running = null;
  }

  #wait(): void {
    if (this.#stopped) return;
    const seconds = this.#delays[Math.min(this.#attempts, this.#delays.length - 1)] ?? 30;
    this.#deps.tell({ kind: 'waiting', attempt: this.#attempts + 1, seconds });
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#try(false);
    }, seconds * 1000);
    this.#timer.unref();
  }

  async #try(interactive: boolean): Promise<Fail | null> {
    const running = new AbortController();
    this.#running = running;
    this.#attempts++;
    this.#deps.tell({ kind: 'connecting', attempt: this.#attempts });
    try {
      await this.#deps.attempt(interactive, running.signal);
      if (this.#running === running) this.#running = null;
      this.#deps.tell({ kind: 'resumed' });
      return null;
    } catch (error) {
      const fail =
        error instanceof Fail ? error : new Fail('internal-error', { message: failureOf(error).message });
      if (this.#stopped || this.#running !== running) return fail;
      this.#running = null;
      const { code, values } = fail.failure;
      const away = AWAY.has(code === 'jump-host-failed' ? String(values['code']) : code);
      if (away && this.#attempts < MAX_ATTEMPTS) this.#wait();
      else this.#deps.tell({ kind: 'gave-up', failure: fail.failure });
      return fail;
    }
  }
}
