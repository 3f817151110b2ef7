import { decimal, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { protocolText } from './ipv4.ts';
import { protocolOfIpNumber } from './next-protocol.ts';

/**
 * Generic UDP encapsulation (draft-ietf-intarea-gue), struct guehdr (include/net/gue.h): version 2 bits,
 * control 1, header length 5 (in 4 bytes, beyond the first 4), protocol 1, flags 2, options. Version 1 is no
 * header at all: the IP header follows the UDP header.
 */
export function decodeGue(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'gue', 'Generic UDP Encapsulation', 4);
  const first = writer.u8(0);
  writer.bits('gue.version', 'guehdr.version', 0, 1, 0, 2, decimal);
  if (first >> 6 === 1) {
    writer.layer.length = 0;
    return { layer: writer.layer, next: nextHeader(first >> 4 === 4 ? 'ipv4' : 'ipv6', at, header.end) };
  }
  writer.bits('gue.control', 'guehdr.control', 0, 1, 2, 1, decimal);
  writer.bits('gue.hlen', 'guehdr.hlen', 0, 1, 3, 5, (raw) => `${raw * 4} bytes (${raw})`);
  writer.uint('gue.proto_ctype', 'guehdr.proto_ctype', 1, 1, protocolText);
  writer.uint('gue.flags', 'guehdr.flags', 2, 2, hex4);
  const length = 4 + (first & 31) * 4;
  writer.layer.length = length;
  if (length > 4) writer.bytes('gue.options', null, 4, length - 4, null);
  const control = (first & 0x20) !== 0;
  const next = !writer.has(0, 2)
    ? null
    : control || first >> 6 !== 0
      ? 'payload'
      : protocolOfIpNumber(writer.u8(1), 4);
  return { layer: writer.layer, next: nextHeader(next, at + length, header.end) };
}
