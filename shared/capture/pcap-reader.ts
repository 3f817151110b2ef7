/** Reads pcap and pcapng files as they arrive: a file larger than memory is no trouble. */
import { ChunkedBytes } from './pcap-bytes.ts';
import { ClassicParser } from './pcap-classic.ts';
import { PcapngParser } from './pcapng-parser.ts';
import type { CapturedPacket, CaptureInterface, CaptureParser, CaptureProblem } from './pcap-types.ts';

export type { CapturedPacket, CaptureInterface, CaptureProblem } from './pcap-types.ts';

const SECTION_HEADER_BLOCK = 0x0a0d0d0a;

const PCAP_MAGICS: readonly number[] = [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1];

/** Whether a file that begins with these bytes is a pcap or pcapng file. */
export function isCapture(head: Uint8Array): boolean {
  const magic = magicOf(head);
  return head.length >= 4 && (magic === SECTION_HEADER_BLOCK || PCAP_MAGICS.includes(magic));
}

function magicOf(head: Uint8Array): number {
  return (((head[0] ?? 0) << 24) | ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0)) >>> 0;
}

export class PcapReader {
  readonly #input = new ChunkedBytes();
  #parser: CaptureParser | null = null;
  #problem: CaptureProblem | null = null;
  #received = 0;
  #count = 0;

  /** What went wrong, or null. Packets before it have been handed out; later chunks are ignored. */
  get problem(): CaptureProblem | null {
    return this.#problem;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#parser?.interfaces ?? [];
  }

  /** The packets that `chunk` completes. Memory held is bounded by one packet and one chunk. */
  push(chunk: Uint8Array): CapturedPacket[] {
    const packets: CapturedPacket[] = [];
    if (this.#problem !== null) return packets;
    this.#received += chunk.length;
    this.#input.push(chunk);
    this.#parser ??= this.#choose();
    if (this.#parser === null) return packets;
    for (;;) {
      const offset = this.#received - this.#input.length;
      const step = this.#parser.step(this.#input, offset);
      if (step.kind === 'packet') {
        step.packet.index = this.#count++;
        packets.push(step.packet);
      } else if (step.kind === 'problem') {
        this.#problem = step.problem;
        return packets;
      } else if (step.kind === 'more') return packets;
    }
  }

  /** Call after the last chunk: a file that breaks off becomes a problem, its packets stay. */
  end(): CaptureProblem | null {
    if (this.#problem !== null) return this.#problem;
    const left = this.#input.length;
    const offset = this.#received - left;
    if (this.#received === 0) {
      this.#problem = notACapture('the file is empty', 0);
    } else if (this.#parser === null) {
      this.#problem = notACapture(`the file has only ${this.#received} bytes`, 0);
    } else if (left > 0 || this.#input.skipping > 0) {
      this.#problem = {
        code: 'capture-truncated',
        message: `The file breaks off within the record at byte ${offset}: ${left} bytes of it are there. Packets read before it: ${this.#count}.`,
        remedy: 'What was read is whole; for the rest, copy or record the file again.',
        offset,
      };
    }
    return this.#problem;
  }

  #choose(): CaptureParser | null {
    const head = this.#input.peek(4);
    if (head === null) return null;
    const magic = magicOf(head);
    if (magic === SECTION_HEADER_BLOCK) return new PcapngParser();
    switch (magic) {
      case 0xa1b2c3d4:
        return new ClassicParser(false, 1000);
      case 0xd4c3b2a1:
        return new ClassicParser(true, 1000);
      case 0xa1b23c4d:
        return new ClassicParser(false, 1);
      case 0x4d3cb2a1:
        return new ClassicParser(true, 1);
      default:
    }
    this.#problem = wrongMagic(magic);
    return null;
  }
}

function notACapture(what: string, offset: number): CaptureProblem {
  return {
    code: 'not-a-capture',
    message: `This is no pcap or pcapng file: ${what}.`,
    remedy: 'Give a file written by tcpdump, Wireshark or skblens.',
    offset,
  };
}

function wrongMagic(magic: number): CaptureProblem {
  const shown = '0x' + magic.toString(16).padStart(8, '0');
  const top = magic >>> 16;
  const compression =
    top === 0x1f8b
      ? 'gzip'
      : magic === 0x28b52ffd
        ? 'zstd'
        : magic === 0x04224d18
          ? 'lz4'
          : top === 0xfd37
            ? 'xz'
            : null;
  if (compression === null) return notACapture(`it begins with ${shown}`, 0);
  return {
    code: 'compressed-capture',
    message: `The file is compressed with ${compression} (it begins with ${shown}).`,
    remedy: `Decompress it first, for example with \`${compression === 'gzip' ? 'gunzip' : `un${compression}`}\`.`,
    offset: 0,
  };
}
