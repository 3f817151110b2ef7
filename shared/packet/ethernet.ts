import { ETH_P_8021AD, etherTypeName } from './numbers.ts';
import { protocolOfEtherType } from './next-protocol.ts';
import { decimal, hex4, LayerWriter, nextHeader, remembered } from './layer.ts';
import type { Decoded, Format, NextHeader, PacketView } from './layer.ts';
import { hexNumber, u16 } from './cursor.ts';

const typeText: Format = remembered(
  65536,
  (type) => `${hexNumber(type, 4)} (${etherTypeName(type) ?? 'unknown'})`,
);

/**
 * Ethernet II and IEEE 802.3, struct ethhdr (include/uapi/linux/if_ether.h): destination 6, source 6, then an
 * EtherType, or below 0x600 a length with LLC behind it.
 */
export function decodeEthernet(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ethernet', 'Ethernet II', 14);
  writer.mac('eth.dst', 'ethhdr.h_dest', 0);
  const source = writer.mac('eth.src', 'ethhdr.h_source', 6);
  if (source.raw !== null && (writer.u8(6) & 1) === 1)
    source.problem = 'a source address must not be a group address';
  const type = writer.u16(12);
  if (!writer.has(12, 2) || type >= 0x600) {
    writer.uint('eth.type', 'ethhdr.h_proto', 12, 2, typeText);
    const next = writer.has(12, 2) ? protocolOfEtherType(type) : null;
    return { layer: writer.layer, next: nextHeader(next, at + 14, header.end) };
  }
  writer.layer.title = 'IEEE 802.3 Ethernet';
  const length = writer.uint('eth.len', 'ethhdr.h_proto', 12, 2, decimal);
  if (type > 1500)
    length.problem = `${type} is neither a length (at most 1500) nor an EtherType (at least 0x0600)`;
  const end = Math.min(header.end, at + 14 + type);
  return { layer: writer.layer, next: nextHeader(type > 1500 ? null : 'llc', at + 14, end) };
}

/**
 * One tag behind its TPID: TCI 2, EtherType 2 (struct vlan_hdr, include/linux/if_vlan.h). It is named after the
 * TPID in front of it, 802.1ad for 0x88a8 and 802.1Q for all others.
 */
export function decodeVlan(view: PacketView, at: number, header: NextHeader): Decoded {
  const provider = at >= 2 && u16(view.bytes, at - 2) === ETH_P_8021AD;
  const writer = new LayerWriter(
    view,
    at,
    'vlan',
    provider ? '802.1ad Provider Bridge' : '802.1Q Virtual LAN',
    4,
  );
  const prefix = provider ? 'ieee8021ad' : 'vlan';
  writer.bits(`${prefix}.priority`, 'vlan_hdr.h_vlan_TCI', 0, 2, 0, 3, decimal);
  writer.bits(`${prefix}.dei`, 'vlan_hdr.h_vlan_TCI', 0, 2, 3, 1, decimal);
  writer.bits(`${prefix}.id`, 'vlan_hdr.h_vlan_TCI', 0, 2, 4, 12, decimal);
  const type = writer.u16(2);
  if (writer.has(2, 2) && type < 0x600) {
    writer.uint('vlan.len', 'vlan_hdr.h_vlan_encapsulated_proto', 2, 2, decimal);
    const end = Math.min(header.end, at + 4 + type);
    return { layer: writer.layer, next: nextHeader(type > 1500 ? null : 'llc', at + 4, end) };
  }
  const name = provider ? 'ieee8021ah.etype' : 'vlan.etype';
  writer.uint(name, 'vlan_hdr.h_vlan_encapsulated_proto', 2, 2, typeText);
  const next = writer.has(2, 2) ? protocolOfEtherType(type) : null;
  return { layer: writer.layer, next: nextHeader(next, at + 4, header.end) };
}

/** IEEE 802.2: DSAP, SSAP and a control field of 1 or 2 bytes; SNAP (both aa) goes on with an OUI and a type. */
export function decodeLlc(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'llc', 'Logical-Link Control', 3);
  const dsap = writer.u8(0);
  const control = writer.u8(2);
  const wide = writer.has(2, 1) && (control & 3) !== 3;
  writer.uint('llc.dsap', 'llc_pdu_sn.dsap', 0, 1, (raw) => hexNumber(raw, 2));
  writer.uint('llc.ssap', 'llc_pdu_sn.ssap', 1, 1, (raw) => hexNumber(raw, 2));
  if (wide) {
    writer.layer.length = 4;
    writer.given('llc.control', 'llc_pdu_sn.ctrl_1', 2, 2, () => control | (writer.u8(3) << 8), hex4);
  } else writer.uint('llc.control', 'llc_pdu_un.ctrl_1', 2, 1, (raw) => hexNumber(raw, 2));
  if (dsap !== 0xaa || writer.u8(1) !== 0xaa || control !== 3) {
    return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
  }
  return { layer: writer.layer, next: nextHeader('snap', at + 3, header.end) };
}

/** SNAP (RFC 1042): OUI 3, protocol 2; with OUI 0 (or 0000f8, a bridge tunnel) the protocol is an EtherType. */
export function decodeSnap(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'snap', 'Subnetwork Access Protocol', 5);
  writer.uint('llc.oui', null, 0, 3, decimal);
  const oui = writer.has(0, 3) ? (writer.u16(0) << 8) | writer.u8(2) : -1;
  if (oui !== 0 && oui !== 0xf8) {
    writer.uint('llc.pid', null, 3, 2, hex4);
    return { layer: writer.layer, next: nextHeader('payload', at + 5, header.end) };
  }
  writer.uint('llc.type', null, 3, 2, typeText);
  const next = writer.has(3, 2) ? protocolOfEtherType(writer.u16(3)) : null;
  return { layer: writer.layer, next: nextHeader(next, at + 5, header.end) };
}
