/** The primitives of pcap-filter(7) on a packet, at the offsets where its headers really are. */
import type { Primitive } from './bound.ts';
import type { Subject, Test } from './subject.ts';
import type { SliceProtocol } from './numbers.ts';
import type { PacketPlace } from './packet-place.ts';

const TCP = 6;
const UDP = 17;
const SCTP = 132;

/** One primitive as a test. A fragment that is not the first has no ports, as in tcpdump. */
export function primitiveTest(primitive: Primitive): Test {
  switch (primitive.kind) {
    case 'host':
      return hostTest(primitive);
    case 'port': {
      const { protocol, direction, low, high } = primitive;
      const wanted = { any: 0, tcp: TCP, udp: UDP, sctp: SCTP }[protocol];
      return ({ place }) => {
        const packet = place();
        const found = packet.protocol;
        if (packet.transport < 0 || (wanted === 0 ? !hasPorts(found) : found !== wanted)) return false;
        const source = within(packet.word(packet.transport), low, high);
        const target = within(packet.word(packet.transport + 2), low, high);
        return direction === 'src'
          ? source
          : direction === 'dst'
            ? target
            : direction === 'both'
              ? source && target
              : source || target;
      };
    }
    case 'protocol': {
      const { family, number } = primitive;
      const version = family === 'ip' ? 4 : family === 'ip6' ? 6 : 0;
      return ({ place }) => {
        const packet = place();
        if (packet.version === 0 || (version !== 0 && packet.version !== version)) return false;
        return packet.protocol === number || packet.firstProtocol === number;
      };
    }
    case 'ethertype':
      return ({ place }) => place().etherType === primitive.type;
    case 'tag':
      return primitive.of === 'vlan' ? vlanTest(primitive.id) : mplsTest(primitive.id);
    case 'cast':
      return castTest(primitive.of);
  }
}

/** A number out of the bytes of a header, big-endian; NaN where there is no such header or it was not captured. */
export function sliceNumber(
  protocol: SliceProtocol,
  offset: (subject: Subject) => number,
  size: number,
): (subject: Subject) => number {
  return (subject) => {
    const packet = subject.place();
    const start = headerAt(packet, protocol);
    const at = start + offset(subject);
    if (start < 0 || !(at >= 0 && at + size <= packet.limit)) return NaN;
    if (size === 1) return packet.byte(at);
    return size === 2 ? packet.word(at) : packet.word(at) * 0x10000 + packet.word(at + 2);
  };
}

const TRANSPORTS: Readonly<Partial<Record<SliceProtocol, number>>> = {
  tcp: TCP,
  udp: UDP,
  sctp: SCTP,
  icmp: 1,
  igmp: 2,
  icmp6: 58,
};

function headerAt(packet: PacketPlace, protocol: SliceProtocol): number {
  switch (protocol) {
    case 'ether':
      return packet.link;
    case 'ip':
      return packet.version === 4 ? packet.network : -1;
    case 'ip6':
      return packet.version === 6 ? packet.network : -1;
    case 'arp':
      return packet.etherType === 0x0806 ? packet.network : -1;
    default:
      return packet.protocol === TRANSPORTS[protocol] ? packet.transport : -1;
  }
}

function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}

function within(port: number, low: number, high: number): boolean {
  return port >= low && port <= high;
}

function hostTest(host: Primitive & { readonly kind: 'host' }): Test {
  const { family, direction, bytes, mask } = host;
  const wanted = bytes.map((byte, index) => byte & (mask[index] ?? 0));
  const equal = (packet: PacketPlace, at: number): boolean => {
    if (at < 0 || at + wanted.length > packet.limit) return false;
    for (let i = 0; i < wanted.length; i++)
      if (((packet.bytes[at + i] ?? 0) & (mask[i] ?? 0)) !== wanted[i]) return false;
    return true;
  };
  return ({ place }) => {
    const packet = place();
    const source = addressAt(packet, family, wanted.length, false);
    if (source < 0) return false;
    const target = addressAt(packet, family, wanted.length, true);
    switch (direction) {
      case 'src':
        return equal(packet, source);
      case 'dst':
        return equal(packet, target);
      case 'both':
        return equal(packet, source) && equal(packet, target);
      case 'either':
        return equal(packet, source) || equal(packet, target);
    }
  };
}

/** Index of an address of `length` bytes; -1 where the packet has none of that family. ARP: RFC 826. */
function addressAt(
  packet: PacketPlace,
  family: (Primitive & { readonly kind: 'host' })['family'],
  length: number,
  target: boolean,
): number {
  const { network, etherType } = packet;
  if (length === 6) return packet.link < 0 ? -1 : packet.link + (target ? 0 : 6);
  if (length === 16) return packet.version === 6 ? network + (target ? 24 : 8) : -1;
  if (packet.version === 4) return family === 'any' || family === 'ip' ? network + (target ? 16 : 12) : -1;
  const arp = etherType === 0x0806 && (family === 'any' || family === 'arp');
  const reverse = etherType === 0x8035 && (family === 'any' || family === 'rarp');
  return arp || reverse ? network + (target ? 24 : 14) : -1;
}

function vlanTest(id: number | null): Test {
  return ({ place }) => {
    const packet = place();
    if (packet.tagAt < 0) return false;
    const control = packet.word(packet.tagAt);
    return id === null || (control >= 0 && (control & 0xfff) === id);
  };
}

/** RFC 3032: label 20 bits, traffic class 3, bottom of stack 1, TTL 8. */
function mplsTest(label: number | null): Test {
  return ({ place }) => {
    const packet = place();
    if (packet.etherType !== 0x8847 && packet.etherType !== 0x8848) return false;
    const [high, low] = [packet.word(packet.network), packet.word(packet.network + 2)];
    return label === null || (high >= 0 && low >= 0 && high * 16 + (low >> 12) === label);
  };
}

function castTest(of: (Primitive & { readonly kind: 'cast' })['of']): Test {
  switch (of) {
    case 'ether broadcast':
      return ({ place }) => {
        const packet = place();
        const { link } = packet;
        return (
          link >= 0 &&
          packet.word(link) === 0xffff &&
          packet.word(link + 2) === 0xffff &&
          packet.word(link + 4) === 0xffff
        );
      };
    case 'ether multicast':
      return ({ place }) => {
        const packet = place();
        return packet.link >= 0 && (packet.byte(packet.link) & 1) === 1 && packet.byte(packet.link) >= 0;
      };
    case 'ip multicast':
      return ({ place }) => {
        const packet = place();
        return packet.version === 4 && packet.byte(packet.network + 16) >= 224;
      };
    case 'ip6 multicast':
      return ({ place }) => {
        const packet = place();
        return packet.version === 6 && packet.byte(packet.network + 24) === 0xff;
      };
  }
}
