import { hexNumber } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView, ProtocolName } from './layer.ts';

const CODES: ReadonlyMap<number, string> = new Map([
  [0x00, 'session data'],
  [0x07, 'discovery offer'],
  [0x09, 'discovery initiation'],
  [0x19, 'discovery request'],
  [0x65, 'session confirmation'],
  [0xa7, 'terminate'],
]);

/** PPPoE (RFC 2516), struct pppoe_hdr: version and type 1, code 1, session 2, length 2; then PPP or tags. */
export function decodePppoe(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'pppoe', 'PPP over Ethernet', 6);
  writer.bits('pppoe.version', 'pppoe_hdr.ver', 0, 1, 0, 4, decimal);
  writer.bits('pppoe.type', 'pppoe_hdr.type', 0, 1, 4, 4, decimal);
  writer.uint('pppoe.code', 'pppoe_hdr.code', 1, 1, (raw) => `${hex2(raw)} (${CODES.get(raw) ?? 'unknown'})`);
  writer.uint('pppoe.session_id', 'pppoe_hdr.sid', 2, 2, hex4);
  const length = writer.uint('pppoe.payload_length', 'pppoe_hdr.length', 4, 2, decimal);
  let end = header.end;
  if (typeof length.raw === 'number') {
    if (at + 6 + length.raw > header.end)
      length.problem = `length ${length.raw}, but only ${header.end - at - 6} bytes follow`;
    else end = at + 6 + length.raw;
  }
  const session = writer.has(1, 1) && writer.u8(1) === 0;
  if (!session) decodeTags(writer, end - at);
  return {
    layer: writer.layer,
    next: nextHeader(session ? 'ppp' : 'payload', at + writer.layer.length, end),
  };
}

/** Discovery tags: type 2, length 2, value. */
function decodeTags(writer: LayerWriter, end: number): void {
  let offset = 6;
  while (offset + 4 <= end && writer.has(offset, 4)) {
    const size = writer.u16(offset + 2);
    writer.uint('pppoed.tag', 'pppoe_tag.tag_type', offset, 2, hex4);
    const length = writer.uint('pppoed.tag_length', 'pppoe_tag.tag_len', offset + 2, 2, decimal);
    if (offset + 4 + size > end) {
      length.problem = `${size} bytes, but only ${end - offset - 4} are left`;
      return;
    }
    if (size > 0) writer.bytes('pppoed.tag.data', 'pppoe_tag.tag_data', offset + 4, size, null);
    offset += 4 + size;
    writer.layer.length = offset;
  }
}

const PROTOCOLS: ReadonlyMap<number, readonly [string, ProtocolName]> = new Map([
  [0x0021, ['IPv4', 'ipv4']],
  [0x0057, ['IPv6', 'ipv6']],
  [0x0281, ['MPLS', 'mpls']],
  [0x8021, ['IPCP', 'payload']],
  [0x8057, ['IPv6CP', 'payload']],
  [0xc021, ['LCP', 'payload']],
  [0xc023, ['PAP', 'payload']],
  [0xc223, ['CHAP', 'payload']],
]);

/** PPP (RFC 1661, RFC 1662): address ff and control 03, which may be left out, then a protocol of 2 bytes, or of 1 if it is odd. */
export function decodePpp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ppp', 'Point-to-Point Protocol', 2);
  let offset = 0;
  if (writer.u16(0) === 0xff03) {
    writer.uint('ppp.address', null, 0, 1, hex2);
    writer.uint('ppp.control', null, 1, 1, hex2);
    offset = 2;
  }
  const size = (writer.u8(offset) & 1) === 1 ? 1 : 2;
  const field = writer.uint('ppp.protocol', null, offset, size, (raw) => {
    return `${hexNumber(raw, 4)} (${PROTOCOLS.get(raw)?.[0] ?? 'unknown'})`;
  });
  writer.layer.length = offset + size;
  const next = typeof field.raw === 'number' ? (PROTOCOLS.get(field.raw)?.[1] ?? 'payload') : null;
  return { layer: writer.layer, next: nextHeader(next, at + offset + size, header.end) };
}
