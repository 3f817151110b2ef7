/**
 * Fields of fixed place read straight from the bytes, for packets that certainly hold no other packet: decoding a
 * whole packet for one field costs many times as much. What it gives is what inspect() would give.
 */
import { KERNEL_FIELDS } from './kernel-fields.ts';
import type { KernelField } from './kernel-fields.ts';
import type { PacketPlace } from './packet-place.ts';
import type { ProtocolField } from './protocol-fields.ts';

/** Ports behind which shared/packet/udp.ts looks for another packet. */
export const TUNNEL_PORTS: readonly number[] = [4789, 8472, 6081, 2152, 6080, 6635];

const TRANSPORTS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmp6: 58 };

/** The places of all these fields, with their scales; null if one has none. */
export function directFields(
  fields: readonly ProtocolField[],
): readonly { readonly place: KernelField; readonly scale: number }[] | null {
  const places = fields.map(({ name, scale }) => {
    const place = Object.hasOwn(KERNEL_FIELDS, name) ? KERNEL_FIELDS[name] : undefined;
    return place === undefined ? null : { place, scale };
  });
  return places.some((one) => one === null) ? null : places.filter((one) => one !== null);
}

/** Whether the packet is one header over the other, with nothing below that could be a packet of its own. */
export function isPlain(packet: PacketPlace): boolean {
  const { version, network, transport, protocol, firstProtocol } = packet;
  if (version === 0 || transport < 0 || protocol !== firstProtocol) return false;
  if (packet.byte(network) >> 4 !== version) return false;
  switch (protocol) {
    case 6:
      return true;
    case 1:
      return version === 4 && (packet.byte(transport) === 0 || packet.byte(transport) === 8);
    case 17: {
      const [source, target] = [packet.word(transport), packet.word(transport + 2)];
      if (source < 0 || target < 0 || TUNNEL_PORTS.includes(source) || TUNNEL_PORTS.includes(target))
        return false;
      const payload = packet.byte(transport + 8);
      return payload < 0 || payload >> 4 !== 4;
    }
    default:
      return false;
  }
}

/** Index of a field's first byte, -1 where the packet has no such header. */
export function directAt(packet: PacketPlace, { header, at }: KernelField): number {
  switch (header) {
    case 'ip':
      return packet.version === 4 ? packet.network + at : -1;
    case 'ip6':
      return packet.version === 6 ? packet.network + at : -1;
    default:
      return packet.protocol === TRANSPORTS[header] ? packet.transport + at : -1;
  }
}

/** NaN where it is not there, or was not captured whole. */
export function directNumber(packet: PacketPlace, field: KernelField): number {
  const at = directAt(packet, field);
  if (at < 0) return NaN;
  const high = field.size === 1 ? packet.byte(at) : packet.word(at);
  if (high < 0) return NaN;
  if (field.size === 4) {
    const low = packet.word(at + 2);
    return low < 0 ? NaN : high * 0x10000 + low;
  }
  return field.mask === null ? high : (high >> field.shift) & field.mask;
}
