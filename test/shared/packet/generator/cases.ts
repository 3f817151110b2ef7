/** Cases whose verdict is known because they were made that way. */
import { concat } from '../../capture/capture-bytes.ts';
import type { VerdictInput, VerdictKind } from '../../../../shared/packet/verdict-kinds.ts';
import type { SkbState } from '../../../../shared/packet/skb.ts';
import {
  arp,
  ethernet,
  internetChecksum,
  ipv4,
  put16,
  randomIpv4,
  randomIpv4Packet,
  randomIpv6Packet,
  randomTags,
  sourceMac,
  transport,
  words16,
} from './build.ts';
import type { Bytes } from './build.ts';
import type { Random } from './random.ts';

export interface KnownCase {
  input: VerdictInput;
  kind: VerdictKind;
  headerAt: number | null;
  /** How it was made, for the message of a failing test. */
  made: string;
}

export const NO_SKB: SkbState = {
  len: null,
  dataLen: null,
  macLen: null,
  protocol: null,
  pktType: null,
  headroom: null,
  macHeader: null,
  networkHeader: null,
  deviceName: null,
  ifindex: null,
  deviceType: null,
  hardHeaderLength: null,
  netns: null,
};

type Expect = VerdictInput['expect'];

interface Draft {
  expect: Expect;
  /** From the expected position on. */
  packet: Uint8Array;
  /** Before the expected position. */
  before?: Uint8Array;
  headerAt: number | null;
  made: string;
  skb?: SkbState;
  /** Bytes from the expected position on that must be in the window for the bytes to decide. */
  needed: number;
  packetLength?: number;
}

/** Cuts the window as probes do, at least behind what the verdict needs, and forgets the length at times. */
function finish(random: Random, kind: VerdictKind, draft: Draft, lengthKnown: boolean): KnownCase {
  const before = draft.before ?? new Uint8Array(0);
  const shown = random.pick([draft.packet.length, 128, 256, 64, draft.needed]);
  const window = draft.packet.subarray(0, Math.max(draft.needed, Math.min(shown, draft.packet.length)));
  return {
    kind,
    headerAt: draft.headerAt,
    made: draft.made,
    input: {
      bytes: concat(before, window),
      window: 0 - before.length,
      expect: draft.expect,
      packetLength: lengthKnown ? (draft.packetLength ?? draft.packet.length) : null,
      skb: draft.skb ?? null,
    },
  };
}

function dataLength(random: Random): number {
  return random.chance(0.3) ? random.below(12) : random.between(12, 400);
}

function packetOf(random: Random, version: 4 | 6): Bytes {
  return version === 4
    ? randomIpv4Packet(random, dataLength(random))
    : randomIpv6Packet(random, dataLength(random));
}

function headerLength(packet: Uint8Array): number {
  return (packet[0] ?? 0) >> 4 === 6 ? 40 : ((packet[0] ?? 0) & 15) * 4;
}

/** What stands before a good packet: nothing, its MAC header, or whatever was in the headroom. */
function headroom(random: Random, version: 4 | 6): Bytes {
  if (random.chance(0.4)) return new Uint8Array(0);
  if (random.chance(0.3)) return random.bytes(random.between(1, 18));
  return ethernet(
    random.bytes(6),
    sourceMac(random),
    [],
    version === 4 ? 0x0800 : 0x86dd,
    new Uint8Array(0),
    false,
  );
}

function expectIp(random: Random, version: 4 | 6): Expect {
  return random.chance(0.25) ? 'ip' : version === 4 ? 'ipv4' : 'ipv6';
}

function asExpected(random: Random): KnownCase {
  const choice = random.below(10);
  if (choice === 0) return expectedFrame(random);
  const version = choice < 7 ? 4 : 6;
  const packet = packetOf(random, version);
  const draft: Draft = {
    expect: expectIp(random, version),
    packet,
    before: headroom(random, version),
    headerAt: 0,
    made: `good IPv${version}`,
    needed: headerLength(packet),
  };
  return finish(random, 'as-expected', draft, random.chance(0.8));
}

function frameOf(
  random: Random,
  destination: Uint8Array,
  most: number,
): { frame: Bytes; at: number; inner: number } {
  const version = random.chance(0.7) ? 4 : 6;
  const tags = randomTags(random, most);
  const packet = packetOf(random, version);
  const type = version === 4 ? 0x0800 : 0x86dd;
  const frame = ethernet(destination, sourceMac(random), tags, type, packet, random.chance(0.5));
  const at = 14 + 4 * tags.length;
  return { frame, at, inner: at + headerLength(packet) };
}

function expectedFrame(random: Random): KnownCase {
  const { frame, inner } = frameOf(random, random.bytes(6), 2);
  const draft: Draft = { expect: 'ethernet', packet: frame, headerAt: 0, made: 'good frame', needed: inner };
  return finish(random, 'as-expected', draft, random.chance(0.8));
}

/** Destination addresses of every sort, those that read as an IP header first of all. */
export function destinationMac(random: Random): Bytes {
  const mac = random.bytes(6);
  switch (random.below(6)) {
    case 0:
      mac[0] = random.between(0x45, 0x4f);
      break;
    case 1:
      mac[0] = random.between(0x60, 0x6f);
      break;
    case 2:
      mac.set([2, 0x42]);
      break;
    case 3:
      mac.fill(random.pick([0, 255]));
      break;
    case 4:
      mac.set([0x45, 0, 0, random.between(40, 120)]);
      break;
    default:
  }
  return mac;
}

function ethernetWhereIp(random: Random): KnownCase {
  const destination = destinationMac(random);
  const expect: Expect = random.pick(['ipv4', 'ipv4', 'ipv6', 'ip']);
  if (random.chance(0.1)) {
    const tags = randomTags(random, 2);
    const frame = ethernet(destination, sourceMac(random), tags, 0x0806, arp(random), random.chance(0.5));
    const needed = 14 + 4 * tags.length + 8;
    return finish(
      random,
      'ethernet-where-ip-expected',
      { expect, packet: frame, headerAt: null, made: 'ARP frame', needed },
      true,
    );
  }
  if (random.chance(0.05)) {
    const packet = packetOf(random, 4);
    const snap = concat(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0), packet);
    const frame = ethernet(destination, sourceMac(random), [], snap.length, snap, false);
    const needed = 22 + headerLength(packet);
    return finish(
      random,
      'ethernet-where-ip-expected',
      { expect, packet: frame, headerAt: 22, made: 'SNAP frame', needed },
      true,
    );
  }
  const { frame, at, inner } = frameOf(random, destination, 3);
  const draft: Draft = { expect, packet: frame, headerAt: at, made: `frame, header at ${at}`, needed: inner };
  if (random.chance(0.3)) draft.skb = { ...NO_SKB, deviceType: 65534, deviceName: 'tun0', protocol: 0x0800 };
  return finish(random, 'ethernet-where-ip-expected', draft, random.chance(0.8));
}

function ipWhereEthernet(random: Random): KnownCase {
  const version = random.chance(0.7) ? 4 : 6;
  const packet = packetOf(random, version);
  const before = random.chance(0.5) ? new Uint8Array(0) : ethernetHeader(random, version);
  const draft: Draft = {
    expect: 'ethernet',
    packet,
    before,
    headerAt: before.length > 0 ? -14 : null,
    made: `IPv${version}`,
    needed: headerLength(packet),
  };
  return finish(random, 'ip-where-ethernet-expected', draft, version === 6 || random.chance(0.8));
}

function ethernetHeader(random: Random, version: 4 | 6): Bytes {
  const type = version === 4 ? 0x0800 : 0x86dd;
  return ethernet(random.bytes(6), sourceMac(random), [], type, new Uint8Array(0), false);
}

function vlanWhereIp(random: Random): KnownCase {
  const version = random.chance(0.7) ? 4 : 6;
  const packet = packetOf(random, version);
  const tags = randomTags(random, 1);
  const rest = concat(
    words16(random.between(1, 65535)),
    ...tags.map((tag) => words16(tag.tpid, tag.tci)),
    words16(version === 4 ? 0x0800 : 0x86dd),
    packet,
  );
  const whole = random.chance(0.3);
  const bytes = whole ? concat(words16(0x8100), rest) : rest;
  const headerAt = bytes.length - packet.length;
  const draft: Draft = {
    expect: expectIp(random, version),
    packet: bytes,
    headerAt,
    made: `tag remainder of ${headerAt} bytes`,
    needed: headerAt + headerLength(packet),
  };
  if (random.chance(0.3)) draft.skb = { ...NO_SKB, deviceType: 1, deviceName: 'eth0' };
  return finish(random, 'vlan-where-ip-expected', draft, random.chance(0.8));
}

function shiftedIp(random: Random): KnownCase {
  const shift = random.chance(0.6) ? random.between(1, 32) : -random.between(1, 18);
  const version = random.chance(0.7) ? 4 : 6;
  const packet = packetOf(random, version);
  if (shift > 0) {
    const zeros = shift !== 10 && shift !== 12 && shift !== 20 && random.chance(0.4);
    const prefix = zeros ? new Uint8Array(shift) : random.bytes(shift);
    const draft: Draft = {
      expect: expectIp(random, version),
      packet: concat(prefix, packet),
      headerAt: shift,
      made: `IPv${version} behind ${shift} ${zeros ? 'zero' : 'random'} bytes`,
      needed: shift + headerLength(packet),
    };
    return finish(random, 'shifted-ip-header', draft, version === 6 || random.chance(0.8));
  }
  const draft: Draft = {
    expect: expectIp(random, version),
    before: concat(random.bytes(random.below(4)), packet.subarray(0, -shift)),
    packet: packet.subarray(-shift),
    headerAt: shift,
    made: `IPv${version} ${-shift} bytes before`,
    needed: Math.min(packet.length, headerLength(packet)) + shift,
  };
  return finish(random, 'shifted-ip-header', draft, version === 6 || random.chance(0.8));
}

function wrongVersion(random: Random): KnownCase {
  const version = random.chance(0.5) ? 4 : 6;
  const packet = packetOf(random, version);
  const draft: Draft = {
    expect: version === 4 ? 'ipv6' : 'ipv4',
    packet,
    before: headroom(random, version),
    headerAt: null,
    made: `IPv${version}`,
    needed: headerLength(packet),
  };
  return finish(random, 'wrong-ip-version', draft, random.chance(0.8));
}

function otherProtocol(random: Random): KnownCase {
  const expect: Expect = random.pick(['ipv4', 'ipv6', 'ip']);
  const packet = randomIpv4Packet(random, dataLength(random));
  const inner = headerLength(packet);
  const make = (made: string, prefix: Uint8Array, extra: Partial<Draft> = {}): KnownCase =>
    finish(
      random,
      'other-protocol',
      {
        expect,
        packet: concat(prefix, packet),
        headerAt: prefix.length,
        made,
        needed: prefix.length + inner,
        ...extra,
      },
      true,
    );
  switch (random.below(8)) {
    case 0:
      return make('ARP', new Uint8Array(0), { packet: arp(random), headerAt: null, needed: 8 });
    case 1: {
      const skb = { ...NO_SKB, protocol: 0x8847 };
      const label = random.bytes(4);
      label[2] = (label[2] ?? 0) | 1;
      label[3] = random.between(1, 255);
      return make('MPLS', label, { skb });
    }
    case 2:
      return make(
        'PPPoE',
        concat(Uint8Array.of(0x11, 0), words16(random.below(65536), packet.length + 2, 0x21)),
      );
    case 3:
      return make('SNAP', Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0));
    case 4: {
      const bpdu = concat(Uint8Array.of(0x42, 0x42, 3, 0, 0, 0, 0), random.bytes(31));
      return make('spanning tree', new Uint8Array(0), { packet: bpdu, headerAt: null, needed: 20 });
    }
    case 5:
      return make('GRE with key', concat(words16(0x2000, 0x0800), random.bytes(4)));
    case 6: {
      const frame = ethernet(random.bytes(6), sourceMac(random), [], 0x0800, packet, false);
      const vxlan = concat(Uint8Array.of(8, 0, 0, 0), random.bytes(3), Uint8Array.of(0), frame);
      return make('VXLAN', new Uint8Array(0), { packet: vxlan, headerAt: 22, needed: 22 + inner });
    }
    default:
      return make('PPP', Uint8Array.of(0xff, 3, 0, 0x21));
  }
}

function packetInformation(random: Random): KnownCase {
  const version = random.chance(0.7) ? 4 : 6;
  const type = version === 4 ? 0x0800 : 0x86dd;
  const onTun = random.chance(0.5);
  const skb: SkbState | null = onTun ? { ...NO_SKB, deviceType: 65534, deviceName: 'tun0' } : null;
  const pi = words16(onTun && random.chance(0.2) ? 1 : 0, type);
  const frame = random.chance(0.2);
  const packet = packetOf(random, version);
  const rest = frame ? ethernet(random.bytes(6), sourceMac(random), [], type, packet, false) : packet;
  const at = frame ? 18 : 4;
  const tap = frame && random.chance(0.5);
  const draft: Draft = {
    expect: tap ? 'ethernet' : expectIp(random, version),
    packet: concat(pi, rest),
    headerAt: tap ? 4 : at,
    made: frame ? 'tun_pi and a frame' : 'tun_pi',
    needed: at + headerLength(packet),
  };
  if (skb !== null) draft.skb = skb;
  return finish(random, 'tun-packet-information', draft, random.chance(0.8));
}

function virtioHeader(random: Random, length: number): Bytes {
  const header = new Uint8Array(length);
  if (random.chance(0.5)) {
    header.set([1, random.pick([0, 1, 4, 5]), random.between(34, 80), 0]);
    if (header[1] !== 0) header.set([random.below(256), random.between(2, 5)], 4);
    header.set([random.between(14, 60), 0, random.pick([6, 16]), 0], 6);
  }
  if (length >= 12) header[10] = random.below(2);
  return header;
}

function virtio(random: Random): KnownCase {
  const length = random.pick([10, 12]);
  const header = virtioHeader(random, length);
  const version = random.chance(0.7) ? 4 : 6;
  const packet = packetOf(random, version);
  const frame = random.chance(0.5);
  const rest = frame ? concat(ethernetHeader(random, version), packet) : packet;
  const at = length + (frame ? 14 : 0);
  const tap = frame && random.chance(0.5);
  const draft: Draft = {
    expect: tap ? 'ethernet' : expectIp(random, version),
    packet: concat(header, rest),
    headerAt: tap ? length : at,
    made: `virtio-net header of ${length} bytes${frame ? ' and a frame' : ''}`,
    needed: at + headerLength(packet),
  };
  return finish(random, 'virtio-net-header', draft, version === 6 || random.chance(0.8));
}

/** One byte or one field of a good header changed, so that the kernel would drop it. */
function corruptIp(random: Random): KnownCase {
  const packet = packetOf(random, 4);
  const header = headerLength(packet);
  const field = random.pick([
    'version',
    'ihl',
    'tot_len',
    'id',
    'ttl',
    'protocol',
    'check',
    'saddr',
    'daddr',
  ]);
  const offsets: Readonly<Record<string, number>> = {
    id: 4,
    ttl: 8,
    protocol: 9,
    check: 10,
    saddr: 12,
    daddr: 16,
  };
  const was = packet.slice(0, header);
  const at = offsets[field];
  if (at !== undefined) packet[at] = (packet[at] ?? 0) ^ random.between(1, 255);
  else if (field === 'version')
    packet[0] = ((packet[0] ?? 0) & 15) | (random.pick([0, 1, 2, 3, 5, 7, 8, 15]) << 4);
  else if (field === 'ihl') packet[0] = 0x40 | ((header / 4 + random.between(1, 9)) % 16);
  else put16(packet, 2, (packet.length + random.between(1, 65000)) % 65536);
  const sound = internetChecksum(packet.subarray(0, ((packet[0] ?? 0) & 15) * 4)) === 0;
  if (sound || was.every((byte, index) => byte === packet[index])) packet[10] = (packet[10] ?? 0) ^ 0x5a;
  const draft: Draft = {
    expect: random.chance(0.25) ? 'ip' : 'ipv4',
    packet,
    before: headroom(random, 4),
    headerAt: 0,
    made: `IPv4 with ${field} changed`,
    needed: Math.min(packet.length, Math.max(header, ((packet[0] ?? 0) & 15) * 4)),
  };
  return finish(random, 'corrupt-ip-header', draft, true);
}

function truncated(random: Random): KnownCase {
  const version = random.chance(0.7) ? 4 : 6;
  const packet = packetOf(random, version);
  const cut = packet.slice(0, random.below(packet.length));
  const draft: Draft = {
    expect: version === 4 ? 'ipv4' : 'ipv6',
    packet: cut,
    headerAt: cut.length === 0 ? null : 0,
    made: `IPv${version} cut to ${cut.length} of ${packet.length}`,
    needed: Math.min(cut.length, headerLength(packet)),
  };
  return finish(random, 'truncated', draft, true);
}

function allZero(random: Random): KnownCase {
  const packet = new Uint8Array(random.between(40, 300));
  const expect: Expect = random.pick(['ipv4', 'ipv6', 'ip', 'ethernet']);
  const before = random.chance(0.5) ? new Uint8Array(0) : random.bytes(14);
  return finish(
    random,
    'all-zero',
    { expect, packet, before, headerAt: null, made: 'zeros', needed: 40 },
    random.chance(0.8),
  );
}

function unrecognised(random: Random): KnownCase {
  const packet = random.bytes(random.between(40, 300));
  const expect: Expect = random.pick(['ipv4', 'ipv6', 'ip', 'ethernet']);
  const before = random.chance(0.5) ? new Uint8Array(0) : random.bytes(18);
  return finish(
    random,
    'unrecognised',
    { expect, packet, before, headerAt: null, made: 'noise', needed: 40 },
    random.chance(0.8),
  );
}

export const GENERATORS: Readonly<Record<VerdictKind, (random: Random) => KnownCase>> = {
  'as-expected': asExpected,
  'ethernet-where-ip-expected': ethernetWhereIp,
  'ip-where-ethernet-expected': ipWhereEthernet,
  'vlan-where-ip-expected': vlanWhereIp,
  'shifted-ip-header': shiftedIp,
  'wrong-ip-version': wrongVersion,
  'other-protocol': otherProtocol,
  'tun-packet-information': packetInformation,
  'virtio-net-header': virtio,
  'corrupt-ip-header': corruptIp,
  truncated,
  'all-zero': allZero,
  unrecognised,
};

/** A good IPv4 packet whose source address (8.0.69.x) or identification spells the start of an Ethernet payload. */
export function spellingPacket(random: Random): Bytes {
  const fields = randomIpv4(random);
  fields.source = Uint8Array.of(8, 0, random.between(0x45, 0x4f), random.below(256));
  if (random.chance(0.3)) fields.id = 0x0800;
  const { source, destination } = fields;
  return ipv4(fields, transport(random, fields.protocol, source, destination, dataLength(random)));
}
