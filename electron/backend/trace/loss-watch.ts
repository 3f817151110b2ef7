/** Seconds in a row of heavy loss after which a probe is ended. */
const PATIENCE = 10;
/** Fewer lost in a second are no reason. */
const LEAST = 100;

/**
 * Whether a probe loses more than it delivers, second after second: then it costs the target work that nobody sees.
 * `take` gets the running totals, once a second;
 * `came` counts what arrived, also what a filter on arrival then leaves out.
 */
export class LossWatch {
  #lost = 0;
  #came = 0;
  #bad = 0;

  /** True when the probe should end. */
  take(totals: { readonly lost: number; readonly came: number }): boolean {
    const lost = totals.lost - this.#lost;
    const came = totals.came - this.#came;
    this.#lost = totals.lost;
    this.#came = totals.came;
    this.#bad = lost >= LEAST && lost > came ? this.#bad + 1 : 0;
    return this.#bad >= PATIENCE;
  }
}
