import { hexBytes } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader, remembered } from './layer.ts';
import type { Decoded, Format, NextHeader, PacketView } from './layer.ts';
import { IPPROTO_TCP } from './numbers.ts';
import { checkTransport } from './transport.ts';

/** Bits of byte 13 from the top. */
const FLAGS: readonly (readonly [string, string])[] = [
  ['tcp.flags.cwr', 'tcphdr.cwr'],
  ['tcp.flags.ece', 'tcphdr.ece'],
  ['tcp.flags.urg', 'tcphdr.urg'],
  ['tcp.flags.ack', 'tcphdr.ack'],
  ['tcp.flags.push', 'tcphdr.psh'],
  ['tcp.flags.reset', 'tcphdr.rst'],
  ['tcp.flags.syn', 'tcphdr.syn'],
  ['tcp.flags.fin', 'tcphdr.fin'],
];

/** `SYN, ACK`: the flags of bytes 12 and 13 as Wireshark writes them. */
export function tcpFlagsText(flags: number): string {
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
  const set = names.filter((_, index) => ((flags >> index) & 1) === 1);
  return set.length === 0 ? '<none>' : set.join(', ');
}

const offsetText: Format = remembered(256, (words) => `${words * 4} bytes (${words})`);

/** TCP (RFC 9293), struct tcphdr (include/uapi/linux/tcp.h). */
export function decodeTcp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'tcp', 'Transmission Control Protocol', 20);
  writer.uint('tcp.srcport', 'tcphdr.source', 0, 2, decimal);
  writer.uint('tcp.dstport', 'tcphdr.dest', 2, 2, decimal);
  writer.uint('tcp.seq_raw', 'tcphdr.seq', 4, 4, decimal);
  writer.uint('tcp.ack_raw', 'tcphdr.ack_seq', 8, 4, decimal);
  const words = writer.u8(12) >> 4;
  const offset = writer.bits('tcp.hdr_len', 'tcphdr.doff', 12, 1, 0, 4, offsetText);
  if (offset.raw !== null && words < 5) offset.problem = `data offset ${words} is less than 5`;
  const length = Math.max(20, words * 4);
  writer.layer.length = length;
  if (offset.raw !== null && at + length > header.end) {
    offset.problem = `header of ${length} bytes, but only ${header.end - at} bytes are left`;
  }
  writer.bits('tcp.flags.res', 'tcphdr.res1', 12, 1, 4, 3, decimal);
  writer.bits('tcp.flags.ae', 'tcphdr.ae', 12, 1, 7, 1, decimal);
  for (let bit = 0; bit < 8; bit++) {
    const [name, kernel] = FLAGS[bit] ?? ['', ''];
    writer.bits(name, kernel, 13, 1, bit, 1, decimal);
  }
  writer.uint('tcp.window_size_value', 'tcphdr.window', 14, 2, decimal);
  const checksum = writer.uint('tcp.checksum', 'tcphdr.check', 16, 2, hex4);
  checkTransport(view, at, header, header.end, IPPROTO_TCP, checksum);
  writer.uint('tcp.urgent_pointer', 'tcphdr.urg_ptr', 18, 2, decimal);
  decodeOptions(view, writer, at, length);
  const next = writer.has(12, 1) && words >= 5 ? nextHeader('payload', at + length, header.end) : null;
  return { layer: writer.layer, next };
}

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'End of options'],
  [1, 'No operation'],
  [2, 'Maximum segment size'],
  [3, 'Window scale'],
  [4, 'SACK permitted'],
  [5, 'SACK'],
  [8, 'Timestamps'],
  [14, 'Alternate checksum request'],
  [19, 'MD5 signature'],
  [28, 'User timeout'],
  [29, 'TCP authentication'],
  [30, 'Multipath TCP'],
  [34, 'Fast open cookie'],
  [253, 'Experimental'],
  [254, 'Experimental'],
]);

/** Options: one byte (0, 1), or kind, length and length - 2 bytes; the area ends with the header. */
function decodeOptions(view: PacketView, writer: LayerWriter, at: number, length: number): void {
  let offset = 20;
  while (offset < length && writer.has(offset, 1)) {
    const kind = writer.u8(offset);
    const name = OPTION_NAMES.get(kind) ?? `Option ${kind}`;
    writer.uint('tcp.option_kind', null, offset, 1, (raw) => `${raw} (${name})`);
    if (kind === 0) return;
    if (kind === 1) {
      offset++;
      continue;
    }
    const field = writer.uint('tcp.option_len', null, offset + 1, 1, decimal);
    if (field.raw === null) return;
    const size = writer.u8(offset + 1);
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
  if (kind === 2 && size === 4) writer.uint('tcp.options.mss_val', null, offset + 2, 2, decimal);
  else if (kind === 3 && size === 3) writer.uint('tcp.options.wscale.shift', null, offset + 2, 1, decimal);
  else if (kind === 8 && size === 10) {
    writer.uint('tcp.options.timestamp.tsval', null, offset + 2, 4, decimal);
    writer.uint('tcp.options.timestamp.tsecr', null, offset + 6, 4, decimal);
  } else if (kind === 5) {
    for (let edge = offset + 2; edge + 8 <= offset + size; edge += 8) {
      writer.uint('tcp.options.sack_le', null, edge, 4, decimal);
      writer.uint('tcp.options.sack_re', null, edge + 4, 4, decimal);
    }
  } else if (kind === 30) {
    writer.bits('tcp.options.mptcp.subtype', null, offset + 2, 1, 0, 4, hex2);
    if (size > 3) writer.bytes('tcp.options.mptcp.data', null, offset + 3, size - 3, null);
  } else if (size > 2) {
    const text = writer.has(offset + 2, size - 2) ? hexBytes(view.bytes, at + offset + 2, size - 2) : null;
    writer.bytes('tcp.option.data', null, offset + 2, size - 2, text);
  }
}
