import { expectedChecksum } from './checksum.ts';
import { hexNumber } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [0x11, 'membership query'],
  [0x12, 'membership report v1'],
  [0x13, 'DVMRP'],
  [0x16, 'membership report v2'],
  [0x17, 'leave group'],
  [0x22, 'membership report v3'],
]);

export function igmpTypeText(type: number): string {
  return TYPES.get(type) ?? `type ${hexNumber(type, 2)}`;
}

/** IGMP (RFC 1112, RFC 2236, RFC 9776), struct igmphdr (include/uapi/linux/igmp.h). */
export function decodeIgmp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'igmp', 'Internet Group Management Protocol', 8);
  const type = writer.u8(0);
  writer.uint('igmp.type', 'igmphdr.type', 0, 1, (raw) => `${hex2(raw)} (${igmpTypeText(raw)})`);
  if (!TYPES.has(type) || type === 0x13) {
    writer.layer.length = 1;
    return { layer: writer.layer, next: nextHeader('payload', at + 1, header.end) };
  }
  if (type !== 0x22) writer.uint('igmp.max_resp', 'igmphdr.code', 1, 1, (raw) => `${raw} (${raw / 10} s)`);
  const checksum = writer.uint('igmp.checksum', 'igmphdr.csum', 2, 2, hex4);
  const length = header.end - at;
  if (
    checksum.raw !== null &&
    Number.isFinite(length) &&
    length >= 8 &&
    header.end <= Math.min(view.bytes.length, view.end)
  ) {
    const expected = expectedChecksum(view.bytes, at, length, at + 2);
    if (checksum.raw !== expected) checksum.problem = `should be ${hex4(expected)}`;
  }
  if (type === 0x22) decodeReport(writer, Math.min(length, 8 + writer.captured(8)));
  else {
    writer.ipv4('igmp.maddr', 'igmphdr.group', 4);
    if (type === 0x11 && Number.isFinite(length) && length >= 12) decodeQuery(writer, length);
  }
  return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
}

/** struct igmpv3_query: S flag and robustness 1, interval 1, number of sources 2, sources. */
function decodeQuery(writer: LayerWriter, length: number): void {
  writer.bits('igmp.s', 'igmpv3_query.suppress', 8, 1, 4, 1, decimal);
  writer.bits('igmp.qrv', 'igmpv3_query.qrv', 8, 1, 5, 3, decimal);
  writer.uint('igmp.qqic', 'igmpv3_query.qqic', 9, 1, decimal);
  writer.uint('igmp.num_src', 'igmpv3_query.nsrcs', 10, 2, decimal);
  const sources = writer.u16(10);
  let offset = 12;
  for (
    let index = 0;
    index < sources && offset + 4 <= length && writer.has(offset, 1);
    index++, offset += 4
  ) {
    writer.ipv4('igmp.saddr', 'igmpv3_query.srcs', offset);
  }
  writer.layer.length = offset;
}

/** struct igmpv3_report: number of records 2, each: type 1, auxiliary length 1, sources 2, group 4, sources. */
function decodeReport(writer: LayerWriter, length: number): void {
  writer.uint('igmp.num_grp_recs', 'igmpv3_report.ngrec', 6, 2, decimal);
  const records = writer.u16(6);
  let offset = 8;
  for (let index = 0; index < records && offset + 8 <= length && writer.has(offset, 1); index++) {
    writer.uint('igmp.record_type', 'igmpv3_grec.grec_type', offset, 1, decimal);
    writer.uint('igmp.aux_data_len', 'igmpv3_grec.grec_auxwords', offset + 1, 1, decimal);
    writer.uint('igmp.num_src', 'igmpv3_grec.grec_nsrcs', offset + 2, 2, decimal);
    writer.ipv4('igmp.maddr', 'igmpv3_grec.grec_mca', offset + 4);
    const sources = writer.u16(offset + 2);
    const auxiliary = writer.u8(offset + 1) * 4;
    offset += 8;
    for (let source = 0; source < sources && offset + 4 <= length; source++, offset += 4) {
      writer.ipv4('igmp.saddr', 'igmpv3_grec.grec_src', offset);
    }
    offset += auxiliary;
  }
  writer.layer.length = offset;
}
