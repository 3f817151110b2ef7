/** The time a connection may take to stand; the time in which a person or an agent is asked does not count. */
export class ConnectTimer {
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | null = null;
  #expired: (() => void) | null = null;
  #pauses = 0;

  constructor(seconds: number) {
    this.#leftMs = seconds * 1000;
  }

  start(expired: () => void): void {
    this.#expired = expired;
    this.#run();
  }

  stop(): void {
    this.#expired = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The clock stands still until `work` is done. */
  async pausedFor<T>(work: Promise<T>): Promise<T> {
    if (this.#pauses++ === 0 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#leftMs -= Date.now() - this.#since;
    }
    try {
      return await work;
    } finally {
      if (--this.#pauses === 0) this.#run();
    }
  }

  #run(): void {
    if (this.#expired === null || this.#timer !== null) return;
    this.#since = Date.now();
    this.#timer = setTimeout(() => this.#expired?.(), Math.max(this.#leftMs, 1000));
  }
}
