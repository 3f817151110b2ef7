import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { PcapngWriter } from '../../../shared/capture/pcapng-writer.ts';
import type { PacketToWrite } from '../../../shared/capture/pcapng-writer.ts';
import { VERSION } from './client.ts';

/** The events of a probe as a pcapng file that Wireshark opens; see eventPacket() for what stands in it. */
export class PcapngFile {
  readonly #stream: WriteStream;
  readonly #writer: PcapngWriter;
  #broken: Error | null = null;

  private constructor(stream: WriteStream, writer: PcapngWriter) {
    this.#stream = stream;
    this.#writer = writer;
    stream.on('error', (error) => {
      this.#broken ??= error;
    });
  }

  /** Throws `file-unwritable`. */
  static async create(file: string, facts: TargetFacts, host: string): Promise<PcapngFile> {
    const stream = createWriteStream(file);
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', (error) => reject(unwritable(file, error)));
    });
    const writer = new PcapngWriter({
      application: `skblens ${VERSION}`,
      os: `Linux ${facts.release}`,
      hardware: facts.machine,
      comment: `probed on ${host}`,
    });
    stream.write(writer.start());
    return new PcapngFile(stream, writer);
  }

  write(packet: PacketToWrite): void {
    this.#stream.write(this.#writer.packet(packet));
  }

  /** Throws `file-unwritable` if any part of it could not be written; a second call does nothing. */
  async close(lost: number): Promise<void> {
    if (this.#stream.writableEnded) return;
    this.#stream.write(this.#writer.end(lost));
    await new Promise<void>((resolve) => this.#stream.end(() => resolve()));
    if (this.#broken !== null) throw unwritable(String(this.#stream.path), this.#broken);
  }
}

function unwritable(file: string, error: Error): Fail {
  return new Fail('file-unwritable', { file, message: error.message });
}
