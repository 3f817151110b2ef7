/** Packets of every protocol there is a decoder for, made to be dissected by tshark as well. */
import { crc32c } from '../../../../shared/packet/crc32c.ts';
import { concat } from '../../capture/capture-bytes.ts';
import {
  address6,
  arp,
  ethernet,
  internetChecksum,
  ipv4,
  ipv6,
  put16,
  put32,
  randomIpv4,
  randomIpv6,
  randomIpv6Packet,
  randomTags,
  sourceMac,
  transport,
  words16,
} from '../generator/build.ts';
import type { Bytes } from '../generator/build.ts';
import type { Random } from '../generator/random.ts';

/** ICMP, TCP or UDP, whole: other protocols get payloads of their own below. */
export function goodIpv4(random: Random, dataLength: number): Bytes {
  const fields = {
    ...randomIpv4(random),
    protocol: random.pick([1, 6, 17]),
    fragment: random.pick([0, 0x4000]),
  };
  return ipv4(fields, transport(random, fields.protocol, fields.source, fields.destination, dataLength));
}

export type Stack = (random: Random) => Bytes;

export function framed(random: Random, type: number, payload: Uint8Array): Bytes {
  return ethernet(random.bytes(6), sourceMac(random), [], type, payload, false);
}

function inIpv4(random: Random, protocol: number, payload: Uint8Array): Bytes {
  const fields = { ...randomIpv4(random), protocol, fragment: 0x4000, options: new Uint8Array(0) };
  return framed(random, 0x0800, ipv4(fields, payload));
}

function inIpv6(random: Random, next: number, payload: Uint8Array): Bytes {
  return framed(random, 0x86dd, ipv6({ ...randomIpv6(random), next }, payload));
}

/** In UDP over IPv4 with its checksum right. */
function inUdp(random: Random, port: number, payload: Uint8Array): Bytes {
  const fields = { ...randomIpv4(random), protocol: 17, fragment: 0x4000, options: new Uint8Array(0) };
  const udp = concat(words16(random.between(49152, 60000), port, 8 + payload.length, 0), payload);
  const pseudo = concat(fields.source, fields.destination, words16(17, udp.length));
  put16(udp, 6, internetChecksum(pseudo, udp) || 0xffff);
  return framed(random, 0x0800, ipv4(fields, udp));
}

function icmpError(random: Random): Bytes {
  const quoted = goodIpv4(random, 40).subarray(0, 28 + random.below(20));
  const [type = 3, code = 0] = random.pick([
    [3, 1],
    [3, 3],
    [3, 4],
    [5, 1],
    [11, 0],
    [12, 0],
  ]);
  const message = concat(Uint8Array.of(type, code, 0, 0), random.bytes(4), quoted);
  message[5] = 0;
  put16(message, 2, internetChecksum(message));
  return inIpv4(random, 1, message);
}

function icmpv6(random: Random, body: Uint8Array): Bytes {
  const fields = { ...randomIpv6(random), next: 58, hopLimit: 255 };
  const message = body.slice();
  const pseudo = concat(fields.source, fields.destination, words16(0, message.length, 0, 58));
  put16(message, 2, internetChecksum(pseudo, message));
  return framed(random, 0x86dd, ipv6(fields, message));
}

function neighbour(random: Random): Bytes {
  const option = concat(Uint8Array.of(random.pick([1, 2]), 1), sourceMac(random));
  const prefix = concat(Uint8Array.of(3, 4, 64, 0xc0), random.bytes(8), new Uint8Array(4), address6(random));
  const mtu = concat(Uint8Array.of(5, 1, 0, 0), words16(0, 1500));
  const body = random.pick([
    concat(Uint8Array.of(135, 0, 0, 0), new Uint8Array(4), address6(random), option),
    concat(Uint8Array.of(136, 0, 0, 0, 0x60, 0, 0, 0), address6(random), option),
    concat(Uint8Array.of(133, 0, 0, 0), new Uint8Array(4), option),
    concat(Uint8Array.of(134, 0, 0, 0, 64, 0xc0), words16(1800, 0, 30000, 0, 1000), option, mtu, prefix),
  ]);
  return icmpv6(random, body);
}

function tcpOptions(random: Random): Bytes {
  const options = random.pick([
    concat(Uint8Array.of(2, 4, 5, 0xb4, 4, 2, 8, 10), random.bytes(8), Uint8Array.of(1, 3, 3, 7)),
    concat(Uint8Array.of(1, 1, 8, 10), random.bytes(8), Uint8Array.of(1, 1, 5, 10), random.bytes(8)),
    concat(Uint8Array.of(1, 1, 19, 18), random.bytes(16)),
  ]);
  const fields = { ...randomIpv4(random), protocol: 6, fragment: 0x4000, options: new Uint8Array(0) };
  const segment = concat(transport(random, 6, fields.source, fields.destination, 0), options);
  segment[12] = ((20 + options.length) / 4) << 4;
  segment[13] = options[0] === 2 ? 2 : 0x10;
  put16(segment, 16, 0);
  const pseudo = concat(fields.source, fields.destination, words16(6, segment.length));
  put16(segment, 16, internetChecksum(pseudo, segment));
  return framed(random, 0x0800, ipv4(fields, segment));
}

function sctp(random: Random): Bytes {
  const chunk = random.pick([
    concat(
      Uint8Array.of(0, 3),
      words16(16 + 5),
      random.bytes(4),
      words16(1, 2, 0, 0),
      random.bytes(5),
      new Uint8Array(3),
    ),
    concat(Uint8Array.of(11, 0), words16(4)),
  ]);
  const bytes = concat(
    words16(random.between(20000, 30000), random.between(20000, 30000)),
    random.bytes(4),
    new Uint8Array(4),
    chunk,
  );
  new DataView(bytes.buffer).setUint32(8, crc32c(bytes, 0, bytes.length, 8), true);
  return inIpv4(random, 132, bytes);
}

function gre(random: Random): Bytes {
  const flags = random.pick([0, 0x8000, 0x2000, 0x3000, 0xb000]);
  const packet = goodIpv4(random, random.below(40));
  const bytes = concat(
    words16(flags, 0x0800),
    (flags & 0x8000) === 0 ? new Uint8Array(0) : new Uint8Array(4),
    (flags & 0x2000) === 0 ? new Uint8Array(0) : random.bytes(4),
    (flags & 0x1000) === 0 ? new Uint8Array(0) : random.bytes(4),
    packet,
  );
  if ((flags & 0x8000) !== 0) put16(bytes, 4, internetChecksum(bytes));
  return inIpv4(random, 47, bytes);
}

function erspan(random: Random): Bytes {
  const inner = framed(random, 0x0800, goodIpv4(random, 20));
  const two = concat(
    words16(0x1000, 0x88be),
    random.bytes(4),
    words16(0x1000 | random.below(4096)),
    random.bytes(2),
    words16(random.below(16)),
    random.bytes(2),
  );
  const three = concat(
    words16(0x1000, 0x22eb),
    random.bytes(4),
    words16(0x2000 | random.below(4096)),
    random.bytes(8),
    words16(random.below(1 << 15) & 0x83fe),
  );
  return inIpv4(random, 47, concat(random.pick([two, three]), inner));
}

function extensionHeaders(random: Random): Bytes {
  const options = (next: number): Bytes => concat(Uint8Array.of(next, 0, 5, 2, 0, 0, 1, 0));
  const destination = (next: number): Bytes =>
    concat(Uint8Array.of(next, 1, 1, 4), random.bytes(4), Uint8Array.of(1, 6, 0, 0, 0, 0, 0, 0));
  const fragment = (next: number): Bytes => concat(Uint8Array.of(next, 0), words16(0), random.bytes(4));
  const routing = (next: number): Bytes => concat(Uint8Array.of(next, 2, 4, 0, 0, 0, 0, 7), address6(random));
  const fields = { ...randomIpv6(random), next: 0 };
  const udp = transport(random, 17, fields.source, fields.destination, 12);
  const chain = random.pick([
    concat(options(60), destination(17)),
    concat(options(44), fragment(17)),
    concat(options(43), routing(17)),
    concat(options(17)),
  ]);
  return framed(random, 0x86dd, ipv6(fields, concat(chain, udp)));
}

function wireguard(random: Random): Bytes {
  const [type = 1, length = 148] = random.pick([
    [1, 148],
    [2, 92],
    [3, 64],
    [4, 96],
  ]);
  return inUdp(random, 51820, concat(Uint8Array.of(type, 0, 0, 0), random.bytes(length - 4)));
}

function geneve(random: Random): Bytes {
  const option = concat(words16(0x0102), Uint8Array.of(0x80, 1), random.bytes(4));
  const inner = framed(random, 0x0800, goodIpv4(random, 20));
  const header = concat(
    Uint8Array.of(option.length / 4, 0x40),
    words16(0x6558),
    random.bytes(3),
    Uint8Array.of(0),
  );
  return inUdp(random, 6081, concat(header, option, inner));
}

function gtp(random: Random): Bytes {
  const packet = goodIpv4(random, 30);
  const long = random.chance(0.5);
  const rest = long ? concat(words16(random.below(65536)), Uint8Array.of(0, 0), packet) : packet;
  return inUdp(
    random,
    2152,
    concat(Uint8Array.of(long ? 0x32 : 0x30, 0xff), words16(rest.length), random.bytes(4), rest),
  );
}

function mplsStack(random: Random): Bytes {
  const entry = (bottom: number): Bytes => {
    const bytes = new Uint8Array(4);
    put32(
      bytes,
      0,
      ((random.between(16, 0xfffff) << 12) |
        (random.below(8) << 9) |
        (bottom << 8) |
        random.between(1, 255)) >>>
        0,
    );
    return bytes;
  };
  const four = random.chance(0.6);
  const packet = four ? goodIpv4(random, 20) : randomIpv6Packet(random, 20);
  return framed(random, 0x8847, concat(entry(0), entry(1), packet));
}

function pppoe(random: Random): Bytes {
  const packet = goodIpv4(random, 30);
  return framed(
    random,
    0x8864,
    concat(Uint8Array.of(0x11, 0), words16(random.below(65536), packet.length + 2, 0x0021), packet),
  );
}

function pppoeDiscovery(random: Random): Bytes {
  const tags = concat(words16(0x0101, 0, 0x0103, 8), random.bytes(8));
  return framed(random, 0x8863, concat(Uint8Array.of(0x11, 9), words16(0, tags.length), tags));
}

function igmp(random: Random): Bytes {
  const body = random.pick([
    concat(Uint8Array.of(0x16, 0, 0, 0, 239), random.bytes(3)),
    concat(Uint8Array.of(0x11, 100, 0, 0, 0, 0, 0, 0)),
    concat(Uint8Array.of(0x11, 100, 0, 0, 239, 1, 2, 3, 0x0a, 125, 0, 1), random.bytes(4)),
    concat(Uint8Array.of(0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 1, 239), random.bytes(3), random.bytes(4)),
  ]);
  put16(body, 2, internetChecksum(body));
  return inIpv4(random, 2, body);
}

function ah(random: Random): Bytes {
  const inner = transport(random, 17, random.bytes(4), random.bytes(4), 10);
  put16(inner, 6, 0);
  return inIpv4(random, 51, concat(Uint8Array.of(17, 4, 0, 0), random.bytes(8), random.bytes(12), inner));
}

/** By the decoders they reach. */
export const STACKS: Readonly<Record<string, Stack>> = {
  'ipv4, icmp, tcp, udp': (random) => framed(random, 0x0800, goodIpv4(random, random.below(60))),
  'ipv6, icmpv6': (random) => framed(random, 0x86dd, randomIpv6Packet(random, random.below(60))),
  vlan: (random) =>
    ethernet(random.bytes(6), sourceMac(random), randomTags(random, 3), 0x0800, goodIpv4(random, 20), false),
  arp: (random) => framed(random, 0x0806, arp(random)),
  'llc and snap': (random) => {
    const payload = random.chance(0.5)
      ? concat(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0), goodIpv4(random, 10))
      : concat(Uint8Array.of(0x42, 0x42, 3, 0, 0, 0, 0), random.bytes(31));
    return framed(random, payload.length, payload);
  },
  'icmp errors': icmpError,
  'neighbour discovery': neighbour,
  'tcp options': tcpOptions,
  sctp,
  igmp,
  gre,
  erspan,
  'ipip, sit': (random) =>
    random.chance(0.5)
      ? inIpv4(random, 4, goodIpv4(random, 20))
      : inIpv4(random, 41, randomIpv6Packet(random, 20)),
  'ip6ip6, ip4ip6': (random) =>
    random.chance(0.5)
      ? inIpv6(random, 41, randomIpv6Packet(random, 20))
      : inIpv6(random, 4, goodIpv4(random, 20)),
  'ipv6 extension headers': extensionHeaders,
  vxlan: (random) =>
    inUdp(
      random,
      4789,
      concat(
        Uint8Array.of(8, 0, 0, 0),
        random.bytes(3),
        Uint8Array.of(0),
        framed(random, 0x0800, goodIpv4(random, 20)),
      ),
    ),
  geneve,
  'gtp-u': gtp,
  mpls: mplsStack,
  pppoe,
  'pppoe discovery': pppoeDiscovery,
  esp: (random) => inIpv4(random, 50, random.bytes(40)),
  ah,
  wireguard,
};
