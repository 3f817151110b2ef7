import type { SecretAnswer } from '../../../shared/contract/ssh-session.ts';
import type { SecretStore } from '../secret-store.ts';
import type { ConnectLog } from './asker.ts';

/** What was answered, whether or not it is to be kept; null: cancelled. */
export function answersOf(answer: SecretAnswer | undefined): readonly string[] | null {
  const answers: unknown =
    answer === null || answer === undefined || Array.isArray(answer)
      ? answer
      : (answer as { keep: unknown }).keep;
  return Array.isArray(answers) && answers.every((one) => typeof one === 'string') ? answers : null;
}

/**
 * One secret on its way from the keychain or from a person to whoever judges it. What is kept is tried
 * once, and forgotten when it was refused; what a person wants kept is written once it has worked. A keychain that
 * fails is said in the log, and never stops anything.
 */
export class KeptSecret {
  readonly #store: SecretStore | null;
  readonly #key: string;
  readonly #log: ConnectLog;
  #taken = false;
  #stored = false;
  #offered = false;
  #toKeep: string | null = null;

  constructor(store: SecretStore | null, key: string, log: ConnectLog) {
    this.#store = store;
    this.#key = key;
    this.#log = log;
  }

  /** The one that is being tried came from the keychain. */
  get stored(): boolean {
    return this.#stored;
  }

  /** The kept one, the first time; null if there is none. */
  async take(): Promise<string | null> {
    if (this.#store === null || this.#taken) return null;
    this.#taken = true;
    const secret = await this.#store.read(this.#key).catch((error: unknown) => this.#failed(error));
    this.#stored = secret !== null;
    if (this.#stored) this.#log('keychain-used', { what: this.#key });
    return secret;
  }

  /** Whether a person may be asked to have it kept. */
  async mayKeep(): Promise<boolean> {
    const state = await this.#store?.available().catch((error: unknown) => this.#failed(error));
    this.#offered = state?.kind === 'keychain';
    return this.#offered;
  }

  /** What a person answered to the one prompt there is. */
  answered(answer: SecretAnswer | undefined): readonly string[] | null {
    const answers = answersOf(answer);
    const keep = this.#offered && answer !== null && answer !== undefined && 'keep' in answer;
    this.#toKeep = keep ? (answers?.[0] ?? null) : null;
    return answers;
  }

  async worked(): Promise<void> {
    const secret = this.#toKeep;
    this.#toKeep = null;
    if (secret === null || this.#store === null) return;
    await this.#store.write(this.#key, secret).then(
      () => this.#log('keychain-kept', { what: this.#key }),
      (error: unknown) => this.#failed(error),
    );
  }

  async refused(): Promise<void> {
    this.#toKeep = null;
    if (!this.#stored) return;
    this.#stored = false;
    this.#log('keychain-forgotten', { what: this.#key });
    await this.#store?.forget(this.#key).catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): null {
    this.#log('keychain-failed', { what: this.#key, reason: (error as Error).message });
    return null;
  }
}

/** As sshd and PAM ask for the password of a login; a code, or a new password, is nothing to be kept. */
export function asksForPassword(
  prompts: readonly { readonly prompt: string; readonly echo?: boolean | undefined }[],
): boolean {
  const [first] = prompts;
  return (
    prompts.length === 1 &&
    first?.echo !== true &&
    /\bpassword(?: for [^:]*)?: *$/i.test(first?.prompt ?? '') &&
    !/one.?time|\botp\b|code|token|\bnew\b|current|\bold\b|again|retype|expired/i.test(first?.prompt ?? '')
  );
}
