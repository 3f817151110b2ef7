import { decimal, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

/** One MPLS label stack entry (RFC 3032), struct mpls_label: label 20 bits, class 3, bottom 1, ttl 8. */
export function decodeMpls(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'mpls', 'MultiProtocol Label Switching', 4);
  writer.bits('mpls.label', 'mpls_label.entry', 0, 4, 0, 20, decimal);
  writer.bits('mpls.exp', 'mpls_label.entry', 0, 4, 20, 3, decimal);
  const bottom = writer.bits('mpls.bottom', 'mpls_label.entry', 0, 4, 23, 1, decimal);
  writer.bits('mpls.ttl', 'mpls_label.entry', 0, 4, 24, 8, decimal);
  if (bottom.raw === null) return { layer: writer.layer, next: null };
  if (bottom.raw === 0) return { layer: writer.layer, next: nextHeader('mpls', at + 4, header.end) };
  const nibble = writer.has(4, 1) ? writer.u8(4) >> 4 : -1;
  const next = nibble === 4 ? 'ipv4' : nibble === 6 ? 'ipv6' : 'payload';
  return { layer: writer.layer, next: nextHeader(next, at + 4, header.end) };
}
