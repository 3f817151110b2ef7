/** What two characters, as a little-endian machine loads them, are as a byte in hexadecimal; 256 for what is none. */
const PAIRS = new Uint16Array(65_536).fill(256);
for (let value = 0; value < 256; value++) {
  const digits = value.toString(16).padStart(2, '0');
  const first = new Uint8Array([digits.charCodeAt(0), digits.charCodeAt(1)]);
  PAIRS[new Uint16Array(first.buffer)[0] as number] = value;
}

/**
 * Reads words of 16 lower-case hexadecimal digits, two digits at a time: text is brought to an even address first.
 */
export class HexWords {
  /** The words that were read, big-endian as they are written. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #text: Uint8Array;
  readonly #pairs: Uint16Array;

  /** For up to `words` at a time. */
  constructor(words: number) {
    this.bytes = new Uint8Array(words * 8);
    this.#text = new Uint8Array(words * 16);
    this.#pairs = new Uint16Array(this.#text.buffer);
  }

  /** `count` words from `text[from]` on; false if they are too many, or a digit is none. */
  read(text: Uint8Array, from: number, count: number): boolean {
    const { bytes } = this;
    const pairs = this.#pairs;
    const size = count * 8;
    if (from + size * 2 > text.length || size > bytes.length) return false;
    this.#text.set(text.subarray(from, from + size * 2));
    let bad = 0;
    for (let i = 0; i < size; i++) {
      const value = PAIRS[pairs[i] as number] as number;
      bad |= value;
      bytes[i] = value;
    }
    return bad < 256;
  }
}
