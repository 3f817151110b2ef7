import type { Backend } from '../../shared/contract/api.ts';
import type { ConnectLine, SecretAnswer, SecretQuestion } from '../../shared/contract/ssh-session.ts';

const KEPT_LINES = 500;

/** A question that waits for its answers; these are held by the dialog only, and by nothing after it has closed. */
interface Asked {
  readonly question: SecretQuestion;
  readonly answer: (answers: SecretAnswer) => void;
}

/** What is said while a connection is made: the questions to the user, and the log that one can read. */
export class ConnectTalk {
  readonly #backend: () => Backend;
  asked = $state.raw<Asked | null>(null);
  lines = $state.raw<readonly ConnectLine[]>([]);
  /** The attempt that the lines are of. */
  session = $state.raw<string | null>(null);

  constructor(backend: () => Backend) {
    this.#backend = backend;
  }

  take(session: string, line: ConnectLine): void {
    const lines = this.session === session ? this.lines : [];
    this.session = session;
    this.lines = [...lines, line].slice(-KEPT_LINES);
  }

  ask(question: SecretQuestion): Promise<SecretAnswer> {
    this.asked?.answer(null);
    return new Promise((resolve) => {
      this.asked = {
        question,
        answer: (answers) => {
          this.asked = null;
          resolve(answers);
        },
      };
    });
  }

  /** The attempt has ended: an open question is of no use to anyone. */
  end(): void {
    this.asked?.answer(null);
  }

  async cancel(): Promise<void> {
    this.end();
    const { session } = this;
    if (session !== null)
      await this.#backend()
        .cancelConnect({ session })
        .catch(() => undefined);
  }
}
