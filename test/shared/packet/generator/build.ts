/** Packets built field by field, checksums and all: the truth that decoders and verdicts are held against. */
import { concat } from '../../capture/capture-bytes.ts';
import type { Random } from './random.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, value >>> 16);
  put16(bytes, at + 2, value & 0xffff);
}

export function words16(...values: readonly number[]): Bytes {
  const bytes = new Uint8Array(values.length * 2);
  for (const [index, value] of values.entries()) put16(bytes, index * 2, value);
  return bytes;
}

/** RFC 1071, written apart from the code under test. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (const [index, byte] of part.entries()) sum += index % 2 === 0 ? byte * 256 : byte;
  }
  while (sum > 65535) sum = (sum % 65536) + Math.floor(sum / 65536);
  return 65535 - sum;
}

export interface Ipv4Fields {
  protocol: number;
  source: Uint8Array;
  destination: Uint8Array;
  tos: number;
  id: number;
  fragment: number;
  ttl: number;
  /** A multiple of 4, at most 40. */
  options: Uint8Array;
}

export function randomIpv4(random: Random): Ipv4Fields {
  return {
    protocol: random.pick([1, 6, 17, 17, 6, 2, 47, 50, 132]),
    source: random.bytes(4),
    destination: random.bytes(4),
    tos: random.chance(0.8) ? 0 : random.below(256),
    id: random.below(65536),
    fragment: random.pick([0, 0x4000, 0x4000, 0x2000]),
    ttl: random.chance(0.7) ? random.pick([64, 63, 128, 255, 1]) : random.between(1, 255),
    options: random.chance(0.9) ? new Uint8Array(0) : ipv4Options(random),
  };
}

function ipv4Options(random: Random): Bytes {
  const list = random.pick([
    Uint8Array.of(148, 4, 0, 0),
    concat(Uint8Array.of(7, 11, 4), random.bytes(8), Uint8Array.of(0)),
    concat(Uint8Array.of(68, 12, 5, 0), random.bytes(8)),
    Uint8Array.of(1, 1, 1, 0),
  ]);
  const padded = new Uint8Array(list.length + (-list.length & 3));
  padded.set(list);
  return padded;
}

export function ipv4(fields: Ipv4Fields, payload: Uint8Array): Bytes {
  const header = 20 + fields.options.length;
  const bytes = concat(new Uint8Array(20), fields.options, payload);
  bytes[0] = 0x40 | (header / 4);
  bytes[1] = fields.tos;
  put16(bytes, 2, bytes.length);
  put16(bytes, 4, fields.id);
  put16(bytes, 6, fields.fragment);
  bytes[8] = fields.ttl;
  bytes[9] = fields.protocol;
  bytes.set(fields.source, 12);
  bytes.set(fields.destination, 16);
  put16(bytes, 10, internetChecksum(bytes.subarray(0, header)));
  return bytes;
}

export interface Ipv6Fields {
  next: number;
  source: Uint8Array;
  destination: Uint8Array;
  trafficClass: number;
  flow: number;
  hopLimit: number;
}

const PREFIXES: readonly (readonly number[])[] = [
  [0xfe, 0x80, 0, 0, 0, 0, 0, 0],
  [0x20, 0x01, 0x0d, 0xb8],
  [0xfd],
  [0x26, 0x07],
];

export function address6(random: Random): Bytes {
  const address = random.bytes(16);
  address.set(random.pick(PREFIXES));
  return address;
}

export function randomIpv6(random: Random): Ipv6Fields {
  return {
    next: random.pick([58, 6, 17, 17, 6]),
    source: address6(random),
    destination: random.chance(0.1) ? concat(Uint8Array.of(0xff, 2), random.bytes(14)) : address6(random),
    trafficClass: random.chance(0.9) ? 0 : random.below(256),
    flow: random.below(1 << 20),
    hopLimit: random.chance(0.7) ? random.pick([64, 255, 63, 1]) : random.between(1, 255),
  };
}

export function ipv6(fields: Ipv6Fields, payload: Uint8Array): Bytes {
  const bytes = concat(new Uint8Array(40), payload);
  put32(bytes, 0, ((6 << 28) | (fields.trafficClass << 20) | fields.flow) >>> 0);
  put16(bytes, 4, payload.length);
  bytes[6] = fields.next;
  bytes[7] = fields.hopLimit;
  bytes.set(fields.source, 8);
  bytes.set(fields.destination, 24);
  return bytes;
}

/** The pseudo header of RFC 9293 and RFC 8200. */
function pseudo(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): Bytes {
  return concat(source, destination, words16(0, length, 0, protocol));
}

/** A payload of `protocol` with its checksum right, for these addresses. */
export function transport(
  random: Random,
  protocol: number,
  source: Uint8Array,
  destination: Uint8Array,
  dataLength: number,
): Bytes {
  const data = random.bytes(dataLength);
  const over = (length: number): Bytes => pseudo(source, destination, protocol, length);
  switch (protocol) {
    case 1: {
      const bytes = concat(Uint8Array.of(random.pick([8, 0, 8, 13]), 0, 0, 0), random.bytes(4), data);
      put16(bytes, 2, internetChecksum(bytes));
      return bytes;
    }
    case 58: {
      const bytes = concat(Uint8Array.of(random.pick([128, 129]), 0, 0, 0), random.bytes(4), data);
      put16(bytes, 2, internetChecksum(over(bytes.length), bytes));
      return bytes;
    }
    case 6: {
      const bytes = concat(
        random.bytes(12),
        Uint8Array.of(0x50, random.pick([2, 0x10, 0x18, 0x11, 4])),
        random.bytes(2),
        words16(0, 0),
        data,
      );
      put16(bytes, 16, internetChecksum(over(bytes.length), bytes));
      return bytes;
    }
    case 17: {
      const bytes = concat(
        words16(random.between(1024, 65535), random.pick([53, 123, 443, 5001]), 8 + dataLength, 0),
        data,
      );
      put16(bytes, 6, internetChecksum(over(bytes.length), bytes) || 0xffff);
      return bytes;
    }
    default:
      return data;
  }
}

export function randomIpv4Packet(random: Random, dataLength: number): Bytes {
  const fields = randomIpv4(random);
  return ipv4(fields, transport(random, fields.protocol, fields.source, fields.destination, dataLength));
}

export function randomIpv6Packet(random: Random, dataLength: number): Bytes {
  const fields = randomIpv6(random);
  return ipv6(fields, transport(random, fields.next, fields.source, fields.destination, dataLength));
}

export function arp(random: Random): Bytes {
  return concat(words16(1, 0x0800, 0x0604, random.between(1, 2)), random.bytes(20));
}

export interface Tag {
  tpid: number;
  tci: number;
}

/** Destination, source, tags, EtherType, payload; padded to 60 bytes if asked. */
export function ethernet(
  destination: Uint8Array,
  source: Uint8Array,
  tags: readonly Tag[],
  type: number,
  payload: Uint8Array,
  padded: boolean,
): Bytes {
  const frame = concat(
    destination,
    source,
    ...tags.map((tag) => words16(tag.tpid, tag.tci)),
    words16(type),
    payload,
  );
  return padded && frame.length < 60 ? concat(frame, new Uint8Array(60 - frame.length)) : frame;
}

export function sourceMac(random: Random): Bytes {
  const mac = random.bytes(6);
  mac[0] = (mac[0] ?? 0) & 0xfe;
  return mac;
}

export function randomTags(random: Random, most: number): Tag[] {
  return Array.from({ length: random.between(0, most) }, () => ({
    tpid: random.pick([0x8100, 0x8100, 0x88a8]),
    tci: random.below(65536),
  }));
}
