/** Different texts of one run that are kept; beyond them a record has no label. */
const MAX_LABELS = 20_000;

/** Numbers texts that come again and again (stacks, symbols), so that a record carries the number. */
export class Labels {
  readonly #numbers = new Map<string, number>();
  readonly #tell: (first: number, texts: readonly string[]) => void;

  /** `tell` gets each new text once, before its number is used. */
  constructor(tell: (first: number, texts: readonly string[]) => void) {
    this.#tell = tell;
  }

  /** 1, 2, 3…; 0 where there is no room. */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#numbers.size >= MAX_LABELS) return 0;
    const number = this.#numbers.size + 1;
    this.#numbers.set(text, number);
    this.#tell(number, [text]);
    return number;
  }
}
