import { decimal, LayerWriter } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { hexNumber } from './cursor.ts';
import { etherTypeName } from './numbers.ts';

const OPERATIONS: ReadonlyMap<number, string> = new Map([
  [1, 'request'],
  [2, 'reply'],
  [3, 'reverse request'],
  [4, 'reverse reply'],
  [8, 'inverse request'],
  [9, 'inverse reply'],
]);

export function arpOperation(operation: number): string {
  return OPERATIONS.get(operation) ?? `operation ${operation}`;
}

/**
 * ARP (RFC 826), struct arphdr (include/uapi/linux/if_arp.h): hardware type 2, protocol type 2, hardware size
 * 1, protocol size 1, operation 2, then sender and target addresses of those sizes.
 */
export function decodeArp(view: PacketView, at: number, _header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'arp', 'Address Resolution Protocol', 8);
  const hardwareSize = writer.u8(4);
  const protocolSize = writer.u8(5);
  writer.uint('arp.hw.type', 'arphdr.ar_hrd', 0, 2, decimal);
  writer.uint(
    'arp.proto.type',
    'arphdr.ar_pro',
    2,
    2,
    (raw) => `${hexNumber(raw, 4)} (${etherTypeName(raw) ?? 'unknown'})`,
  );
  writer.uint('arp.hw.size', 'arphdr.ar_hln', 4, 1, decimal);
  writer.uint('arp.proto.size', 'arphdr.ar_pln', 5, 1, decimal);
  writer.uint('arp.opcode', 'arphdr.ar_op', 6, 2, (raw) => `${raw} (${arpOperation(raw)})`);
  if (!writer.has(4, 2)) return { layer: writer.layer, next: null };
  writer.layer.length = 8 + 2 * (hardwareSize + protocolSize);
  let offset = 8;
  for (const side of ['src', 'dst']) {
    if (hardwareSize === 6) writer.mac(`arp.${side}.hw_mac`, null, offset);
    else if (hardwareSize > 0) writer.bytes(`arp.${side}.hw`, null, offset, hardwareSize, null);
    offset += hardwareSize;
    if (protocolSize === 4) writer.ipv4(`arp.${side}.proto_ipv4`, null, offset);
    else if (protocolSize > 0) writer.bytes(`arp.${side}.proto`, null, offset, protocolSize, null);
    offset += protocolSize;
  }
  return { layer: writer.layer, next: null };
}
