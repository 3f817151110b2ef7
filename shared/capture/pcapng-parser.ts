import type { ChunkedBytes } from './pcap-bytes.ts';
import { MOST_PACKET_BYTES, tooLarge } from './pcap-types.ts';
import type { CaptureInterface, CaptureParser, CaptureProblem, ParseStep } from './pcap-types.ts';

declare const TextDecoder: new (label: 'utf-8') => { decode(bytes: Uint8Array): string };

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_NAME = 2;
const OPTION_DESCRIPTION = 3;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

/** Sections with more interfaces than this are damage, not captures; it bounds what is held. */
const MOST_INTERFACES = 65536;
/** Room for options beside the packet. */
const MOST_BLOCK_BYTES = MOST_PACKET_BYTES + 1024 * 1024;

const MORE: ParseStep = { kind: 'more' };
const AGAIN: ParseStep = { kind: 'again' };

interface Clock {
  snapLength: number;
  linktype: number;
  /** Ticks a second, as a power of ten or of two. */
  ticksPerSecond: bigint;
  offsetSeconds: bigint;
}

/**
 * pcapng (draft-ietf-opsawg-pcapng): blocks of type 4, total length 4 (a multiple of 4), body, total length 4
 * again. A section header fixes the byte order and resets the interfaces. Blocks that carry no packet are
 * skipped unseen, however long.
 */
export class PcapngParser implements CaptureParser {
  readonly interfaces: CaptureInterface[] = [];
  readonly #text = new TextDecoder('utf-8');
  #clocks: Clock[] = [];
  /** Index in `interfaces` of the first interface of this section. */
  #base = 0;
  #little = true;

  step(input: ChunkedBytes, offset: number): ParseStep {
    if (input.skipping > 0) return MORE;
    const head = input.peek(12);
    if (head === null) return MORE;
    let type = this.#u32(head, 0);
    if (type === SECTION_HEADER) {
      const order = new DataView(head.buffer, head.byteOffset, 12).getUint32(8, false);
      if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) {
        return damaged(`the section at byte ${offset} has byte-order magic 0x${order.toString(16)}`, offset);
      }
      this.#little = order === 0x4d3c2b1a;
      type = SECTION_HEADER;
    }
    const total = this.#u32(head, 4);
    if (total < 12 || total % 4 !== 0) {
      return damaged(
        `the block at byte ${offset} has length ${total}, not a multiple of 4 from 12 on`,
        offset,
      );
    }
    if (!isRead(type)) {
      input.skip(total);
      return AGAIN;
    }
    if (total > MOST_BLOCK_BYTES) return { kind: 'problem', problem: tooLarge(total, offset) };
    const block = input.peek(total);
    if (block === null) return MORE;
    const trailer = this.#u32(block, total - 4);
    if (trailer !== total) {
      return damaged(`the block at byte ${offset} gives its length as ${total} and ${trailer}`, offset);
    }
    input.take(total);
    switch (type) {
      case SECTION_HEADER:
        if (total < 28)
          return damaged(`the section header at byte ${offset} has only ${total} bytes`, offset);
        this.#base = this.interfaces.length;
        this.#clocks = [];
        return AGAIN;
      case INTERFACE_DESCRIPTION:
        return this.#interface(block, offset);
      case SIMPLE_PACKET:
        return this.#simplePacket(block, offset);
      default:
        return this.#packet(block, offset, type === PACKET);
    }
  }

  /** Link type 2, reserved 2, snap length 4, options. */
  #interface(block: Uint8Array, offset: number): ParseStep {
    if (block.length < 20)
      return damaged(`the interface at byte ${offset} has ${block.length} bytes`, offset);
    if (this.interfaces.length >= MOST_INTERFACES) {
      return damaged(`more than ${MOST_INTERFACES} interfaces by byte ${offset}`, offset);
    }
    const linktype = this.#u16(block, 8);
    const snapLength = this.#u32(block, 12);
    const described: CaptureInterface = { linktype, name: null, description: null, snapLength };
    const clock: Clock = { linktype, snapLength, ticksPerSecond: 1_000_000n, offsetSeconds: 0n };
    this.#options(block, 16, (code, value) => {
      if (code === OPTION_NAME) described.name = this.#text.decode(value);
      else if (code === OPTION_DESCRIPTION) described.description = this.#text.decode(value);
      else if (code === OPTION_TIME_RESOLUTION && value.length >= 1) {
        const exponent = BigInt((value[0] ?? 6) & 0x7f);
        clock.ticksPerSecond = ((value[0] ?? 0) & 0x80) !== 0 ? 2n ** exponent : 10n ** exponent;
      } else if (code === OPTION_TIME_OFFSET && value.length >= 8) {
        clock.offsetSeconds = BigInt.asIntN(64, this.#u64(value, 0));
      }
    });
    this.interfaces.push(described);
    this.#clocks.push(clock);
    return AGAIN;
  }

  /** Interface 4 (before: 2, and 2 of drops), time 4 + 4, captured 4, original 4, bytes, padding, options. */
  #packet(block: Uint8Array, offset: number, old: boolean): ParseStep {
    if (block.length < 32) return damaged(`the packet at byte ${offset} has ${block.length} bytes`, offset);
    const number = old ? this.#u16(block, 8) : this.#u32(block, 8);
    const clock = this.#clocks[number];
    if (clock === undefined) return this.#unknownInterface(number, offset);
    const captured = this.#u32(block, 20);
    if (captured > block.length - 32) {
      return damaged(
        `the packet at byte ${offset} claims ${captured} bytes in a block of ${block.length}`,
        offset,
      );
    }
    const ticks = BigInt(this.#u32(block, 12)) * 0x1_0000_0000n + BigInt(this.#u32(block, 16));
    const comments: string[] = [];
    const options = 28 + captured + (-captured & 3);
    if (options + 4 < block.length) {
      this.#options(block, options, (code, value) => {
        if (code === OPTION_COMMENT) comments.push(this.#text.decode(value));
      });
    }
    return {
      kind: 'packet',
      packet: {
        index: 0,
        linktype: clock.linktype,
        interfaceIndex: this.#base + number,
        ns: nanoseconds(ticks, clock),
        bytes: block.subarray(28, 28 + captured),
        fileOffset: offset + 28,
        originalLength: Math.max(captured, this.#u32(block, 24)),
        comments,
      },
    };
  }

  /** Original length 4, bytes: all of them or as many as the first interface's snap length; no time. */
  #simplePacket(block: Uint8Array, offset: number): ParseStep {
    if (block.length < 16) return damaged(`the packet at byte ${offset} has ${block.length} bytes`, offset);
    const clock = this.#clocks[0];
    if (clock === undefined) return this.#unknownInterface(0, offset);
    const originalLength = this.#u32(block, 8);
    const snap = clock.snapLength === 0 ? originalLength : Math.min(originalLength, clock.snapLength);
    const captured = Math.min(snap, block.length - 16);
    return {
      kind: 'packet',
      packet: {
        index: 0,
        linktype: clock.linktype,
        interfaceIndex: this.#base,
        ns: null,
        bytes: block.subarray(12, 12 + captured),
        fileOffset: offset + 12,
        originalLength,
        comments: [],
      },
    };
  }

  /** Code 2, length 2, value padded to 4; ends with code 0 or with the block. */
  #options(block: Uint8Array, from: number, visit: (code: number, value: Uint8Array) => void): void {
    const end = block.length - 4;
    let at = from;
    while (at + 4 <= end) {
      const code = this.#u16(block, at);
      const length = this.#u16(block, at + 2);
      if (code === OPTION_END || at + 4 + length > end) return;
      visit(code, block.subarray(at + 4, at + 4 + length));
      at += 4 + length + (-length & 3);
    }
  }

  #unknownInterface(number: number, offset: number): ParseStep {
    const problem: CaptureProblem = {
      code: 'unknown-interface',
      message: `The packet at byte ${offset} is of interface ${number}, but its section has described ${this.#clocks.length}.`,
      remedy: 'The file is damaged there; packets before it were read.',
      offset,
    };
    return { kind: 'problem', problem };
  }

  #u16(bytes: Uint8Array, at: number): number {
    const [a = 0, b = 0] = [bytes[at], bytes[at + 1]];
    return this.#little ? (b << 8) | a : (a << 8) | b;
  }

  #u32(bytes: Uint8Array, at: number): number {
    return this.#little
      ? this.#u16(bytes, at) + this.#u16(bytes, at + 2) * 65536
      : this.#u16(bytes, at) * 65536 + this.#u16(bytes, at + 2);
  }

  #u64(bytes: Uint8Array, at: number): bigint {
    const [first, second] = [BigInt(this.#u32(bytes, at)), BigInt(this.#u32(bytes, at + 4))];
    return this.#little ? (second << 32n) | first : (first << 32n) | second;
  }
}

function isRead(type: number): boolean {
  return (
    type === SECTION_HEADER ||
    type === INTERFACE_DESCRIPTION ||
    type === PACKET ||
    type === SIMPLE_PACKET ||
    type === ENHANCED_PACKET
  );
}

function nanoseconds(ticks: bigint, clock: Clock): bigint {
  const own =
    clock.ticksPerSecond === 1_000_000_000n ? ticks : (ticks * 1_000_000_000n) / clock.ticksPerSecond;
  return own + clock.offsetSeconds * 1_000_000_000n;
}

function damaged(what: string, offset: number): ParseStep {
  return {
    kind: 'problem',
    problem: {
      code: 'capture-damaged',
      message: `The pcapng file is damaged: ${what}.`,
      remedy: 'Packets before it were read; copy or record the file again for the rest.',
      offset,
    },
  };
}
