/** Evidence for headers that were found: each item quotes the bytes it rests on. */
import { expectedChecksum, transportChecksum } from './checksum.ts';
import { hexNumber, ipv4Text, ipv6Text, macText, u16, u8 } from './cursor.ts';
import { isTagType } from './ethernet-scan.ts';
import type { EvidenceList } from './evidence.ts';
import { etherTypeName, ipProtocolName } from './numbers.ts';

/** The bytes being explained: `limit` as in Scene, `left` null where not known. */
export interface Exhibit {
  bytes: Uint8Array;
  origin: number;
  limit: number;
  left: number | null;
}

export function protocolLabel(protocol: number): string {
  return ipProtocolName(protocol) ?? String(protocol);
}

export function explainEthernet(list: EvidenceList, exhibit: Exhibit, linkAt: number): void {
  const { bytes, origin } = exhibit;
  const at = origin + linkAt;
  list.observed('ethernet-addresses', linkAt, 12, {
    from: linkAt,
    to: linkAt + 11,
    destination: macText(bytes, at),
    source: macText(bytes, at + 6),
  });
  explainEtherType(list, exhibit, linkAt + 12);
}

/** Tags, LLC and the EtherType that names the network header, from an EtherType field at `offset` on. */
export function explainEtherType(list: EvidenceList, exhibit: Exhibit, offset: number): void {
  const { bytes, origin, limit } = exhibit;
  let at = offset;
  while (isTagType(u16(bytes, origin + at)) && origin + at + 6 <= limit) {
    const tci = u16(bytes, origin + at + 2);
    list.observed('vlan-tag', at, 4, {
      from: at,
      to: at + 3,
      tpid: hexNumber(u16(bytes, origin + at), 4),
      vid: tci & 0xfff,
      priority: tci >> 13,
    });
    at += 4;
  }
  const type = u16(bytes, origin + at);
  if (type > 0x5dc) {
    const name = etherTypeName(type) ?? '?';
    list.observed('ethertype', at, 2, { from: at, to: at + 1, type: hexNumber(type, 4), name });
    return;
  }
  list.observed('length-802-3', at, 2, { from: at, to: at + 1, length: type });
  if (origin + at + 5 > limit) return;
  explainLlc(list, exhibit, at + 2);
}

export function explainLlc(list: EvidenceList, exhibit: Exhibit, at: number): void {
  const { bytes, origin, limit } = exhibit;
  const dsap = hexNumber(u8(bytes, origin + at), 2);
  const ssap = hexNumber(u8(bytes, origin + at + 1), 2);
  list.observed('llc', at, 3, { from: at, to: at + 2, dsap, ssap });
  if (dsap !== '0xaa' || origin + at + 8 > limit) return;
  const type = u16(bytes, origin + at + 6);
  const name = etherTypeName(type) ?? '?';
  list.observed('ethertype', at + 6, 2, { from: at + 6, to: at + 7, type: hexNumber(type, 4), name });
}

/** A good or nearly good IPv4 header at `offset`. */
export function explainIpv4(list: EvidenceList, exhibit: Exhibit, offset: number): void {
  const { bytes, origin, limit } = exhibit;
  const at = origin + offset;
  const header = (u8(bytes, at) & 15) * 4;
  const byte = hexNumber(u8(bytes, at), 2);
  if (at + 20 > limit) {
    list.observed('ipv4-cut', offset, Math.max(0, limit - at), { at: offset, byte, captured: limit - at });
    return;
  }
  const found = u16(bytes, at + 10);
  const expected = at + header <= limit ? expectedChecksum(bytes, at, header, at + 10) : -1;
  if (header < 20 && u8(bytes, at) >> 4 === 4) {
    list.observed('ipv4-ihl-short', offset, 1, { at: offset, byte, ihl: header / 4, length: header });
    return;
  }
  if (u8(bytes, at) >> 4 !== 4) {
    list.observed('ipv4-unverified', offset, 1, { at: offset, byte });
    return;
  }
  if (expected < 0) {
    list.observed('ipv4-options-cut', offset, limit - at, { length: header, captured: limit - at });
  } else if (found === expected) {
    list.observed('ipv4-verified', offset, header, {
      at: offset,
      source: ipv4Text(bytes, at + 12),
      destination: ipv4Text(bytes, at + 16),
      protocol: protocolLabel(u8(bytes, at + 9)),
      checksum: hexNumber(found, 4),
      length: header,
    });
  } else if (found === 0) list.observed('ipv4-checksum-absent', offset + 10, 2, { at: offset });
  else {
    list.observed('ipv4-checksum-bad', offset + 10, 2, {
      found: hexNumber(found, 4),
      expected: hexNumber(expected, 4),
      length: header,
    });
  }
  explainIpv4Length(list, exhibit, offset, header);
  explainTransport(list, exhibit, offset, 4, u8(bytes, at + 9), offset + header, u16(bytes, at + 2) + offset);
}

function explainIpv4Length(list: EvidenceList, exhibit: Exhibit, offset: number, header: number): void {
  const total = u16(exhibit.bytes, exhibit.origin + offset + 2);
  if (total < header) list.observed('ipv4-length-short', offset + 2, 2, { total, length: header });
  if (total < header || exhibit.left === null) return;
  const left = exhibit.left - offset;
  const code = total === left ? 'ipv4-length-exact' : total < left ? 'ipv4-length-fits' : 'ipv4-length-long';
  list.observed(code, offset + 2, 2, { total, left });
}

export function explainIpv6(list: EvidenceList, exhibit: Exhibit, offset: number): void {
  const { bytes, origin, limit } = exhibit;
  const at = origin + offset;
  if (at + 40 > limit) {
    const byte = hexNumber(u8(bytes, at), 2);
    list.observed('ipv6-cut', offset, Math.max(0, limit - at), { at: offset, byte, captured: limit - at });
    return;
  }
  const payload = u16(bytes, at + 4);
  const next = u8(bytes, at + 6);
  const source = ipv6Text(bytes, at + 8);
  list.observed('ipv6-header', offset, 40, {
    at: offset,
    source,
    destination: ipv6Text(bytes, at + 24),
    protocol: protocolLabel(next),
    payload,
  });
  if (u8(bytes, at + 8) === 0xff) list.observed('ipv6-multicast-source', offset + 8, 16, { source });
  if (exhibit.left !== null) {
    const left = exhibit.left - offset - 40;
    const absent = payload === 0 && left > 0 && next !== 59;
    const short = payload < left ? 'ipv6-length-fits' : 'ipv6-length-long';
    const code = payload === left ? 'ipv6-length-exact' : absent ? 'ipv6-length-zero' : short;
    list.observed(code, offset + 4, 2, { payload, left });
  }
  explainTransport(list, exhibit, offset, 6, next, offset + 40, offset + 40 + payload);
}

function explainTransport(
  list: EvidenceList,
  exhibit: Exhibit,
  ipAt: number,
  version: 4 | 6,
  protocol: number,
  at: number,
  end: number,
): void {
  const { bytes, origin, limit } = exhibit;
  const result = transportChecksum(bytes, origin + ipAt, version, protocol, origin + at, origin + end, limit);
  if (result !== 'good') return;
  list.observed('transport-checksum-good', at, end - at, { at: ipAt, protocol: protocolLabel(protocol) });
}
