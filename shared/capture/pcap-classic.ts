import type { ChunkedBytes } from './pcap-bytes.ts';
import { MOST_PACKET_BYTES, tooLarge } from './pcap-types.ts';
import type { CaptureInterface, CaptureParser, ParseStep } from './pcap-types.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MORE: ParseStep = { kind: 'more' };
const AGAIN: ParseStep = { kind: 'again' };
const NO_COMMENTS: readonly string[] = [];

/**
 * The pcap format (draft-ietf-opsawg-pcap): a header of 24 bytes - magic 4, version 2 + 2, 8 unused, snaplen 4,
 * link type 4 (its low 16 bits; above them FCS length) - then records: seconds 4, fraction 4, captured length
 * 4, original length 4, bytes. All in the byte order of the machine that wrote it.
 */
export class ClassicParser implements CaptureParser {
  readonly interfaces: CaptureInterface[] = [];
  readonly #little: boolean;
  readonly #unit: number;
  #seconds = -1;
  #secondsNs = 0n;

  /** @param unit nanoseconds of one step of the fraction: 1000 or 1 */
  constructor(little: boolean, unit: number) {
    this.#little = little;
    this.#unit = unit;
  }

  step(input: ChunkedBytes, offset: number): ParseStep {
    const file = this.interfaces[0];
    if (file === undefined) return this.#header(input);
    if (input.length < RECORD_HEADER_BYTES) return MORE;
    const captured = input.u32(8, this.#little);
    if (captured > MOST_PACKET_BYTES) return { kind: 'problem', problem: tooLarge(captured, offset) };
    if (input.length < RECORD_HEADER_BYTES + captured) return MORE;
    const ns = this.#time(input.u32(0, this.#little), input.u32(4, this.#little));
    const originalLength = input.u32(12, this.#little);
    input.take(RECORD_HEADER_BYTES);
    const bytes = input.peek(captured);
    if (bytes === null) return MORE;
    input.take(captured);
    return {
      kind: 'packet',
      packet: {
        index: 0,
        linktype: file.linktype,
        interfaceIndex: 0,
        ns,
        bytes,
        fileOffset: offset + RECORD_HEADER_BYTES,
        originalLength: Math.max(originalLength, captured),
        comments: NO_COMMENTS,
      },
    };
  }

  /** Arithmetic beyond 2^53 is slow, and many packets come in one second. */
  #time(seconds: number, fraction: number): bigint {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#secondsNs = BigInt(seconds) * 1_000_000_000n;
    }
    return this.#secondsNs + BigInt(fraction * this.#unit);
  }

  #header(input: ChunkedBytes): ParseStep {
    const head = input.peek(FILE_HEADER_BYTES);
    if (head === null) return MORE;
    input.take(FILE_HEADER_BYTES);
    this.interfaces.push({
      linktype: this.#u32(head, 20) & 0xffff,
      name: null,
      description: null,
      snapLength: this.#u32(head, 16),
    });
    return AGAIN;
  }

  #u32(bytes: Uint8Array, at: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    return (this.#little ? (d << 24) | (c << 16) | (b << 8) | a : (a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }
}
