const ASKED_AT_ONCE = 200;
const KEPT = 20_000;

/** Prototypes of the functions that were on the screen: asked for together, one frame's rows at a time. */
export class SignatureCache {
  readonly #ask: (entries: number[]) => Promise<readonly string[]>;
  readonly #known = new Map<number, string>();
  #wanted: number[] = [];
  #asking = false;
  #version = $state.raw(0);

  constructor(ask: (entries: number[]) => Promise<readonly string[]>) {
    this.#ask = ask;
  }

  /** The prototype of an entry, '' as long as it is not known: then it is asked for, and this changes. */
  of(entry: number): string {
    void this.#version;
    const known = this.#known.get(entry);
    if (known === undefined && this.#wanted.length < ASKED_AT_ONCE && !this.#wanted.includes(entry)) {
      this.#wanted.push(entry);
      if (!this.#asking) {
        this.#asking = true;
        setTimeout(() => void this.#askAll(), 30);
      }
    }
    return known ?? '';
  }

  /** Numbers of entries mean others now. */
  forget(): void {
    this.#known.clear();
    this.#version++;
  }

  async #askAll(): Promise<void> {
    const entries = this.#wanted;
    this.#wanted = [];
    const signatures = await this.#ask(entries).catch(() => []);
    if (this.#known.size > KEPT) this.#known.clear();
    for (const [at, entry] of entries.entries()) this.#known.set(entry, signatures[at] ?? '');
    this.#asking = false;
    this.#version++;
  }
}
