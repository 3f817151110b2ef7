import { decimal, hex2, hex4, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView, ProtocolName } from './layer.ts';

const MESSAGES: ReadonlyMap<number, string> = new Map([
  [1, 'echo request'],
  [2, 'echo response'],
  [26, 'error indication'],
  [31, 'supported extension headers'],
  [254, 'end marker'],
  [255, 'G-PDU'],
]);

/**
 * GTP-U version 1 (3GPP TS 29.281), struct gtp1_header (include/net/gtp.h): flags 1, type 1, length 2, TEID 4;
 * with any of E, S, PN: sequence 2, N-PDU 1, next extension 1; extensions of length 1 (in 4 bytes), content,
 * next 1.
 */
export function decodeGtp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'gtp-u', 'GPRS Tunneling Protocol, user plane', 8);
  const version = writer.bits('gtp.flags.version', 'gtp1_header.flags', 0, 1, 0, 3, decimal);
  writer.bits('gtp.flags.payload', 'gtp1_header.flags', 0, 1, 3, 1, decimal);
  if (version.raw !== null && version.raw !== 1) {
    version.problem = `version ${version.value} is not decoded`;
    return { layer: writer.layer, next: null };
  }
  writer.bits('gtp.flags.e', 'gtp1_header.flags', 0, 1, 5, 1, decimal);
  writer.bits('gtp.flags.s', 'gtp1_header.flags', 0, 1, 6, 1, decimal);
  writer.bits('gtp.flags.pn', 'gtp1_header.flags', 0, 1, 7, 1, decimal);
  writer.uint(
    'gtp.message',
    'gtp1_header.type',
    1,
    1,
    (raw) => `${hex2(raw)} (${MESSAGES.get(raw) ?? 'unknown'})`,
  );
  const length = writer.uint('gtp.length', 'gtp1_header.length', 2, 2, decimal);
  writer.uint('gtp.teid', 'gtp1_header.tid', 4, 4, hex8);
  let end = header.end;
  if (typeof length.raw === 'number') {
    if (at + 8 + length.raw > header.end) {
      length.problem = `length ${length.raw}, but only ${header.end - at - 8} bytes follow the header`;
    } else end = at + 8 + length.raw;
  }
  const size = decodeOptional(writer);
  writer.layer.length = size;
  const data = writer.u8(1) === 255 && writer.has(0, 8) && size > 0;
  return {
    layer: writer.layer,
    next: nextHeader(data ? payloadAt(writer, size) : 'payload', at + size, end),
  };
}

function decodeOptional(writer: LayerWriter): number {
  const flags = writer.u8(0) & 7;
  if (flags === 0) return 8;
  if ((flags & 2) !== 0) writer.uint('gtp.seq_number', 'gtp1_header_long.seq', 8, 2, hex4);
  if ((flags & 1) !== 0) writer.uint('gtp.npdu_number', 'gtp1_header_long.npdu', 10, 1, hex2);
  if ((flags & 4) === 0) return 12;
  writer.uint('gtp.ext_hdr.next', 'gtp1_header_long.next', 11, 1, hex2);
  let next = writer.u8(11);
  let offset = 12;
  while (next !== 0 && writer.has(offset, 1)) {
    const size = writer.u8(offset) * 4;
    const field = writer.uint('gtp.ext_hdr.length', null, offset, 1, decimal);
    if (size === 0) {
      field.problem = 'an extension header of length 0';
      return offset;
    }
    if (size > 2) writer.bytes('gtp.ext_hdr.content', null, offset + 1, size - 2, null);
    writer.uint('gtp.ext_hdr.next', null, offset + size - 1, 1, hex2);
    next = writer.u8(offset + size - 1);
    offset += size;
  }
  return offset;
}

function payloadAt(writer: LayerWriter, offset: number): ProtocolName {
  const nibble = writer.u8(offset) >> 4;
  return nibble === 4 ? 'ipv4' : nibble === 6 ? 'ipv6' : 'payload';
}
