import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { LINKTYPE_ETHERNET, linktypeOfExpectation } from '../../../shared/capture/pcap-linktypes.ts';
import { PcapngWriter } from '../../../shared/capture/pcapng-writer.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { expectationOf } from '../../../shared/probe/expects.ts';
import { skbState } from '../../../shared/probe/record-verdict.ts';
import { writeSeen } from '../../../shared/capture/seen-comment.ts';
import type { Verdict } from '../../../shared/packet/verdict.ts';
import type { Expectation } from '../../../shared/packet/verdict-kinds.ts';
import { VERSION } from './client.ts';

/**
 * The events of a probe as a pcapng file that Wireshark opens: each packet from the position at which its
 * header was expected, under the link type it really has, with the verdict and its evidence as comments.
 */
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

  write(
    record: EventRecord,
    judged: Verdict | null,
    functionName: string,
    expect: Expectation,
    clockOffset: bigint,
    /** Why the packet was dropped there. */
    drop: string | null = null,
  ): void {
    if (judged === null) return;
    const from = Math.min(record.bytes.length, -record.window);
    const isFrame = judged.kind === 'ethernet-where-ip-expected';
    this.#stream.write(
      this.#writer.packet({
        function: functionName,
        device: record.device || null,
        linktype: isFrame ? LINKTYPE_ETHERNET : linktypeOfExpectation(expect),
        ns: record.ns + clockOffset,
        bytes: record.bytes.slice(from),
        originalLength: record.len,
        comments: [
          ...(drop === null ? [] : [`dropped: ${drop}`]),
          judged.title,
          ...judged.evidence.map((item) => `${item.basis}: ${item.text}`),
          writeSeen({
            function: functionName,
            expect,
            output: expectationOf(functionName)?.output ?? false,
            skb: skbState(record),
          }),
        ],
      }),
    );
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
