import { decimal, hex4, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { IPPROTO_ICMPV6 } from './numbers.ts';
import { checkTransport } from './transport.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'destination unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [130, 'multicast listener query'],
  [131, 'multicast listener report'],
  [132, 'multicast listener done'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbor solicitation'],
  [136, 'neighbor advertisement'],
  [137, 'redirect'],
  [143, 'multicast listener report v2'],
]);

export function icmpv6TypeText(type: number): string {
  return TYPES.get(type) ?? `type ${type}`;
}

/** ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and listener discovery (RFC 2710), struct icmp6hdr. */
export function decodeIcmpv6(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'icmpv6', 'Internet Control Message Protocol v6', 8);
  const type = writer.u8(0);
  writer.uint('icmpv6.type', 'icmp6hdr.icmp6_type', 0, 1, (raw) => `${raw} (${TYPES.get(raw) ?? 'unknown'})`);
  writer.uint('icmpv6.code', 'icmp6hdr.icmp6_code', 1, 1, decimal);
  const checksum = writer.uint('icmpv6.checksum', 'icmp6hdr.icmp6_cksum', 2, 2, hex4);
  checkTransport(view, at, header, header.end, IPPROTO_ICMPV6, checksum);
  if (!writer.has(0, 1)) return { layer: writer.layer, next: null };
  const options = decodeBody(writer, type);
  const end = Number.isFinite(header.end) ? header.end - at : Infinity;
  if (options) decodeOptions(writer, writer.layer.length, end);
  if (type >= 1 && type <= 4) {
    const next = nextHeader('ipv6', at + 8, header.end);
    if (next !== null) next.quoted = true;
    return { layer: writer.layer, next };
  }
  return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
}

/** Fields behind the checksum; sets the length of the fixed part and tells whether options follow it. */
function decodeBody(writer: LayerWriter, type: number): boolean {
  const { layer } = writer;
  switch (type) {
    case 2:
      writer.uint('icmpv6.mtu', 'icmp6hdr.icmp6_mtu', 4, 4, decimal);
      return false;
    case 4:
      writer.uint('icmpv6.pointer', 'icmp6hdr.icmp6_pointer', 4, 4, decimal);
      return false;
    case 128:
    case 129:
      writer.uint('icmpv6.echo.identifier', 'icmp6hdr.icmp6_identifier', 4, 2, hex4);
      writer.uint('icmpv6.echo.sequence_number', 'icmp6hdr.icmp6_sequence', 6, 2, decimal);
      return false;
    case 130:
    case 131:
    case 132:
      layer.length = 24;
      writer.uint('icmpv6.mld.maximum_response_delay', 'icmp6hdr.icmp6_maxdelay', 4, 2, decimal);
      writer.ipv6('icmpv6.mld.multicast_address', 'mld_msg.mld_mca', 8);
      return false;
    case 133:
      return true;
    case 134:
      layer.length = 16;
      writer.uint('icmpv6.nd.ra.cur_hop_limit', 'icmp6hdr.icmp6_hop_limit', 4, 1, decimal);
      writer.bits('icmpv6.nd.ra.flag.m', 'icmp6hdr.icmp6_addrconf_managed', 5, 1, 0, 1, decimal);
      writer.bits('icmpv6.nd.ra.flag.o', 'icmp6hdr.icmp6_addrconf_other', 5, 1, 1, 1, decimal);
      writer.bits('icmpv6.nd.ra.flag.prf', 'icmp6hdr.icmp6_router_pref', 5, 1, 3, 2, decimal);
      writer.uint('icmpv6.nd.ra.router_lifetime', 'icmp6hdr.icmp6_rt_lifetime', 6, 2, decimal);
      writer.uint('icmpv6.nd.ra.reachable_time', 'ra_msg.reachable_time', 8, 4, decimal);
      writer.uint('icmpv6.nd.ra.retrans_timer', 'ra_msg.retrans_timer', 12, 4, decimal);
      return true;
    case 135:
      layer.length = 24;
      writer.ipv6('icmpv6.nd.ns.target_address', 'nd_msg.target', 8);
      return true;
    case 136:
      layer.length = 24;
      writer.bits('icmpv6.nd.na.flag.r', 'icmp6hdr.icmp6_router', 4, 4, 0, 1, decimal);
      writer.bits('icmpv6.nd.na.flag.s', 'icmp6hdr.icmp6_solicited', 4, 4, 1, 1, decimal);
      writer.bits('icmpv6.nd.na.flag.o', 'icmp6hdr.icmp6_override', 4, 4, 2, 1, decimal);
      writer.ipv6('icmpv6.nd.na.target_address', 'nd_msg.target', 8);
      return true;
    case 137:
      layer.length = 40;
      writer.ipv6('icmpv6.rd.na.target_address', 'rd_msg.target', 8);
      writer.ipv6('icmpv6.rd.na.destination_address', 'rd_msg.dest', 24);
      return true;
    case 143:
      writer.uint('icmpv6.mldr.nb_mcast_records', null, 6, 2, decimal);
      return false;
    default:
      return false;
  }
}

/** Neighbour discovery options (RFC 4861, 4.6): type 1, length in 8 bytes 1, then the option. */
function decodeOptions(writer: LayerWriter, from: number, end: number): void {
  let offset = from;
  while (offset + 8 <= end && writer.has(offset, 2)) {
    const type = writer.u8(offset);
    const size = writer.u8(offset + 1) * 8;
    writer.uint('icmpv6.opt.type', 'nd_opt_hdr.nd_opt_type', offset, 1, decimal);
    const length = writer.uint(
      'icmpv6.opt.length',
      'nd_opt_hdr.nd_opt_len',
      offset + 1,
      1,
      (raw) => `${raw} (${raw * 8} bytes)`,
    );
    if (size === 0 || offset + size > end) {
      length.problem =
        size === 0 ? 'an option of length 0' : `${size} bytes, but only ${end - offset} are left`;
      return;
    }
    if (type === 1 && size === 8) writer.mac('icmpv6.opt.src_linkaddr', null, offset + 2);
    else if (type === 2 && size === 8) writer.mac('icmpv6.opt.target_linkaddr', null, offset + 2);
    else if (type === 3 && size === 32) decodePrefix(writer, offset);
    else if (type === 5 && size === 8) writer.uint('icmpv6.opt.mtu', null, offset + 4, 4, decimal);
    else writer.bytes('icmpv6.opt', null, offset + 2, size - 2, null);
    offset += size;
    writer.layer.length = offset;
  }
}

function decodePrefix(writer: LayerWriter, offset: number): void {
  writer.uint('icmpv6.opt.prefix.length', 'prefix_info.prefix_len', offset + 2, 1, decimal);
  writer.bits('icmpv6.opt.prefix.flag.l', 'prefix_info.onlink', offset + 3, 1, 0, 1, decimal);
  writer.bits('icmpv6.opt.prefix.flag.a', 'prefix_info.autoconf', offset + 3, 1, 1, 1, decimal);
  writer.uint('icmpv6.opt.prefix.valid_lifetime', 'prefix_info.valid', offset + 4, 4, hex8);
  writer.uint('icmpv6.opt.prefix.preferred_lifetime', 'prefix_info.prefered', offset + 8, 4, hex8);
  writer.ipv6('icmpv6.opt.prefix', 'prefix_info.prefix', offset + 16);
}
