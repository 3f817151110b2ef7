import { hexNumber } from './cursor.ts';
import { decimal, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { protocolOfEtherType } from './next-protocol.ts';
import { etherTypeName } from './numbers.ts';
import { arphrdName } from './skb.ts';

const PACKET_TYPES: readonly string[] = ['to us', 'broadcast', 'multicast', 'to another host', 'sent by us'];

function packetTypeText(type: number): string {
  return `${type} (${PACKET_TYPES[type] ?? 'unknown'})`;
}

function typeText(type: number): string {
  return `${hexNumber(type, 4)} (${etherTypeName(type) ?? 'unknown'})`;
}

function arphrdText(type: number): string {
  return `${type} (${arphrdName(type)})`;
}

/** LINKTYPE_LINUX_SLL, what `tcpdump -i any` writes: packet type 2, ARPHRD 2, address length 2, address 8, EtherType 2. */
export function decodeLinuxSll(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'linux-sll', 'Linux cooked capture v1', 16);
  writer.uint('sll.pkttype', 'sockaddr_ll.sll_pkttype', 0, 2, packetTypeText);
  writer.uint('sll.hatype', 'sockaddr_ll.sll_hatype', 2, 2, arphrdText);
  writer.uint('sll.halen', 'sockaddr_ll.sll_halen', 4, 2, decimal);
  if (writer.u16(4) === 6) writer.mac('sll.src.eth', 'sockaddr_ll.sll_addr', 6);
  else if (writer.u16(4) === 4) writer.ipv4('sll.src.ipv4', 'sockaddr_ll.sll_addr', 6);
  const type = writer.uint('sll.etype', 'sockaddr_ll.sll_protocol', 14, 2, typeText);
  const next = typeof type.raw === 'number' ? protocolOfEtherType(type.raw) : null;
  return { layer: writer.layer, next: nextHeader(next, at + 16, header.end) };
}

/** LINKTYPE_LINUX_SLL2: EtherType 2, reserved 2, ifindex 4, ARPHRD 2, packet type 1, address length 1, address 8. */
export function decodeLinuxSll2(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'linux-sll2', 'Linux cooked capture v2', 20);
  const type = writer.uint('sll.etype', 'sockaddr_ll.sll_protocol', 0, 2, typeText);
  writer.uint('sll.ifindex', 'sockaddr_ll.sll_ifindex', 4, 4, decimal);
  writer.uint('sll.hatype', 'sockaddr_ll.sll_hatype', 8, 2, arphrdText);
  writer.uint('sll.pkttype', 'sockaddr_ll.sll_pkttype', 10, 1, packetTypeText);
  writer.uint('sll.halen', 'sockaddr_ll.sll_halen', 11, 1, decimal);
  if (writer.u8(11) === 6) writer.mac('sll.src.eth', 'sockaddr_ll.sll_addr', 12);
  const next = typeof type.raw === 'number' ? protocolOfEtherType(type.raw) : null;
  return { layer: writer.layer, next: nextHeader(next, at + 20, header.end) };
}
