import { BtfError } from './failure.ts';
import type { BtfHeader } from './header.ts';

/** In every place this code runs (Node, window, worker); the es2023 library just does not declare it. */
declare const TextDecoder: new (label: 'latin1' | 'utf-8') => { decode(bytes: Uint8Array): string };

/**
 * The string section: NUL-terminated names; offset 0 is the empty name. A split BTF continues its base's
 * section: an offset below the base's end means the base.
 *
 * Decoded once, one character a byte, and names are slices of that one text. Names that are not ASCII (rare,
 * legal) are decoded again from their bytes.
 */
export class StringSection {
  /** Offset of the first byte of this section, counted over the whole chain. */
  readonly start: number;
  /** Offset behind the last byte. */
  readonly end: number;
  readonly bytes: Uint8Array;
  #decoded: { readonly text: string; readonly ascii: boolean } | null = null;

  constructor(bytes: Uint8Array, start: number) {
    this.start = start;
    this.end = start + bytes.length;
    this.bytes = bytes;
  }

  #decode(): { readonly text: string; readonly ascii: boolean } {
    this.#decoded ??= decodeNames(this.bytes);
    return this.#decoded;
  }

  /** The name at `offset`, which must lie in this section. */
  at(offset: number): string {
    const { text, ascii } = this.#decoded ?? this.#decode();
    const from = offset - this.start;
    const to = text.indexOf('\0', from);
    const name = text.slice(from, to);
    if (ascii || isAscii.test(name)) return name;
    return new TextDecoder('utf-8').decode(this.bytes.subarray(from, to));
  }

  /** Whether the name at `offset` is exactly `name`, without making the string. */
  is(offset: number, name: string): boolean {
    const { text, ascii } = this.#decoded ?? this.#decode();
    if (!ascii) return this.at(offset) === name;
    const from = offset - this.start;
    return text.startsWith(name, from) && text.charCodeAt(from + name.length) === 0;
  }
}

// eslint-disable-next-line no-control-regex
const isAscii = /^[\x00-\x7f]*$/;

/**
 * One character a byte. As UTF-8 (the fast way in every engine) that holds for ASCII alone: any other
 * character makes the text shorter than the bytes, any byte that is no UTF-8 becomes U+FFFD. Then it is read
 * as Latin-1, whose characters above 0x7f mean nothing.
 */
function decodeNames(bytes: Uint8Array): { text: string; ascii: boolean } {
  const text = new TextDecoder('utf-8').decode(bytes);
  if (text.length === bytes.length && !text.includes('\ufffd')) return { text, ascii: true };
  return { text: new TextDecoder('latin1').decode(bytes), ascii: false };
}

/** Reads the string section. Throws E_STRS, and E_NEEDBASE for a split BTF that was given no base. */
export function readStrings(bytes: Uint8Array, header: BtfHeader, baseEnd: number | null): StringSection {
  const { start, length } = header.strings;
  if (length === 0 && baseEnd === null) {
    throw new BtfError('E_STRS', 'The string section is empty; it must hold at least the empty name', {
      offset: 20,
    });
  }
  if (length > 0 && bytes[start + length - 1] !== 0) {
    throw new BtfError('E_STRS', 'The string section does not end with a NUL byte', {
      offset: start + length - 1,
    });
  }
  if (baseEnd === null && bytes[start] !== 0) {
    throw new BtfError(
      'E_NEEDBASE',
      'The string section does not begin with the empty name: this BTF continues another one (a module on top of vmlinux)',
      { offset: start },
    );
  }
  return new StringSection(bytes.subarray(start, start + length), baseEnd ?? 0);
}
