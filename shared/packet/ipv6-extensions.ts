import { decimal, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, IpContext, NextHeader, PacketView, ProtocolName } from './layer.ts';
import { protocolText } from './ipv4.ts';
import { protocolOfIpNumber } from './next-protocol.ts';

/** The context for what follows an extension header: the same addresses, another protocol. */
function contextBehind(header: NextHeader, at: number, protocol: number): IpContext {
  return header.ip === null ? { at, version: 6, protocol } : { ...header.ip, protocol };
}

function following(writer: LayerWriter, at: number, header: NextHeader): Decoded {
  const protocol = writer.u8(0);
  const next = writer.has(0, 2) ? protocolOfIpNumber(protocol, 6) : null;
  const context = contextBehind(header, at, protocol);
  return { layer: writer.layer, next: nextHeader(next, at + writer.layer.length, header.end, context) };
}

/** Hop-by-hop and destination options (RFC 8200, 4.3 and 4.6): next header 1, length in 8 bytes less one, options. */
export function decodeOptionsHeader(view: PacketView, at: number, header: NextHeader): Decoded {
  const hops = header.protocol === 'ipv6-hop-by-hop';
  const protocol: ProtocolName = hops ? 'ipv6-hop-by-hop' : 'ipv6-destination-options';
  const title = hops ? 'IPv6 Hop-by-Hop Options' : 'IPv6 Destination Options';
  const writer = new LayerWriter(view, at, protocol, title, 8);
  const prefix = hops ? 'ipv6.hopopts' : 'ipv6.dstopts';
  writer.uint(`${prefix}.nxt`, 'ipv6_opt_hdr.nexthdr', 0, 1, protocolText);
  writer.uint(`${prefix}.len`, 'ipv6_opt_hdr.hdrlen', 1, 1, decimal);
  const length = (writer.u8(1) + 1) * 8;
  writer.layer.length = length;
  let offset = 2;
  while (offset < length && writer.has(offset, 1)) {
    const type = writer.u8(offset);
    writer.uint('ipv6.opt.type', null, offset, 1, (raw) => optionText(raw));
    if (type === 0) {
      offset++;
      continue;
    }
    const size = writer.uint('ipv6.opt.length', null, offset + 1, 1, decimal);
    if (typeof size.raw !== 'number') break;
    if (offset + 2 + size.raw > length) {
      size.problem = `option length ${size.raw} does not fit into the ${length - offset - 2} bytes that are left`;
      break;
    }
    decodeOption(writer, type, offset + 2, size.raw);
    offset += 2 + size.raw;
  }
  return following(writer, at, header);
}

function optionText(type: number): string {
  const names: Readonly<Record<number, string>> = {
    0: 'Pad1',
    1: 'PadN',
    5: 'Router alert',
    194: 'Jumbo payload',
    201: 'Home address',
    49: 'IOAM',
  };
  return `${type} (${names[type] ?? 'unknown'})`;
}

function decodeOption(writer: LayerWriter, type: number, offset: number, size: number): void {
  if (size === 0) return;
  if (type === 1) writer.bytes('ipv6.opt.padn', null, offset, size, null);
  else if (type === 5 && size === 2) writer.uint('ipv6.opt.router_alert', null, offset, 2, decimal);
  else if (type === 194 && size === 4) writer.uint('ipv6.opt.jumbo', null, offset, 4, decimal);
  else if (type === 201 && size === 16) writer.ipv6('ipv6.opt.mipv6.home_address', null, offset);
  else writer.bytes('ipv6.opt.unknown', null, offset, size, null);
}

/** Routing header (RFC 8200, 4.4; RFC 8754 for segment routing), struct ipv6_rt_hdr. */
export function decodeRouting(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ipv6-routing', 'IPv6 Routing Header', 8);
  writer.uint('ipv6.routing.nxt', 'ipv6_rt_hdr.nexthdr', 0, 1, protocolText);
  writer.uint('ipv6.routing.len', 'ipv6_rt_hdr.hdrlen', 1, 1, decimal);
  writer.uint('ipv6.routing.type', 'ipv6_rt_hdr.type', 2, 1, decimal);
  writer.uint('ipv6.routing.segleft', 'ipv6_rt_hdr.segments_left', 3, 1, decimal);
  const length = (writer.u8(1) + 1) * 8;
  writer.layer.length = length;
  if (writer.has(2, 1) && writer.u8(2) === 4) {
    writer.uint('ipv6.routing.srh.last_entry', 'ipv6_sr_hdr.first_segment', 4, 1, decimal);
    writer.uint('ipv6.routing.srh.flags', 'ipv6_sr_hdr.flags', 5, 1, decimal);
    writer.bytes('ipv6.routing.srh.tag', 'ipv6_sr_hdr.tag', 6, 2, null);
    const last = Math.min(8 + 16 * (writer.u8(4) + 1), length);
    for (let segment = 8; segment + 16 <= last && writer.captured(segment) > 0; segment += 16) {
      writer.ipv6('ipv6.routing.srh.addr', 'ipv6_sr_hdr.segments', segment);
    }
  } else if (length > 4) {
    const shown = Math.min(length - 4, Math.max(4, writer.captured(4)));
    writer.bytes('ipv6.routing.unknown_data', null, 4, shown, null);
  }
  const decoded = following(writer, at, header);
  if (writer.u8(3) > 0 && decoded.next?.ip) {
    decoded.next.ip = { ...decoded.next.ip, destinationAt: at + lastDestination(writer.u8(2), length) };
  }
  return decoded;
}

/** Where in a routing header the last destination stands: first of a segment list (type 4), last of a route (type 0). */
function lastDestination(type: number, length: number): number {
  return type === 0 ? Math.max(8, length - 16) : 8;
}

/** Fragment header (RFC 8200, 4.5), struct frag_hdr: what follows a later fragment is no header. */
export function decodeFragment(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ipv6-fragment', 'IPv6 Fragment Header', 8);
  writer.uint('ipv6.fraghdr.nxt', 'frag_hdr.nexthdr', 0, 1, protocolText);
  writer.uint('ipv6.fraghdr.reserved_octet', 'frag_hdr.reserved', 1, 1, decimal);
  writer.bits('ipv6.fraghdr.offset', 'frag_hdr.frag_off', 2, 2, 0, 13, (raw) => `${raw * 8} bytes (${raw})`);
  writer.bits('ipv6.fraghdr.reserved_bits', 'frag_hdr.frag_off', 2, 2, 13, 2, decimal);
  writer.bits('ipv6.fraghdr.more', 'frag_hdr.frag_off', 2, 2, 15, 1, decimal);
  writer.uint('ipv6.fraghdr.ident', 'frag_hdr.identification', 4, 4, hex8);
  const whole = (writer.u16(2) & 0xfff9) === 0;
  if (writer.u16(2) >= 8) return { layer: writer.layer, next: nextHeader('payload', at + 8, header.end) };
  const decoded = following(writer, at, header);
  if (!whole && decoded.next !== null) decoded.next.ip = null;
  return decoded;
}
