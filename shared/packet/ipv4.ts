import { expectedChecksum } from './checksum.ts';
import { hexNumber, ipv4Text } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader, remembered } from './layer.ts';
import type { Decoded, Field, Format, NextHeader, PacketView } from './layer.ts';
import { protocolOfIpNumber } from './next-protocol.ts';
import { ipProtocolName } from './numbers.ts';

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'End of options'],
  [1, 'No operation'],
  [7, 'Record route'],
  [68, 'Timestamp'],
  [130, 'Security'],
  [131, 'Loose source route'],
  [134, 'Commercial security'],
  [136, 'Stream id'],
  [137, 'Strict source route'],
  [148, 'Router alert'],
]);

/** `6 (TCP)`. */
export const protocolText: Format = remembered(256, (protocol) => {
  const name = ipProtocolName(protocol);
  return name === null ? String(protocol) : `${protocol} (${name})`;
});

const headerLengthText: Format = remembered(256, (words) => `${words * 4} bytes (${words})`);
const fragmentText: Format = remembered(65536, (units) => `${units * 8} bytes (${units})`);

/**
 * IPv4 (RFC 791), struct iphdr (include/uapi/linux/ip.h). Problems are those that ip_rcv_core()
 * (net/ipv4/ip_input.c) drops a packet for.
 */
export function decodeIpv4(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ipv4', 'Internet Protocol Version 4', 20);
  const version = writer.bits('ip.version', 'iphdr.version', 0, 1, 0, 4, decimal);
  const ihl = writer.bits('ip.hdr_len', 'iphdr.ihl', 0, 1, 4, 4, headerLengthText);
  const words = writer.u8(0) & 15;
  const length = Math.max(20, words * 4);
  if (version.raw !== null && version.raw !== 4) version.problem = `version ${version.value}, must be 4`;
  if (ihl.raw !== null && words < 5) ihl.problem = `ihl ${words} is less than 5`;
  writer.layer.length = length;
  writer.bits('ip.dsfield.dscp', 'iphdr.tos', 1, 1, 0, 6, decimal);
  writer.bits('ip.dsfield.ecn', 'iphdr.tos', 1, 1, 6, 2, decimal);
  const total = writer.uint('ip.len', 'iphdr.tot_len', 2, 2, decimal);
  writer.uint('ip.id', 'iphdr.id', 4, 2, hex4);
  const reserved = writer.bits('ip.flags.rb', 'iphdr.frag_off', 6, 1, 0, 1, decimal);
  if (reserved.raw === 1) reserved.problem = 'the reserved flag is set';
  writer.bits('ip.flags.df', 'iphdr.frag_off', 6, 1, 1, 1, decimal);
  writer.bits('ip.flags.mf', 'iphdr.frag_off', 6, 1, 2, 1, decimal);
  writer.bits('ip.frag_offset', 'iphdr.frag_off', 6, 2, 3, 13, fragmentText);
  writer.uint('ip.ttl', 'iphdr.ttl', 8, 1, decimal);
  writer.uint('ip.proto', 'iphdr.protocol', 9, 1, protocolText);
  const checksum = writer.uint('ip.checksum', 'iphdr.check', 10, 2, hex4);
  if (writer.has(0, length) && words >= 5) checkChecksum(view, at, length, checksum);
  writer.ipv4('ip.src', 'iphdr.saddr', 12);
  writer.ipv4('ip.dst', 'iphdr.daddr', 16);
  decodeOptions(view, writer, at, length);

  let end = header.end;
  if (typeof total.raw === 'number') {
    if (total.raw !== 0 && total.raw < length)
      total.problem = `total length ${total.raw} is less than the header of ${length} bytes`;
    else if (!header.quoted && at + total.raw > header.end) {
      total.problem = `total length ${total.raw}, but only ${header.end - at} bytes are left of the packet`;
    }
    if (total.raw >= length && !header.quoted) end = Math.min(end, at + total.raw);
    else if (total.raw >= length) end = at + total.raw;
  }
  const protocol = writer.u8(9);
  const laterFragment = (writer.u16(6) & 0x1fff) !== 0;
  const next =
    !writer.has(9, 1) || words < 5 ? null : laterFragment ? 'payload' : protocolOfIpNumber(protocol, 4);
  return {
    layer: writer.layer,
    next: nextHeader(next, at + length, end, { at, version: 4, protocol }),
  };
}

function checkChecksum(view: PacketView, at: number, length: number, checksum: Field): void {
  const expected = expectedChecksum(view.bytes, at, length, at + 10);
  if (checksum.raw !== expected) checksum.problem = `should be ${hexNumber(expected, 4)}`;
}

/** Options (RFC 791, RFC 2113): one byte, or kind, length and length - 2 bytes; the area ends at ihl * 4. */
function decodeOptions(view: PacketView, writer: LayerWriter, at: number, length: number): void {
  let offset = 20;
  while (offset < length && writer.has(offset, 1)) {
    const kind = writer.u8(offset);
    const single = kind === 0 || kind === 1;
    const size = single ? 1 : writer.u8(offset + 1);
    const name = OPTION_NAMES.get(kind) ?? `Option ${kind}`;
    writer.uint('ip.opt.type', null, offset, 1, (raw) => `${raw} (${name})`);
    if (kind === 0) return;
    if (single) {
      offset++;
      continue;
    }
    const field = writer.uint('ip.opt.len', null, offset + 1, 1, decimal);
    if (field.raw === null) return;
    if (size < 2 || offset + size > length) {
      field.problem = `option length ${size} does not fit into the ${length - offset} bytes that are left`;
      return;
    }
    decodeOption(view, writer, at, kind, offset, size);
    offset += size;
  }
}

function decodeOption(
  view: PacketView,
  writer: LayerWriter,
  at: number,
  kind: number,
  offset: number,
  size: number,
): void {
  if (kind === 148 && size === 4) {
    writer.uint('ip.opt.ra', null, offset + 2, 2, decimal);
  } else if ((kind === 7 || kind === 131 || kind === 137) && size >= 3) {
    writer.uint('ip.opt.ptr', null, offset + 2, 1, decimal);
    for (let hop = offset + 3; hop + 4 <= offset + size; hop += 4) {
      const text = writer.has(hop, 4) ? ipv4Text(view.bytes, at + hop) : null;
      writer.bytes('ip.opt.route', null, hop, 4, text);
    }
  } else if (kind === 68 && size >= 4) {
    writer.uint('ip.opt.ptr', null, offset + 2, 1, decimal);
    writer.bits('ip.opt.overflow', null, offset + 3, 1, 0, 4, decimal);
    writer.bits('ip.opt.flag', null, offset + 3, 1, 4, 4, hex2);
    if (size > 4) writer.bytes('ip.opt.data', null, offset + 4, size - 4, null);
  } else if (size > 2) writer.bytes('ip.opt.data', null, offset + 2, size - 2, null);
}
