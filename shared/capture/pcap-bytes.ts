/** Bytes that arrive in chunks of any size, handed on in pieces of the size a parser asks for. */
import { u16le, u32 } from '../packet/cursor.ts';

/** Smallest buffer that is allocated for what does not fit a chunk, in bytes. */
const LEAST_BUFFER = 65536;

/**
 * Holds only what has not been taken yet: at most the piece that was asked for plus one chunk. Views that
 * `take` hands out stay valid: no buffer is ever written over where a view may lie.
 */
export class ChunkedBytes {
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Bytes still to be dropped unseen. */
  #skip = 0;

  /** Bytes that can be taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Bytes of a skip that have not arrived. */
  get skipping(): number {
    return this.#skip;
  }

  push(chunk: Uint8Array): void {
    let from = chunk;
    if (this.#skip > 0) {
      const dropped = Math.min(this.#skip, from.length);
      this.#skip -= dropped;
      from = from.subarray(dropped);
    }
    if (from.length === 0) return;
    if (this.#start === this.#end) {
      this.#buffer = from as Uint8Array<ArrayBuffer>;
      this.#start = 0;
      this.#end = from.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + from.length > this.#buffer.length) this.#grow(from.length);
    this.#buffer.set(from, this.#end);
    this.#end += from.length;
  }

  /** Whether the buffer is ours to append to; a chunk belongs to the caller. */
  #owned = false;

  #grow(more: number): void {
    const held = this.#buffer.subarray(this.#start, this.#end);
    const larger = new Uint8Array(Math.max(LEAST_BUFFER, 2 * (held.length + more)));
    larger.set(held);
    this.#buffer = larger;
    this.#start = 0;
    this.#end = held.length;
    this.#owned = true;
  }

  /** The next `count` bytes without taking them; null if they have not all arrived. */
  peek(count: number): Uint8Array | null {
    return this.length < count ? null : this.#buffer.subarray(this.#start, this.#start + count);
  }

  /** The unsigned 32-bit number `offset` bytes ahead; only within what has arrived. */
  u32(offset: number, little: boolean): number {
    const at = this.#start + offset;
    return little ? u16le(this.#buffer, at) + u16le(this.#buffer, at + 2) * 65536 : u32(this.#buffer, at);
  }

  /** Takes `count` bytes that {@link peek} has shown. */
  take(count: number): void {
    this.#start += count;
  }

  /** Drops the next `count` bytes, whether they have arrived or not. */
  skip(count: number): void {
    const here = Math.min(count, this.length);
    this.#start += here;
    this.#skip += count - here;
  }
}
