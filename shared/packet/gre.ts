import { expectedChecksum } from './checksum.ts';
import { hexNumber } from './cursor.ts';
import { decimal, hex4, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView, ProtocolName } from './layer.ts';
import { protocolOfEtherType } from './next-protocol.ts';
import { etherTypeName } from './numbers.ts';

function typeText(type: number): string {
  return `${hexNumber(type, 4)} (${etherTypeName(type) ?? 'unknown'})`;
}

/**
 * GRE (RFC 2784, RFC 2890; version 1 for PPTP, RFC 2637), struct gre_base_hdr (include/net/gre.h): flags and
 * version 2, protocol 2, then checksum and offset 4, key 4, sequence 4, acknowledgement 4, each if its flag is
 * set.
 */
export function decodeGre(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'gre', 'Generic Routing Encapsulation', 4);
  const flag = (name: string, bit: number): void => {
    writer.bits(`gre.flags.${name}`, 'gre_base_hdr.flags', 0, 2, bit, 1, decimal);
  };
  flag('checksum', 0);
  flag('routing', 1);
  flag('key', 2);
  flag('sequence_number', 3);
  const pptp = writer.u16(2) === 0x880b;
  if (pptp) flag('ack', 8);
  writer.bits('gre.flags.version', 'gre_base_hdr.flags', 0, 2, 13, 3, decimal);
  writer.uint('gre.proto', 'gre_base_hdr.protocol', 2, 2, typeText);
  if (!writer.has(0, 4)) return { layer: writer.layer, next: null };
  const flags = writer.u16(0);
  let offset = 4;
  if ((flags & 0xc000) !== 0) {
    const checksum = writer.uint('gre.checksum', null, offset, 2, hex4);
    writer.uint('gre.offset', null, offset + 2, 2, decimal);
    if (
      checksum.raw !== null &&
      header.end <= Math.min(view.bytes.length, view.end) &&
      (flags & 0x8000) !== 0 &&
      !header.quoted
    ) {
      const expected = expectedChecksum(view.bytes, at, header.end - at, at + 4);
      if (checksum.raw !== expected) checksum.problem = `should be ${hex4(expected)}`;
    }
    offset += 4;
  }
  if ((flags & 0x2000) !== 0) {
    if (pptp) {
      writer.uint('gre.key.payload_length', 'pptp_gre_header.payload_len', offset, 2, decimal);
      writer.uint('gre.key.call_id', 'pptp_gre_header.call_id', offset + 2, 2, decimal);
    } else writer.uint('gre.key', null, offset, 4, hex8);
    offset += 4;
  }
  if ((flags & 0x1000) !== 0) {
    writer.uint('gre.sequence_number', null, offset, 4, decimal);
    offset += 4;
  }
  if (pptp && (flags & 0x80) !== 0) {
    writer.uint('gre.ack_number', null, offset, 4, decimal);
    offset += 4;
  }
  writer.layer.length = offset;
  const routed = (flags & 0x4000) !== 0;
  const next = routed || writer.captured(0) < offset ? null : protocolBehind(writer.u16(2), flags);
  return { layer: writer.layer, next: nextHeader(next, at + offset, header.end) };
}

/** ERSPAN type I has no header of its own: it is a GRE header without sequence number. */
function protocolBehind(type: number, flags: number): ProtocolName {
  if (type === 0x88be) return (flags & 0x1000) === 0 ? 'ethernet' : 'erspan';
  return type === 0x22eb ? 'erspan' : protocolOfEtherType(type);
}

/**
 * ERSPAN (draft-foschiano-erspan), struct erspan_base_hdr: version 4 bits, VLAN 12, COS 3, 2, truncated 1,
 * session 10; type II then reserved 12 and index 20, type III a timestamp and 4 more bytes.
 */
export function decodeErspan(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'erspan', 'Encapsulated Remote Switch Packet Analysis', 8);
  const version = writer.bits('erspan.version', 'erspan_base_hdr.ver', 0, 2, 0, 4, decimal);
  writer.bits('erspan.vlan', 'erspan_base_hdr.vlan', 0, 2, 4, 12, decimal);
  writer.bits('erspan.cos', 'erspan_base_hdr.cos', 2, 2, 0, 3, decimal);
  const three = version.raw === 2;
  writer.bits(three ? 'erspan.bso' : 'erspan.encap', 'erspan_base_hdr.en', 2, 2, 3, 2, decimal);
  writer.bits('erspan.truncated', 'erspan_base_hdr.t', 2, 2, 5, 1, decimal);
  writer.bits('erspan.spanid', 'erspan_base_hdr.session_id', 2, 2, 6, 10, decimal);
  let length = 8;
  if (three) {
    length = 12;
    writer.uint('erspan.timestamp', 'erspan_md2.timestamp', 4, 4, decimal);
    writer.uint('erspan.sgt', 'erspan_md2.sgt', 8, 2, decimal);
    writer.bits('erspan.p', 'erspan_md2.p', 10, 2, 0, 1, decimal);
    writer.bits('erspan.ft', 'erspan_md2.ft', 10, 2, 1, 5, decimal);
    writer.bits('erspan.hw', 'erspan_md2.hwid', 10, 2, 6, 6, decimal);
    writer.bits('erspan.direction', 'erspan_md2.dir', 10, 2, 12, 1, decimal);
    writer.bits('erspan.gra', 'erspan_md2.gra', 10, 2, 13, 2, decimal);
    writer.bits('erspan.o', 'erspan_md2.o', 10, 2, 15, 1, decimal);
    if ((writer.u16(10) & 1) === 1) length = 20;
  } else writer.bits('erspan.index', 'erspan_metadata.index', 4, 4, 12, 20, decimal);
  writer.layer.length = length;
  const known = version.raw === 1 || (three && (writer.u16(10) & 0x7c00) === 0);
  return { layer: writer.layer, next: nextHeader(known ? 'ethernet' : 'payload', at + length, header.end) };
}
