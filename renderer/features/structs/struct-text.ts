import { locale, t } from '../../state/locale.svelte.ts';

/** `112`, or `90:3` for what begins three bits into its byte. */
export function placeText(bitOffset: number): string {
  const bit = bitOffset % 8;
  return bit === 0 ? String(bitOffset / 8) : `${Math.floor(bitOffset / 8)}:${bit}`;
}

/** `8`, or `3 bits` for what is no whole number of bytes. */
export function sizeText(bits: number, bitfield = false): string {
  if (!bitfield && bits % 8 === 0) return String(bits / 8);
  return t(`structs.bits.${locale.plural(bits)}`, { count: bits });
}

/** `8 bytes`, `3 bits`. */
export function amountText(bits: number): string {
  const bytes = bits / 8;
  if (!Number.isInteger(bytes)) return sizeText(bits, true);
  return t(`structs.amount.${locale.plural(bytes)}`, { count: bytes });
}
