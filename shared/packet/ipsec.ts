import { decimal, hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { protocolText } from './ipv4.ts';
import { protocolOfIpNumber } from './next-protocol.ts';

/** ESP (RFC 4303), struct ip_esp_hdr: SPI 4, sequence 4; the rest is encrypted. */
export function decodeEsp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'esp', 'Encapsulating Security Payload', 8);
  const spi = writer.uint('esp.spi', 'ip_esp_hdr.spi', 0, 4, hex8);
  if (spi.raw === 0) spi.problem = 'SPI 0 must not be sent';
  writer.uint('esp.sequence', 'ip_esp_hdr.seq_no', 4, 4, decimal);
  return { layer: writer.layer, next: nextHeader('payload', at + 8, header.end) };
}

/** AH (RFC 4302), struct ip_auth_hdr: next header 1, length 1 (in 4 bytes, less 2), reserved 2, SPI 4, sequence 4, ICV. */
export function decodeAh(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'ah', 'Authentication Header', 12);
  const next = writer.uint('ah.next_header', 'ip_auth_hdr.nexthdr', 0, 1, protocolText);
  const words = writer.uint(
    'ah.length',
    'ip_auth_hdr.hdrlen',
    1,
    1,
    (raw) => `${raw} (${(raw + 2) * 4} bytes)`,
  );
  writer.bytes('ah.reserved', 'ip_auth_hdr.reserved', 2, 2, null);
  writer.uint('ah.spi', 'ip_auth_hdr.spi', 4, 4, hex8);
  writer.uint('ah.sequence', 'ip_auth_hdr.seq_no', 8, 4, decimal);
  const length = Math.max(12, (writer.u8(1) + 2) * 4);
  if (typeof words.raw === 'number' && words.raw < 1)
    words.problem = `length ${words.raw} is less than the header`;
  writer.layer.length = length;
  if (length > 12) writer.bytes('ah.icv', 'ip_auth_hdr.auth_data', 12, length - 12, null);
  if (typeof next.raw !== 'number') return { layer: writer.layer, next: null };
  const version = header.ip?.version ?? 4;
  const context = header.ip === null ? null : { ...header.ip, protocol: next.raw };
  return {
    layer: writer.layer,
    next: nextHeader(protocolOfIpNumber(next.raw, version), at + length, header.end, context),
  };
}
