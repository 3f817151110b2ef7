import { u16le } from './cursor.ts';
import { maybeEtherType } from './ethernet-scan.ts';
import { ipv4Flags, ipv4Verifies } from './header-checks.ts';
import { hexNumber, u8 } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView, ProtocolName } from './layer.ts';
import { protocolOfEtherType } from './next-protocol.ts';
import { etherTypeName } from './numbers.ts';

/** struct tun_pi (include/uapi/linux/if_tun.h): flags 2, EtherType 2; then a packet, or on a tap device a frame. */
export function decodeTunPi(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'tun-pi', 'TUN packet information', 4);
  writer.uint('tun_pi.flags', 'tun_pi.flags', 0, 2, hex4);
  const proto = writer.uint('tun_pi.proto', 'tun_pi.proto', 2, 2, (raw) => {
    return `${hexNumber(raw, 4)} (${etherTypeName(raw) ?? 'unknown'})`;
  });
  if (typeof proto.raw !== 'number' || !writer.has(4, 1)) return { layer: writer.layer, next: null };
  const announced = protocolOfEtherType(proto.raw);
  const nibble = writer.u8(4) >> 4;
  const fits =
    announced === 'ipv4' ? nibble === 4 : announced === 'ipv6' ? nibble === 6 : announced !== 'payload';
  const frame = maybeEtherType(view.bytes, at + 16, Math.min(view.bytes.length, view.end));
  return {
    layer: writer.layer,
    next: nextHeader(fits || !frame ? announced : 'ethernet', at + 4, header.end),
  };
}

/**
 * struct virtio_net_hdr (include/uapi/linux/virtio_net.h), little-endian: flags 1, gso_type 1, hdr_len 2,
 * gso_size 2, csum_start 2, csum_offset 2; with mergeable buffers num_buffers 2. Which of the sizes it is the
 * bytes do not say: the one with a header behind it is taken, else the shortest.
 */
export function decodeVirtioNet(view: PacketView, at: number, header: NextHeader): Decoded {
  const { length, next } = virtioPayload(view, at);
  const writer = new LayerWriter(view, at, 'virtio-net', 'virtio-net header', length);
  const little = (name: string, offset: number): void => {
    const member = `virtio_net_hdr.${name}`;
    writer.given(member, member, offset, 2, () => u16le(view.bytes, at + offset), decimal);
  };
  writer.uint('virtio_net_hdr.flags', 'virtio_net_hdr.flags', 0, 1, hex2);
  writer.uint('virtio_net_hdr.gso_type', 'virtio_net_hdr.gso_type', 1, 1, hex2);
  little('hdr_len', 2);
  little('gso_size', 4);
  little('csum_start', 6);
  little('csum_offset', 8);
  if (length >= 12) little('num_buffers', 10);
  return { layer: writer.layer, next: nextHeader(next, at + length, header.end) };
}

function virtioPayload(view: PacketView, at: number): { length: number; next: ProtocolName } {
  const { bytes, end } = view;
  const limit = Math.min(bytes.length, end);
  for (const length of [10, 12, 20]) {
    const start = at + length;
    if (start >= limit) continue;
    const left = Number.isFinite(end) ? end - start : -1;
    if (ipv4Verifies(ipv4Flags(bytes, start, limit, left, true))) return { length, next: 'ipv4' };
    if (maybeEtherType(bytes, start + 12, limit)) return { length, next: 'ethernet' };
    const payload = u8(bytes, start) >> 4 === 6 && (u8(bytes, start + 4) << 8) + u8(bytes, start + 5) + 40;
    if (payload !== false && payload === left) return { length, next: 'ipv6' };
  }
  return { length: 10, next: 'payload' };
}
