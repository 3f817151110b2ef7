import { crc32c } from './crc32c.ts';
import { u32le } from './cursor.ts';
import { decimal, hex2, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

const CHUNKS: readonly string[] = [
  'DATA',
  'INIT',
  'INIT ACK',
  'SACK',
  'HEARTBEAT',
  'HEARTBEAT ACK',
  'ABORT',
  'SHUTDOWN',
  'SHUTDOWN ACK',
  'ERROR',
  'COOKIE ECHO',
  'COOKIE ACK',
  'ECNE',
  'CWR',
  'SHUTDOWN COMPLETE',
];

export function sctpChunkText(type: number): string {
  return CHUNKS[type] ?? `chunk ${type}`;
}

/** SCTP (RFC 9260): struct sctphdr of 12 bytes, then chunks of type 1, flags 1, length 2, padded to 4. */
export function decodeSctp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'sctp', 'Stream Control Transmission Protocol', 12);
  writer.uint('sctp.srcport', 'sctphdr.source', 0, 2, decimal);
  writer.uint('sctp.dstport', 'sctphdr.dest', 2, 2, decimal);
  writer.uint('sctp.verification_tag', 'sctphdr.vtag', 4, 4, hex8);
  const checksum = writer.uint('sctp.checksum', 'sctphdr.checksum', 8, 4, hex8);
  const length = header.end - at;
  if (
    !header.quoted &&
    checksum.raw !== null &&
    length >= 12 &&
    header.end <= Math.min(view.bytes.length, view.end)
  ) {
    const expected = crc32c(view.bytes, at, length, at + 8);
    if (u32le(view.bytes, at + 8) !== expected) checksum.problem = 'the CRC-32C does not match';
  }
  let offset = 12;
  while (offset + 4 <= length && writer.has(offset, 4)) {
    const size = writer.u16(offset + 2);
    writer.uint(
      'sctp.chunk_type',
      'sctp_chunkhdr.type',
      offset,
      1,
      (raw) => `${raw} (${sctpChunkText(raw)})`,
    );
    writer.uint('sctp.chunk_flags', 'sctp_chunkhdr.flags', offset + 1, 1, hex2);
    const field = writer.uint('sctp.chunk_length', 'sctp_chunkhdr.length', offset + 2, 2, decimal);
    if (size < 4 || offset + size > length) {
      field.problem =
        size < 4
          ? `chunk length ${size} is less than 4`
          : `${size} bytes, but only ${length - offset} are left`;
      break;
    }
    if (writer.u8(offset) === 0 && size >= 16) decodeData(writer, offset);
    offset += size + (-size & 3);
  }
  writer.layer.length = Math.max(12, Math.min(offset, length));
  return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
}

/** A DATA chunk: TSN 4, stream 2, sequence 2, payload protocol 4. */
function decodeData(writer: LayerWriter, offset: number): void {
  writer.uint('sctp.data_tsn_raw', 'sctp_datahdr.tsn', offset + 4, 4, decimal);
  writer.uint('sctp.data_sid', 'sctp_datahdr.stream', offset + 8, 2, decimal);
  writer.uint('sctp.data_ssn', 'sctp_datahdr.ssn', offset + 10, 2, decimal);
  writer.uint('sctp.data_payload_proto_id', 'sctp_datahdr.ppid', offset + 12, 4, decimal);
}
