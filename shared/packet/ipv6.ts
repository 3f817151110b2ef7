import { decimal, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { protocolText } from './ipv4.ts';
import { protocolOfIpNumber } from './next-protocol.ts';

/** IPv6 (RFC 8200), struct ipv6hdr (include/uapi/linux/ipv6.h). */
export function decodeIpv6(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ipv6', 'Internet Protocol Version 6', 40);
  const version = writer.bits('ipv6.version', 'ipv6hdr.version', 0, 1, 0, 4, decimal);
  if (version.raw !== null && version.raw !== 6) version.problem = `version ${version.value}, must be 6`;
  writer.bits('ipv6.tclass', 'ipv6hdr.priority', 0, 2, 4, 8, hex8);
  writer.bits(
    'ipv6.flow',
    'ipv6hdr.flow_lbl',
    1,
    3,
    4,
    20,
    (raw) => '0x' + raw.toString(16).padStart(5, '0'),
  );
  const payload = writer.uint('ipv6.plen', 'ipv6hdr.payload_len', 4, 2, decimal);
  writer.uint('ipv6.nxt', 'ipv6hdr.nexthdr', 6, 1, protocolText);
  const hops = writer.uint('ipv6.hlim', 'ipv6hdr.hop_limit', 7, 1, decimal);
  if (hops.raw === 0) hops.problem = 'hop limit 0';
  const source = writer.ipv6('ipv6.src', 'ipv6hdr.saddr', 8);
  if (source.raw !== null && writer.u8(8) === 0xff) source.problem = 'a source address must not be multicast';
  writer.ipv6('ipv6.dst', 'ipv6hdr.daddr', 24);
  let end = header.end;
  if (typeof payload.raw === 'number') {
    const jumbo = payload.raw === 0 && writer.u8(6) === 0;
    if (!jumbo && !header.quoted && at + 40 + payload.raw > header.end) {
      payload.problem = `payload length ${payload.raw}, but only ${Math.max(0, header.end - at - 40)} bytes follow`;
    }
    if (header.quoted) end = at + 40 + payload.raw;
    else if (!jumbo) end = Math.min(end, at + 40 + payload.raw);
  }
  const protocol = writer.u8(6);
  const next = writer.has(6, 1) ? protocolOfIpNumber(protocol, 6) : null;
  return { layer: writer.layer, next: nextHeader(next, at + 40, end, { at, version: 6, protocol }) };
}
