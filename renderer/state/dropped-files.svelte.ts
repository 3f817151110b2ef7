import { failureOf } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';

/** What is read of a file to know what it is, in bytes. */
const HEAD = 64;

/** One kind of file that some part of the page reads. */
interface FileReader {
  /** In the page's language, with its endings: `captures (.pcap, .pcapng)`. */
  readonly name: () => string;
  /** In small letters, with the dot. Only asked when no reader knows the content. */
  readonly endings: readonly string[];
  /** Whether the first bytes (64 at most, all of a shorter file) are those of such a file. */
  readonly knows: (head: Uint8Array) => boolean;
  /** Gets the file, none of it read. What it throws is shown to the user. */
  readonly take: (file: File) => Promise<void> | void;
  /** Of several at once the largest is to be given first. */
  readonly largestFirst?: boolean;
}

/** A file that was not read, and why: nobody takes such files, or its reader failed. */
interface Refused {
  readonly file: string;
  readonly failure: Failure | null;
}

/**
 * Files that the user drops anywhere on the page or picks by the command, each given to the part that
 * reads its kind: by content first, by ending else. The parts register themselves.
 */
export class DroppedFiles {
  readonly #readers = new Set<FileReader>();
  refused = $state.raw<readonly Refused[]>([]);
  /** Asks for files, as the system does; set while the page has a place for that. */
  pick = $state.raw<(() => void) | null>(null);

  /** Returns the undo. */
  register(reader: FileReader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** The names of what is read. */
  kinds(): readonly string[] {
    return [...this.#readers].map((reader) => reader.name());
  }

  /** One after the other, in the order in which they were dropped, unless their reader wants another. */
  async take(files: readonly File[]): Promise<void> {
    this.refused = [];
    const read = await Promise.all(
      files.map(async (file) => ({
        file,
        reader: await this.#readerOf(file).catch((thrown: unknown) => failureOf(thrown)),
      })),
    );
    const weight = ({ file, reader }: (typeof read)[number]): number =>
      reader && 'largestFirst' in reader ? file.size : 0;
    for (const { file, reader } of read.toSorted((a, b) => weight(b) - weight(a))) {
      try {
        if (reader && 'take' in reader) await reader.take(file);
        else this.#refuse({ file: file.name, failure: reader ?? null });
      } catch (thrown) {
        this.#refuse({ file: file.name, failure: failureOf(thrown) });
      }
    }
  }

  async #readerOf(file: File): Promise<FileReader | undefined> {
    const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
    const name = file.name.toLowerCase();
    const readers = [...this.#readers];
    return (
      readers.find((reader) => reader.knows(head)) ??
      readers.find((reader) => reader.endings.some((ending) => name.endsWith(ending)))
    );
  }

  #refuse(refused: Refused): void {
    this.refused = [...this.refused, refused];
  }
}
