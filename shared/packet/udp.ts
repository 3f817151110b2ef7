import { ipv4Flags, ipv4Verifies, V4_LENGTH_EXACT } from './header-checks.ts';
import { IPPROTO_UDP } from './numbers.ts';
import { decimal, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView, ProtocolName } from './layer.ts';
import { isWireguard } from './wireguard.ts';
import { checkTransport } from './transport.ts';

/** Payloads known by their destination port, then by their source port. */
function protocolOfPort(port: number): ProtocolName | null {
  switch (port) {
    case 4789:
    case 8472:
      return 'vxlan';
    case 6081:
      return 'geneve';
    case 2152:
      return 'gtp-u';
    case 6080:
      return 'gue';
    case 6635:
      return 'mpls';
    default:
      return null;
  }
}

/** Payloads known by their bytes alone: WireGuard, and the bare IP header of FOU if it verifies. */
function protocolOfPayload(view: PacketView, at: number, end: number): ProtocolName {
  const limit = Math.min(view.bytes.length, view.end);
  if (at >= limit || !Number.isFinite(end)) return 'payload';
  if (isWireguard(view.bytes, at, end - at)) return 'wireguard';
  const flags = ipv4Flags(view.bytes, at, limit, end - at, false);
  return ipv4Verifies(flags) && (flags & V4_LENGTH_EXACT) !== 0 ? 'ipv4' : 'payload';
}

/** UDP (RFC 768), struct udphdr (include/uapi/linux/udp.h). */
export function decodeUdp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'udp', 'User Datagram Protocol', 8);
  writer.uint('udp.srcport', 'udphdr.source', 0, 2, decimal);
  writer.uint('udp.dstport', 'udphdr.dest', 2, 2, decimal);
  const length = writer.uint('udp.length', 'udphdr.len', 4, 2, decimal);
  const checksum = writer.uint('udp.checksum', 'udphdr.check', 6, 2, hex4);
  let end = header.end;
  if (typeof length.raw === 'number') {
    if (length.raw !== 0 && length.raw < 8)
      length.problem = `length ${length.raw} is less than the header of 8 bytes`;
    else if (!header.quoted && length.raw > header.end - at) {
      length.problem = `length ${length.raw}, but only ${header.end - at} bytes are left`;
    }
    if (length.raw >= 8) end = Math.min(end, at + length.raw);
  }
  checkTransport(view, at, header, end, IPPROTO_UDP, checksum);
  const next =
    protocolOfPort(writer.u16(2)) ?? protocolOfPort(writer.u16(0)) ?? protocolOfPayload(view, at + 8, end);
  return { layer: writer.layer, next: writer.has(0, 8) ? nextHeader(next, at + 8, end) : null };
}
