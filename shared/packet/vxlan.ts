import { decimal, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

/** VXLAN (RFC 7348; group policy and GPE bits beside it), struct vxlanhdr (include/net/vxlan.h): flags 4, VNI 3, reserved 1. */
export function decodeVxlan(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'vxlan', 'Virtual eXtensible Local Area Network', 8);
  writer.bits('vxlan.flag_g', 'vxlanhdr.vx_flags', 0, 2, 0, 1, decimal);
  const valid = writer.bits('vxlan.flag_i', 'vxlanhdr.vx_flags', 0, 2, 4, 1, decimal);
  if (valid.raw === 0) valid.problem = 'the VNI is not marked as valid';
  writer.bits('vxlan.flag_d', 'vxlanhdr.vx_flags', 0, 2, 9, 1, decimal);
  writer.bits('vxlan.flag_a', 'vxlanhdr.vx_flags', 0, 2, 12, 1, decimal);
  writer.uint('vxlan.gbp', 'vxlanhdr_gbp.policy_id', 2, 2, decimal);
  writer.uint('vxlan.vni', 'vxlanhdr.vx_vni', 4, 3, decimal);
  writer.uint('vxlan.reserved8', 'vxlanhdr.vx_vni', 7, 1, decimal);
  return { layer: writer.layer, next: nextHeader('ethernet', at + 8, header.end) };
}
