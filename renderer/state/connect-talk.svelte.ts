import type { Backend, HostKeyAnswer, HostKeyQuestion } from '../../shared/contract/api.ts';
import type { ConnectLine, SecretAnswer, SecretQuestion } from '../../shared/contract/ssh-session.ts';
import { ConnectProgress } from './connect-progress.svelte.ts';
import { QuestionQueue } from './question-queue.svelte.ts';

/** What is said while a connection is made: the questions to the user, and how far the attempt is. */
export class ConnectTalk {
  readonly #backend: () => Backend;
  readonly secrets = new QuestionQueue<SecretQuestion, SecretAnswer>(null);
  readonly hostKeys = new QuestionQueue<HostKeyQuestion, HostKeyAnswer>('cancel');
  /** Whether a secret is kept in the keychain of this machine; null: as it was when the page was loaded. */
  kept = $state.raw<boolean | null>(null);
  /** The attempt that is under way, or that has failed. */
  attempt = $state.raw<ConnectProgress | null>(null);
  /** Cancelled before the backend had a name for the attempt. */
  #cancelled = false;

  constructor(backend: () => Backend) {
    this.#backend = backend;
  }

  /** An attempt is about to be made; its session is not known yet. */
  prepare(): void {
    this.attempt = null;
    this.#cancelled = false;
  }

  begin(session: string): void {
    if (this.attempt?.session === session) return;
    this.attempt = new ConnectProgress(session);
    if (this.#cancelled) void this.cancel();
  }

  /** A line about the attempt that is under way. */
  take(session: string, line: ConnectLine): void {
    this.begin(session);
    this.attempt?.take(line);
  }

  /** An attempt or a session has ended: its open questions are of no use to anyone. */
  end(session: string): void {
    this.secrets.end(session);
    this.hostKeys.end(session);
  }

  /** Where that fails they stay, and so does the command. */
  async forgetSecrets(): Promise<void> {
    await this.#backend()
      .forgetSecrets({})
      .then(
        () => (this.kept = false),
        () => (this.kept = true),
      );
  }

  async cancel(): Promise<void> {
    this.#cancelled = true;
    if (!this.attempt) return;
    const { session } = this.attempt;
    this.end(session);
    await this.#backend()
      .cancelConnect({ session })
      .catch(() => undefined);
  }
}
