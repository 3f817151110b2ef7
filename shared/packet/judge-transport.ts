/** Judges a position that was expected to hold ARP or a transport header. */
import { onesSum, transportChecksum } from './checksum.ts';
import { u16, u8 } from './cursor.ts';
import { isArp } from './ethernet-scan.ts';
import { offerIpv4, offerIpv6 } from './judge-ip.ts';
import { offerEthernet, offerVlan } from './judge-link.ts';
import { offerOtherProtocols } from './judge-other.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_TCP, IPPROTO_UDP } from './numbers.ts';
import { EXPECTED_BITS, offer } from './scene.ts';
import type { Scene } from './scene.ts';
import type { Expectation } from './verdict-kinds.ts';
import { AS_EXPECTED, NOWHERE, OTHER_PROTOCOL, TRUNCATED } from './verdict-kinds.ts';

export type UpperExpectation = Exclude<Expectation, 'ethernet' | 'ipv4' | 'ipv6' | 'ip' | 'auto'>;

const PROTOCOL_NUMBER: Readonly<Record<UpperExpectation, number>> = {
  arp: -1,
  icmp: IPPROTO_ICMP,
  icmpv6: IPPROTO_ICMPV6,
  igmp: IPPROTO_IGMP,
  tcp: IPPROTO_TCP,
  udp: IPPROTO_UDP,
};

/** A header with nothing wrong that no checksum confirmed. */
const PLAUSIBLE = 8;

export function judgeTransport(scene: Scene, expect: UpperExpectation): void {
  const { finding, origin, limit } = scene;
  const bits = origin < 0 ? 0 : upperBits(scene, expect);
  if (bits > 0 && limit - origin >= 8) {
    offer(scene, AS_EXPECTED, expect, bits + EXPECTED_BITS, NOWHERE, NOWHERE, NOWHERE, 0, bits >= 16);
  }
  if (finding.kind === AS_EXPECTED && bits >= 16) return;
  const number = PROTOCOL_NUMBER[expect];
  offerIpv4(scene, OTHER_PROTOCOL, 0, OTHER_PROTOCOL);
  offerIpv6(scene, OTHER_PROTOCOL, 0, OTHER_PROTOCOL);
  if (finding.kind === TRUNCATED) finding.kind = OTHER_PROTOCOL;
  offerEthernet(scene, OTHER_PROTOCOL, 'ethernet', 0, 0);
  offerVlan(scene, OTHER_PROTOCOL, 'vlan');
  offerOtherProtocols(scene, OTHER_PROTOCOL);
  if (finding.kind !== OTHER_PROTOCOL) return;
  if (finding.protocol === expect) {
    finding.kind = AS_EXPECTED;
    return;
  }
  finding.headerAt = upperHeaderAt(scene, expect, number);
}

/** Where the expected header lies behind the IP or Ethernet header that was found, or NOWHERE. */
function upperHeaderAt(scene: Scene, expect: UpperExpectation, number: number): number {
  const { bytes, origin, finding } = scene;
  if (expect === 'arp') {
    return finding.protocol === 'ethernet' && isArp(bytes, origin + finding.networkAt, scene.limit)
      ? finding.networkAt
      : NOWHERE;
  }
  if (finding.networkAt === NOWHERE) return NOWHERE;
  const at = origin + finding.networkAt;
  if (finding.version === 4 && u8(bytes, at + 9) === number)
    return finding.networkAt + (u8(bytes, at) & 15) * 4;
  if (finding.version === 6 && u8(bytes, at + 6) === number) return finding.networkAt + 40;
  return NOWHERE;
}

/** Weight of the expected header at the expected position; 0 or less where a test fails that it must pass. */
function upperBits(scene: Scene, expect: UpperExpectation): number {
  const { bytes, origin, limit, left } = scene;
  const type = u8(bytes, origin);
  const code = u8(bytes, origin + 1);
  const whole = left >= 8 && origin + left <= limit;
  switch (expect) {
    case 'arp':
      return isArp(bytes, origin, limit) ? 44 : 0;
    case 'icmp': {
      const known =
        (type <= 18 && type !== 1 && type !== 2 && type !== 7) || type === 40 || type === 42 || type === 43;
      if (!known || code > 15) return 0;
      if (!whole) return PLAUSIBLE;
      return onesSum(bytes, origin, left, 0) === 0xffff ? 20 : 0;
    }
    case 'igmp': {
      const known = type === 0x11 || type === 0x12 || type === 0x16 || type === 0x17 || type === 0x22;
      if (!known) return 0;
      if (!whole) return PLAUSIBLE;
      return onesSum(bytes, origin, left, 0) === 0xffff ? 20 : 0;
    }
    case 'icmpv6': {
      const known = (type >= 1 && type <= 4) || (type >= 128 && type <= 161);
      return Math.max(known && code <= 7 ? PLAUSIBLE : 0, behindIpBits(scene, IPPROTO_ICMPV6));
    }
    case 'udp': {
      const length = u16(bytes, origin + 4);
      if (length < 8 || (left >= 0 && length > left)) return 0;
      const fits = left < 0 ? PLAUSIBLE : length === left ? 20 : PLAUSIBLE + 2;
      return Math.max(fits, behindIpBits(scene, IPPROTO_UDP));
    }
    case 'tcp': {
      const offset = u8(bytes, origin + 12) >> 4;
      if (limit - origin < 20) return limit - origin >= 14 && offset >= 5 ? PLAUSIBLE : 0;
      if (offset < 5 || (left >= 0 && offset * 4 > left)) return 0;
      const flags = u16(bytes, origin + 12) & 0x0fff;
      const odd = (flags & 0xe00) !== 0 || (flags & 0x3f) === 0 || (flags & 3) === 3 || (flags & 6) === 6;
      return Math.max(odd ? 0 : PLAUSIBLE, behindIpBits(scene, IPPROTO_TCP));
    }
  }
}

/** The transport checksum, where the IP header just before the position is in the window too. */
function behindIpBits(scene: Scene, number: number): number {
  const { bytes, origin, limit, left } = scene;
  if (left < 8) return 0;
  const six = origin - 40;
  if (six >= 0 && u8(bytes, six) >> 4 === 6 && u8(bytes, six + 6) === number) {
    return transportChecksum(bytes, six, 6, number, origin, origin + left, limit) === 'good' ? 24 : 0;
  }
  const four = origin - 20;
  if (four >= 0 && u8(bytes, four) === 0x45 && u8(bytes, four + 9) === number) {
    return transportChecksum(bytes, four, 4, number, origin, origin + left, limit) === 'good' ? 24 : 0;
  }
  return 0;
}
