/** The evidence behind a finding, in the order a reader wants it: what is there, what the kernel makes of it. */
import { hexBytes, hexNumber, u16, u8 } from './cursor.ts';
import { isArp, isTagType, maybeEtherType } from './ethernet-scan.ts';
import { EvidenceList } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import {
  explainEthernet,
  explainEtherType,
  explainIpv4,
  explainIpv6,
  explainLlc,
} from './explain-headers.ts';
import type { Exhibit } from './explain-headers.ts';
import { leastHeader } from './least-header.ts';
import { ETH_P_IP, ETH_P_IPV6, etherTypeName } from './numbers.ts';
import {
  ipv4Repair,
  repairedFirstByte,
  REPAIR_TOTAL_LENGTH,
  REPAIR_TTL,
  REPAIR_VERSION_IHL,
} from './repair.ts';
import { arphrdName } from './skb.ts';
import type { Finding, VerdictInput, VerdictKind } from './verdict-kinds.ts';
import { NOWHERE } from './verdict-kinds.ts';

export function exhibitOf(input: VerdictInput): Exhibit {
  const origin = 0 - input.window;
  const left = input.packetLength;
  const limit = left === null ? input.bytes.length : Math.min(input.bytes.length, origin + left);
  return { bytes: input.bytes, origin, limit, left };
}

export function explain(input: VerdictInput, kind: VerdictKind, finding: Finding): Evidence[] {
  const list = new EvidenceList();
  const exhibit = exhibitOf(input);
  explainPrefix(list, exhibit, kind, finding);
  if (finding.linkAt !== NOWHERE) explainEthernet(list, exhibit, finding.linkAt);
  else if (finding.typeAt !== NOWHERE) explainTypes(list, exhibit, finding);
  explainNetwork(list, exhibit, kind, finding);
  if (kind === 'corrupt-ip-header' && finding.version === 4) explainRepair(list, exhibit);
  if (kind === 'as-expected') explainCoincidence(list, exhibit, input, finding);
  else explainKernelTest(list, exhibit, input, kind);
  if (kind === 'truncated') explainTruncated(list, exhibit, input);
  if (kind === 'all-zero') explainZeros(list, exhibit);
  if (kind === 'unrecognised') explainUnrecognised(list, exhibit);
  explainAmbiguity(list, exhibit, kind, finding, input);
  explainState(list, input);
  return list.items;
}

function explainPrefix(list: EvidenceList, exhibit: Exhibit, kind: VerdictKind, finding: Finding): void {
  const { bytes, origin } = exhibit;
  if (kind === 'tun-packet-information') {
    const proto = u16(bytes, origin + 2);
    const flags = hexNumber(u16(bytes, origin), 4);
    const name = etherTypeName(proto) ?? '?';
    list.observed('packet-information', 0, 4, { from: 0, to: 3, flags, proto: hexNumber(proto, 4), name });
  } else if (kind === 'virtio-net-header') {
    const length = finding.linkAt !== NOWHERE ? finding.linkAt : finding.networkAt;
    const flags = hexNumber(u8(bytes, origin), 2);
    const gso = hexNumber(u8(bytes, origin + 1), 2);
    const header = u8(bytes, origin + 2) | (u8(bytes, origin + 3) << 8);
    list.inferred('virtio', 0, length, { from: 0, to: length - 1, flags, gso, header });
  } else if (kind === 'vlan-where-ip-expected' || finding.protocol === 'vlan') {
    if (isTagType(u16(bytes, origin))) return;
    const tci = u16(bytes, origin);
    list.observed('vlan-tci', 0, 2, { from: 0, to: 1, vid: tci & 0xfff, priority: tci >> 13 });
  } else if (finding.protocol === 'llc') explainLlc(list, exhibit, 0);
  else if (kind === 'other-protocol') explainOther(list, exhibit, finding);
  else if (kind === 'shifted-ip-header') explainShift(list, exhibit, finding);
}

/** How people write what is not written in capitals. */
const FOUND_NAMES: Readonly<Record<string, string>> = {
  pppoe: 'PPPoE',
  icmpv6: 'ICMPv6',
  wireguard: 'WireGuard',
};

function explainOther(list: EvidenceList, exhibit: Exhibit, finding: Finding): void {
  const { bytes, origin, limit } = exhibit;
  if (finding.protocol === 'arp' || finding.protocol === 'ethernet') return;
  if (finding.protocol === 'ipv4' || finding.protocol === 'ipv6') return;
  const length = Math.min(8, limit - origin);
  const protocol = FOUND_NAMES[finding.protocol] ?? finding.protocol.toUpperCase();
  const values = { from: 0, to: length - 1, bytes: hexBytes(bytes, origin, length), protocol };
  list.observed('protocol-bytes', 0, length, values);
}

function explainShift(list: EvidenceList, exhibit: Exhibit, finding: Finding): void {
  const shift = finding.networkAt;
  const { bytes, origin, limit } = exhibit;
  // Of bytes outside the window nothing is known.
  if (shift <= 0 || origin < 0 || origin + shift > limit) return;
  const type = shift >= 2 ? u16(bytes, origin + shift - 2) : 0;
  if (type === (finding.version === 4 ? ETH_P_IP : ETH_P_IPV6)) explainEtherType(list, exhibit, shift - 2);
  for (let offset = 0; offset < shift; offset++) if (u8(bytes, origin + offset) !== 0) return;
  list.observed('zero-before', 0, shift, { count: shift });
}

function explainTypes(list: EvidenceList, exhibit: Exhibit, finding: Finding): void {
  const { bytes, origin } = exhibit;
  if (finding.tags === 0 || !isTagType(u16(bytes, origin))) {
    const first = finding.protocol === '' && finding.typeAt >= 2 ? 2 : finding.typeAt;
    explainEtherType(list, exhibit, first);
  } else explainEtherType(list, exhibit, 0);
}

function explainNetwork(list: EvidenceList, exhibit: Exhibit, kind: VerdictKind, finding: Finding): void {
  const { bytes, origin, limit } = exhibit;
  const at = finding.networkAt;
  if (at === NOWHERE) {
    explainArp(list, exhibit, 0);
    if (kind === 'as-expected' && finding.protocol !== '' && finding.protocol !== 'arp') {
      const code = finding.verified ? 'upper-verified' : 'upper-plausible';
      list.observed(code, 0, Math.min(8, limit - origin), { at: 0, protocol: finding.protocol });
    }
    return;
  }
  if (finding.version === 0) {
    explainArp(list, exhibit, at);
    return;
  }
  if (origin + at >= limit) return;
  const nibble = u8(bytes, origin + at) >> 4;
  if (nibble !== finding.version) {
    const byte = hexNumber(u8(bytes, origin + at), 2);
    if (finding.typeAt !== NOWHERE) {
      const type = hexNumber(u16(bytes, origin + finding.typeAt), 4);
      list.observed('network-nibble', at, 1, { at, byte, type });
    } else if (finding.version === 6) {
      list.observed('ipv6-version', at, 1, { byte, version: nibble });
      explainIpv6(list, exhibit, at);
    }
    return;
  }
  if (finding.version === 4) explainIpv4(list, exhibit, at);
  else explainIpv6(list, exhibit, at);
}

function explainArp(list: EvidenceList, exhibit: Exhibit, at: number): void {
  const { bytes, origin, limit } = exhibit;
  if (!isArp(bytes, origin + at, limit) || origin + at + 8 > limit) return;
  list.observed('arp', at, 8, { at, operation: u16(bytes, origin + at + 6) });
}

function explainRepair(list: EvidenceList, exhibit: Exhibit): void {
  const { bytes, origin, limit } = exhibit;
  const repair = ipv4Repair(bytes, origin, limit, exhibit.left ?? -1);
  if (repair === REPAIR_VERSION_IHL) {
    const repaired = repairedFirstByte(bytes, origin, limit);
    const byte = hexNumber(u8(bytes, origin), 2);
    list.inferred('repair-first-byte', 0, 1, { repaired: hexNumber(repaired, 2), ihl: repaired & 15, byte });
  } else if (repair === REPAIR_TOTAL_LENGTH) {
    const total = u16(bytes, origin + 2);
    list.inferred('repair-total-length', 2, 2, { left: exhibit.left ?? 0, total });
  } else if (repair === REPAIR_TTL) {
    const ttl = u8(bytes, origin + 8);
    list.inferred('repair-ttl', 8, 1, { repaired: ttl + 1, ttl });
  }
}

/** A good header whose source address looks like an EtherType. */
function explainCoincidence(
  list: EvidenceList,
  exhibit: Exhibit,
  input: VerdictInput,
  finding: Finding,
): void {
  const { bytes, origin, limit } = exhibit;
  if (finding.version !== 4 || finding.networkAt !== 0 || input.expect === 'ethernet') return;
  if (!maybeEtherType(bytes, origin + 12, limit)) return;
  list.observed('spells-ethertype', 12, 2, { bytes: hexBytes(bytes, origin + 12, 2) });
}

/** What the kernel's own test of the first byte does with it. */
function explainKernelTest(
  list: EvidenceList,
  exhibit: Exhibit,
  input: VerdictInput,
  kind: VerdictKind,
): void {
  const { bytes, origin, limit } = exhibit;
  if (origin < 0 || origin >= limit) return;
  const first = u8(bytes, origin);
  const values = { byte: hexNumber(first, 2), version: first >> 4, ihl: first & 15 };
  if (input.expect === 'ipv4') {
    if (values.version !== 4 || values.ihl < 5) list.observed('kernel-reads-version', 0, 1, values);
    else if (kind !== 'corrupt-ip-header' && kind !== 'truncated') {
      list.observed('kernel-passes-version', 0, 1, values);
    }
  } else if (input.expect === 'ipv6' && values.version !== 6) {
    list.observed('kernel-reads-version6', 0, 1, values);
  }
}

function explainTruncated(list: EvidenceList, exhibit: Exhibit, input: VerdictInput): void {
  const { bytes, origin, limit, left } = exhibit;
  if (origin < 0) {
    list.observed('capture-begins', -origin, 0, { bytes: -origin });
    return;
  }
  const captured = Math.max(0, limit - origin);
  const least = leastHeader(input.expect, captured > 0 ? u8(bytes, origin) : 0);
  if (left !== null && left < least) list.observed('packet-ends', 0, captured, { length: left, least });
  else if (captured < least) list.observed('capture-ends', 0, captured, { captured, least });
}

function explainZeros(list: EvidenceList, exhibit: Exhibit): void {
  const count = exhibit.limit - exhibit.origin;
  list.observed('all-zero', 0, count, { count });
}

function explainUnrecognised(list: EvidenceList, exhibit: Exhibit): void {
  const length = Math.max(0, Math.min(16, exhibit.limit - exhibit.origin));
  if (length > 0)
    list.observed('bytes', 0, length, { bytes: hexBytes(exhibit.bytes, exhibit.origin, length) });
  list.inferred('no-reading', 0, 0, {});
}

/** `00 00 08 00` is a tun_pi, a bare GRE header and an untagged VLAN TCI all at once. */
function explainAmbiguity(
  list: EvidenceList,
  exhibit: Exhibit,
  kind: VerdictKind,
  finding: Finding,
  input: VerdictInput,
): void {
  const { bytes, origin, limit } = exhibit;
  if (finding.networkAt !== 4 || finding.linkAt !== NOWHERE || origin < 0 || origin + 4 > limit) return;
  const type = u16(bytes, origin + 2);
  if (type !== ETH_P_IP && type !== ETH_P_IPV6) return;
  if (u16(bytes, origin) !== 0 || (input.skb?.deviceType ?? null) !== null) return;
  const others = ['tun_pi', 'GRE', 'VLAN TCI 0'].filter(
    (name) =>
      !(kind === 'tun-packet-information' && name === 'tun_pi') &&
      !(finding.protocol === 'gre' && name === 'GRE') &&
      !(kind === 'vlan-where-ip-expected' && name === 'VLAN TCI 0'),
  );
  list.inferred('also-reads-as', 0, 4, { other: others.join(', ') });
}

function explainState(list: EvidenceList, input: VerdictInput): void {
  const { skb } = input;
  if (skb === null) return;
  if (skb.deviceType !== null) {
    const device = skb.deviceName ?? (skb.ifindex === null ? '?' : `#${skb.ifindex}`);
    const type = arphrdName(skb.deviceType);
    list.observed('device-type', 0, 0, { device, type, number: skb.deviceType });
  }
  if (skb.protocol !== null) {
    const name = etherTypeName(skb.protocol) ?? '?';
    list.observed('skb-protocol', 0, 0, { protocol: hexNumber(skb.protocol, 4), name });
  }
  if (skb.macHeader === 0) list.observed('mac-is-data', 0, 0, {});
}
