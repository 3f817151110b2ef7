/** More questions than a person could be asked in earnest: what comes beyond them is refused at once. */
const MOST_WAITING = 32;

/** A question that waits for its answer; an answer is held by the dialog only, and by nothing after it has closed. */
interface Asked<Question, Answer> {
  readonly question: Question;
  readonly answer: (answer: Answer) => void;
}

/**
 * Questions to the user, asked one after the other in the order in which they came: several hosts may
 * ask at once, and no host's question may push another's aside.
 */
export class QuestionQueue<Question extends { readonly session?: string }, Answer> {
  readonly #refusal: Answer;
  #waiting = $state.raw<readonly Asked<Question, Answer>[]>([]);

  /** The one that is put to the user now. */
  readonly asked = $derived.by(() => this.#waiting[0] ?? null);

  /** `refusal` is the answer of a user who gives none. */
  constructor(refusal: Answer) {
    this.#refusal = refusal;
  }

  ask(question: Question): Promise<Answer> {
    if (this.#waiting.length >= MOST_WAITING) return Promise.resolve(this.#refusal);
    return new Promise((resolve) => {
      const asked: Asked<Question, Answer> = {
        question,
        answer: (answer) => {
          this.#waiting = this.#waiting.filter((other) => other !== asked);
          resolve(answer);
        },
      };
      this.#waiting = [...this.#waiting, asked];
    });
  }

  /** Nobody waits for answers to that session's questions any more. */
  end(session: string): void {
    for (const asked of this.#waiting) if (asked.question.session === session) asked.answer(this.#refusal);
  }
}
