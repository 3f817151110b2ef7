import {
  decimalText,
  hexBytes,
  hexNumber,
  ipv4Text,
  ipv6Text,
  macText,
  u16,
  u24,
  u32,
  u64,
  u8,
} from './cursor.ts';

/**
 * How much of a field was seen: `captured` all of it, `partial` some, `outside` none because the window does
 * not reach it, `beyond` none because it lies behind the end of the packet.
 */
export type Coverage = 'captured' | 'partial' | 'outside' | 'beyond';

export interface Field {
  /** The protocol's own name, as Wireshark's display filters have it: `ip.ttl`. */
  name: string;
  /** Struct and member in the kernel: `iphdr.ttl`; null where it has none. */
  kernel: string | null;
  /** Index in the bytes that were inspected; it may lie outside them. */
  at: number;
  /** Bytes. */
  length: number;
  /** Within these bytes, counted from the most significant bit of the first; null: whole bytes. */
  bit: { readonly offset: number; readonly count: number } | null;
  /** For display; empty where the field was not captured whole. */
  value: string;
  /**
   * Numbers as numbers, also MAC (48 bits) and IPv4 addresses; longer values as bytes or bigint. Null where the
   * field was not captured whole.
   */
  raw: number | bigint | Uint8Array | null;
  /** What is wrong with the value, in English, or null. */
  problem: string | null;
  coverage: Coverage;
}

export interface Layer {
  /** Name of the decoder: `ethernet`, `ipv4` … */
  protocol: ProtocolName;
  /** For people: `Internet Protocol Version 4`. */
  title: string;
  at: number;
  /** Bytes of the header, whether captured or not. */
  length: number;
  fields: Field[];
  /** The layer belongs to a packet quoted by another, as in ICMP errors. */
  quoted: boolean;
}

export type ProtocolName =
  | 'ethernet'
  | 'vlan'
  | 'llc'
  | 'snap'
  | 'arp'
  | 'ipv4'
  | 'ipv6'
  | 'ipv6-hop-by-hop'
  | 'ipv6-routing'
  | 'ipv6-fragment'
  | 'ipv6-destination-options'
  | 'icmp'
  | 'icmpv6'
  | 'igmp'
  | 'udp'
  | 'tcp'
  | 'sctp'
  | 'gre'
  | 'erspan'
  | 'vxlan'
  | 'geneve'
  | 'gue'
  | 'gtp-u'
  | 'mpls'
  | 'pppoe'
  | 'ppp'
  | 'esp'
  | 'ah'
  | 'wireguard'
  | 'tun-pi'
  | 'virtio-net'
  | 'linux-sll'
  | 'linux-sll2'
  | 'payload';

/** The bytes that are inspected, and where the packet in them ends. */
export interface PacketView {
  bytes: Uint8Array;
  /** Index behind the last byte of the packet; Infinity where not known. It may be more than bytes.length. */
  end: number;
}

/** What follows a header: the decoder, its position, and where the header's own length field says it ends. */
export interface NextHeader {
  protocol: ProtocolName;
  at: number;
  /** Index behind the last byte that belongs to it; Infinity where not known. */
  end: number;
  /** For decoders that need it: the IP header a transport checksum covers. */
  ip: IpContext | null;
  quoted: boolean;
}

export interface IpContext {
  /** Index of the IP header. */
  at: number;
  version: 4 | 6;
  /** Index of the address that a transport checksum takes for the destination, where a routing header has it. */
  destinationAt?: number;
  /** Not the first fragment: what follows is no header. */
  protocol: number;
}

export interface Decoded {
  layer: Layer;
  next: NextHeader | null;
}

export type Decoder = (view: PacketView, at: number, header: NextHeader) => Decoded;

export type Format = (raw: number) => string;

/** A format that makes each text once, for values below `size`. */
export function remembered(size: 256 | 65536, format: Format): Format {
  const texts = new Array<string | undefined>(size);
  return (raw) => (texts[raw] ??= format(raw));
}

export const decimal: Format = decimalText;
export const hex2: Format = (raw) => hexNumber(raw, 2);
export const hex4: Format = (raw) => hexNumber(raw, 4);
export const hex8: Format = (raw) => hexNumber(raw, 8);

/** Bytes of a long field that its value shows. */
const SHOWN_BYTES = 24;

/** One object for each range that there can be. */
const BIT_RANGES = Array.from({ length: 32 * 32 }, (_, key) =>
  Object.freeze({ offset: key >> 5, count: key & 31 }),
);

function bitRange(offset: number, count: number): { readonly offset: number; readonly count: number } {
  return BIT_RANGES[(offset << 5) + count] ?? { offset, count };
}

/** Collects the fields of one header. Offsets are relative to the header. */
export class LayerWriter {
  readonly layer: Layer;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #limit: number;
  readonly #at: number;

  constructor(view: PacketView, at: number, protocol: ProtocolName, title: string, length: number) {
    this.#bytes = view.bytes;
    this.#end = view.end;
    this.#limit = Math.min(view.bytes.length, view.end);
    this.#at = at;
    this.layer = { protocol, title, at, length, fields: [], quoted: false };
  }

  /** Whether all of the bytes at `offset` were captured. */
  has(offset: number, length: number): boolean {
    const start = this.#at + offset;
    return start >= 0 && start + length <= this.#limit;
  }

  /** Captured bytes from `offset` on. */
  captured(offset: number): number {
    return Math.max(0, this.#limit - this.#at - offset);
  }

  #coverage(start: number, length: number): Coverage {
    if (start >= 0 && start + length <= this.#limit) return 'captured';
    if (start >= this.#end) return 'beyond';
    return start >= this.#limit || start + length <= 0 ? 'outside' : 'partial';
  }

  #push(
    name: string,
    kernel: string | null,
    offset: number,
    length: number,
    bit: Field['bit'],
    coverage: Coverage,
    value: string,
    raw: Field['raw'],
  ): Field {
    const field: Field = {
      name,
      kernel,
      at: this.#at + offset,
      length,
      bit,
      value,
      raw,
      problem: null,
      coverage,
    };
    this.layer.fields.push(field);
    return field;
  }

  /** An unsigned number of 1, 2, 3 or 4 bytes in network order. */
  uint(name: string, kernel: string | null, offset: number, length: number, format: Format): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, length);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, length, null, coverage, '', null);
    const raw = readUint(this.#bytes, start, length);
    return this.#push(name, kernel, offset, length, null, coverage, format(raw), raw);
  }

  /** `count` bits (at most 30) of the `length` bytes at `offset`, the first of them `first` bits from the top. */
  bits(
    name: string,
    kernel: string | null,
    offset: number,
    length: number,
    first: number,
    count: number,
    format: Format,
  ): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, length);
    const bit = bitRange(first, count);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, length, bit, coverage, '', null);
    const whole = readUint(this.#bytes, start, length);
    const below = length * 8 - first - count;
    const raw = (whole >>> below) & ((1 << count) - 1);
    return this.#push(name, kernel, offset, length, bit, coverage, format(raw), raw);
  }

  uint64(name: string, kernel: string | null, offset: number, format: (raw: bigint) => string): Field {
    const coverage = this.#coverage(this.#at + offset, 8);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, 8, null, coverage, '', null);
    const raw = u64(this.#bytes, this.#at + offset);
    return this.#push(name, kernel, offset, 8, null, coverage, format(raw), raw);
  }

  /** A number that is not stored in network order, or is computed from the bytes by the caller. */
  given(
    name: string,
    kernel: string | null,
    offset: number,
    length: number,
    raw: () => number,
    format: Format,
  ): Field {
    const coverage = this.#coverage(this.#at + offset, length);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, length, null, coverage, '', null);
    const value = raw();
    return this.#push(name, kernel, offset, length, null, coverage, format(value), value);
  }

  mac(name: string, kernel: string | null, offset: number): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, 6);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, 6, null, coverage, '', null);
    const raw = u16(this.#bytes, start) * 0x1_0000_0000 + u32(this.#bytes, start + 2);
    return this.#push(name, kernel, offset, 6, null, coverage, macText(this.#bytes, start), raw);
  }

  ipv4(name: string, kernel: string | null, offset: number): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, 4);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, 4, null, coverage, '', null);
    return this.#push(
      name,
      kernel,
      offset,
      4,
      null,
      coverage,
      ipv4Text(this.#bytes, start),
      u32(this.#bytes, start),
    );
  }

  ipv6(name: string, kernel: string | null, offset: number): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, 16);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, 16, null, coverage, '', null);
    const raw = this.#bytes.subarray(start, start + 16);
    return this.#push(name, kernel, offset, 16, null, coverage, ipv6Text(this.#bytes, start), raw);
  }

  /** Bytes as they are; what was captured of them is shown even where some are missing. */
  bytes(name: string, kernel: string | null, offset: number, length: number, value: string | null): Field {
    const start = this.#at + offset;
    const coverage = this.#coverage(start, length);
    if (coverage !== 'captured') return this.#push(name, kernel, offset, length, null, coverage, '', null);
    const raw = this.#bytes.subarray(start, start + length);
    return this.#push(name, kernel, offset, length, null, coverage, value ?? this.#shown(start, length), raw);
  }

  #shown(start: number, length: number): string {
    const shown = hexBytes(this.#bytes, start, Math.min(length, SHOWN_BYTES));
    return length > SHOWN_BYTES ? `${shown}…` : shown;
  }

  /** Byte at `offset`, 0 where not captured. */
  u8(offset: number): number {
    return this.has(offset, 1) ? u8(this.#bytes, this.#at + offset) : 0;
  }

  u16(offset: number): number {
    return this.has(offset, 2) ? u16(this.#bytes, this.#at + offset) : 0;
  }

  u32(offset: number): number {
    return this.has(offset, 4) ? u32(this.#bytes, this.#at + offset) : 0;
  }
}

function readUint(bytes: Uint8Array, at: number, length: number): number {
  switch (length) {
    case 1:
      return u8(bytes, at);
    case 2:
      return u16(bytes, at);
    case 3:
      return u24(bytes, at);
    default:
      return u32(bytes, at);
  }
}

/** What follows, or null where nothing of it can have been captured. */
export function nextHeader(
  protocol: ProtocolName | null,
  at: number,
  end: number,
  ip: IpContext | null = null,
): NextHeader | null {
  return protocol === null ? null : { protocol, at, end, ip, quoted: false };
}
