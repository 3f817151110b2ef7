import { expectedChecksum } from './checksum.ts';
import { hexNumber, ipv4Text } from './cursor.ts';
import { decimal, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'echo reply'],
  [3, 'destination unreachable'],
  [4, 'source quench'],
  [5, 'redirect'],
  [8, 'echo request'],
  [9, 'router advertisement'],
  [10, 'router solicitation'],
  [11, 'time exceeded'],
  [12, 'parameter problem'],
  [13, 'timestamp request'],
  [14, 'timestamp reply'],
  [17, 'address mask request'],
  [18, 'address mask reply'],
]);

const UNREACHABLE: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
];

export function icmpTypeText(type: number, code: number): string {
  if (type === 3) return UNREACHABLE[code] ?? `destination unreachable, code ${code}`;
  if (type === 11) return code === 1 ? 'fragment reassembly time exceeded' : 'time to live exceeded';
  return TYPES.get(type) ?? `type ${type}`;
}

/** ICMP (RFC 792, RFC 1191), struct icmphdr (include/uapi/linux/icmp.h); errors quote the packet they are about. */
export function decodeIcmp(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'icmp', 'Internet Control Message Protocol', 8);
  const type = writer.u8(0);
  const code = writer.u8(1);
  writer.uint('icmp.type', 'icmphdr.type', 0, 1, (raw) => `${raw} (${TYPES.get(raw) ?? 'unknown'})`);
  writer.uint('icmp.code', 'icmphdr.code', 1, 1, decimal);
  const checksum = writer.uint('icmp.checksum', 'icmphdr.checksum', 2, 2, hex4);
  if (checksum.raw !== null && Number.isFinite(header.end) && !header.quoted) {
    const length = header.end - at;
    const limit = Math.min(view.bytes.length, view.end);
    if (length >= 8 && at + length <= limit) {
      const expected = expectedChecksum(view.bytes, at, length, at + 2);
      if (checksum.raw !== expected) checksum.problem = `should be ${hexNumber(expected, 4)}`;
    }
  }
  if (!writer.has(0, 1)) return { layer: writer.layer, next: null };
  const error = type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  decodeRest(view, writer, at, type, code);
  if (!error) {
    return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
  }
  const next = nextHeader('ipv4', at + 8, header.end);
  if (next !== null) next.quoted = true;
  return { layer: writer.layer, next };
}

function decodeRest(view: PacketView, writer: LayerWriter, at: number, type: number, code: number): void {
  switch (type) {
    case 0:
    case 8:
    case 13:
    case 14:
    case 17:
    case 18:
      writer.uint('icmp.ident', 'icmphdr.un.echo.id', 4, 2, hex4);
      writer.uint('icmp.seq', 'icmphdr.un.echo.sequence', 6, 2, decimal);
      break;
    case 3:
      if (code === 4) writer.uint('icmp.mtu', 'icmphdr.un.frag.mtu', 6, 2, decimal);
      break;
    case 5:
      writer.ipv4('icmp.redir_gw', 'icmphdr.un.gateway', 4);
      break;
    case 12:
      writer.uint('icmp.pointer', null, 4, 1, decimal);
      break;
    case 9:
      writer.uint('icmp.num_addrs', null, 4, 1, decimal);
      writer.uint('icmp.addr_entry_size', null, 5, 1, decimal);
      writer.uint('icmp.lifetime', null, 6, 2, decimal);
      break;
    default:
  }
  if (type === 13 || type === 14) {
    writer.layer.length = 20;
    writer.uint('icmp.originate_timestamp', null, 8, 4, decimal);
    writer.uint('icmp.receive_timestamp', null, 12, 4, decimal);
    writer.uint('icmp.transmit_timestamp', null, 16, 4, decimal);
  } else if (type === 17 || type === 18) {
    writer.layer.length = 12;
    writer.bytes('icmp.address_mask', null, 8, 4, writer.has(8, 4) ? ipv4Text(view.bytes, at + 8) : null);
  }
}
