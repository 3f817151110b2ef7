/** In every place this code runs (Node, window, worker); the es2023 library just does not declare it. */
declare const TextDecoder: new (label: 'utf-8') => { decode(bytes: Uint8Array): string };

const longestName = 512;

/** 1 for the bytes of a name that need no escape: letters, digits, `_`, `.`, `$`, space (escape.ts). */
const plainBytes = Uint8Array.from({ length: 256 }, (_zero, byte) =>
  byte < 0x80 && /[\w.$ ]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Puts many small ASCII texts together into one large one. Sums of strings would do, but then a million
 * pieces pass through the garbage collector.
 */
export class TextWriter {
  #bytes: Uint8Array;
  #length = 0;

  /** `capacity` in bytes, a guess: it grows. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Takes back everything behind the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Adds an ASCII text. */
  add(text: string): void {
    this.#makeRoom(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /**
   * Adds the NUL-terminated name at `offset` of `section`. False, with nothing or part of it added, when the
   * name has to be escaped or cut before it is shown.
   */
  addName(section: Uint8Array, offset: number): boolean {
    this.#makeRoom(longestName);
    const bytes = this.#bytes;
    const end = offset + longestName;
    let at = this.#length;
    for (let i = offset; i <= end; i++) {
      const byte = section[i] ?? 0;
      if (byte === 0) {
        this.#length = at;
        return true;
      }
      if (i === end || plainBytes[byte] === 0) return false;
      bytes[at++] = byte;
    }
    return false;
  }

  /** Everything added. */
  finish(): string {
    return new TextDecoder('utf-8').decode(this.#bytes.subarray(0, this.#length));
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#length + more) * 2);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
