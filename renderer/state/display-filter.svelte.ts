import type { EventRecord } from '../../shared/capture/record.ts';
import { checkFilter, compileDisplay } from '../../shared/filter/compile.ts';
import type { FilterNames } from '../../shared/filter/context.ts';

/**
 * The display filter of a run's table: as typed, and as it applies. While the text is wrong the last right one goes
 * on applying; records are never lost by it, only not shown.
 */
export class DisplayFilter {
  readonly #names: () => FilterNames;
  readonly #apply: () => void;
  text = $state.raw('');
  /** What is applied; '' for all. */
  applied = $state.raw('');
  /** Set while the ring is being looked through. */
  scanning = $state.raw(false);
  /** Grows when the field is asked for from elsewhere. */
  focusRequest = $state.raw(0);
  /** Null: everything is shown. */
  fits: ((record: EventRecord) => boolean) | null = null;

  constructor(names: () => FilterNames, apply: () => void) {
    this.#names = names;
    this.#apply = apply;
  }

  readonly names = $derived.by(() => this.#names());

  /** Takes the text, and applies it if it is right. */
  set(text: string): void {
    this.text = text;
    const wanted = text.trim();
    if (wanted === this.applied || checkFilter(text, this.names) !== null) return;
    this.applied = wanted;
    this.fits = compileDisplay(wanted, this.names);
    this.#apply();
  }

  /** Makes the applied filter anew: what names mean has changed. */
  renew(): void {
    this.fits = this.applied === '' ? null : compileDisplay(this.applied, this.names);
  }
}
