import type { BtfLimits } from './limits.ts';
import type { RawTypes } from './raw.ts';

/** One file of a chain of split BTFs, as far as reading a type needs it. */
export interface BtfFile {
  readonly startId: number;
  readonly types: RawTypes;
}

/** What reading a type needs of the whole chain. */
export interface BtfChain {
  readonly limits: BtfLimits;
  /** The file that holds type `id`, null for void. Throws E_TYPEID. */
  owner(id: number): BtfFile | null;
  /** The name at a string offset. Throws E_STROFF. */
  nameAt(offset: number): string;
}
