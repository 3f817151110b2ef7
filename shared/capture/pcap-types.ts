import type { ChunkedBytes } from './pcap-bytes.ts';

/** One packet of a capture file. `bytes` may be a view into the chunk it came in. */
export interface CapturedPacket {
  /** 0, 1, 2 … in the order of the file. */
  index: number;
  linktype: number;
  /** Index in {@link PcapReader.interfaces}. */
  interfaceIndex: number;
  /** Nanoseconds since 1970; null where the file has no time for it. */
  ns: bigint | null;
  bytes: Uint8Array;
  /** Where `bytes` begins in the file. */
  fileOffset: number;
  /** Bytes the packet had on the wire; bytes.length may be less. */
  originalLength: number;
  comments: readonly string[];
}

export interface CaptureInterface {
  linktype: number;
  name: string | null;
  description: string | null;
  /** Most bytes of a packet that were stored; 0 for no limit. */
  snapLength: number;
}

export type CaptureProblemCode =
  | 'not-a-capture'
  | 'compressed-capture'
  | 'capture-truncated'
  | 'capture-damaged'
  | 'packet-too-large'
  | 'unknown-interface';

/** Why reading stopped before the end of the file; everything before `offset` was read. */
export interface CaptureProblem {
  code: CaptureProblemCode;
  message: string;
  remedy: string;
  /** Bytes from the beginning of the file. */
  offset: number;
}

/** What both parsers give back from one step; the reader numbers the packets. */
export type ParseStep =
  | { kind: 'packet'; packet: CapturedPacket }
  | { kind: 'more' }
  | { kind: 'again' }
  | { kind: 'problem'; problem: CaptureProblem };

export interface CaptureParser {
  readonly interfaces: CaptureInterface[];
  /** Parses one record if all of it has arrived. `offset`: bytes of the file before what `input` holds. */
  step(input: ChunkedBytes, offset: number): ParseStep;
}

/** A packet larger than this is taken for damage: 16 MiB, where Wireshark's own limit is 256 KiB for networks. */
export const MOST_PACKET_BYTES = 16 * 1024 * 1024;

export function tooLarge(bytes: number, offset: number): CaptureProblem {
  return {
    code: 'packet-too-large',
    message: `The packet at byte ${offset} claims ${bytes} bytes; no more than ${MOST_PACKET_BYTES} are taken for a packet.`,
    remedy: 'The file is damaged there, or was cut and joined; packets before it were read.',
    offset,
  };
}
