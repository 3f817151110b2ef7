import { text } from './texts.ts';
import type { EvidenceCode, TextValues } from './texts.ts';

/** One reason for a verdict. */
export interface Evidence {
  code: EvidenceCode;
  values: Record<string, string | number>;
  /** The bytes it rests on, relative to the expected position; length 0 where it rests on no bytes. */
  at: number;
  length: number;
  /** English; other locales by `describe`. */
  text: string;
  basis: 'observed' | 'inferred';
}

export class EvidenceList {
  readonly items: Evidence[] = [];

  observed(code: EvidenceCode, at: number, length: number, values: TextValues): void {
    this.#add(code, at, length, values, 'observed');
  }

  inferred(code: EvidenceCode, at: number, length: number, values: TextValues): void {
    this.#add(code, at, length, values, 'inferred');
  }

  #add(code: EvidenceCode, at: number, length: number, values: TextValues, basis: Evidence['basis']): void {
    this.items.push({
      code,
      values: { ...values },
      at,
      length,
      text: text(`evidence.${code}`, values, 'en'),
      basis,
    });
  }
}
