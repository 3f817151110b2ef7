import type { ProbeStream } from '../../../shared/probe/stream.ts';

/** Lines of an edited script that are handed on; a script that prints more is not read on this way. */
const MAX_LINES = 20_000;
const MAX_LINE = 1000;

/**
 * The output of a script that no longer prints the records of skblens: its lines, as text, bounded. Such a script
 * does not say when it is attached: its first line does.
 */
export class TextStream implements ProbeStream {
  readonly gaps = 0;
  readonly ended = true;
  readonly #attached: () => void;
  readonly #lines: (lines: readonly string[]) => void;
  #rest = '';
  #count = 0;

  constructor(attached: () => void, lines: (lines: readonly string[]) => void) {
    this.#attached = attached;
    this.#lines = lines;
  }

  push(chunk: Uint8Array): void {
    if (this.#count === 0 && this.#rest === '') this.#attached();
    const parts = (this.#rest + Buffer.from(chunk).toString('utf8')).split('\n');
    this.#rest = (parts.pop() ?? '').slice(0, MAX_LINE);
    this.#tell(parts);
  }

  end(): void {
    if (this.#rest !== '') this.#tell([this.#rest]);
    this.#rest = '';
  }

  #tell(parts: readonly string[]): void {
    const room = Math.max(0, MAX_LINES - this.#count);
    const lines = parts.slice(0, room).map((line) => line.slice(0, MAX_LINE));
    this.#count += parts.length;
    if (lines.length > 0) this.#lines(lines);
    if (room > 0 && parts.length > room)
      this.#lines([`… more than ${MAX_LINES} lines: the rest is not shown`]);
  }
}
