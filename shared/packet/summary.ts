import { arpOperation } from './arp.ts';
import { hexNumber } from './cursor.ts';
import { icmpTypeText } from './icmp.ts';
import type { Field, Layer } from './layer.ts';
import { tcpFlagsText } from './tcp.ts';

function field(layer: Layer, name: string): Field | undefined {
  return layer.fields.find((candidate) => candidate.name === name);
}

function value(layer: Layer, name: string): string {
  return field(layer, name)?.value ?? '';
}

function raw(layer: Layer, name: string): number {
  const found = field(layer, name)?.raw;
  return typeof found === 'number' ? found : 0;
}

/**
 * One line as Wireshark users expect it: `192.0.2.9 -> 192.0.2.1 ICMP echo request id=0x1234 seq=1`. Addresses
 * are those of the innermost network header that is not quoted.
 */
export function summary(layers: readonly Layer[]): string {
  const own = layers.filter((layer) => !layer.quoted);
  const network = own.findLast((layer) => layer.protocol === 'ipv4' || layer.protocol === 'ipv6');
  const link = own.findLast((layer) => layer.protocol === 'ethernet');
  const last = own.findLast((layer) => layer.protocol !== 'payload') ?? own.at(-1);
  if (last === undefined) return '';
  const text = describeLayer(last, own);
  if (last.protocol === 'arp') return text;
  if (network !== undefined) {
    const prefix = network.protocol === 'ipv4' ? 'ip' : 'ipv6';
    const from = value(network, `${prefix}.src`) || '?';
    const to = value(network, `${prefix}.dst`) || '?';
    return `${from} -> ${to} ${text}`;
  }
  if (link !== undefined)
    return `${value(link, 'eth.src') || '?'} -> ${value(link, 'eth.dst') || '?'} ${text}`;
  return text;
}

function describeLayer(layer: Layer, layers: readonly Layer[]): string {
  switch (layer.protocol) {
    case 'icmp':
      return `ICMP ${icmpText(layer)}`;
    case 'tcp':
      return tcpText(layer, layers);
    case 'udp':
      return `UDP ${value(layer, 'udp.srcport')} -> ${value(layer, 'udp.dstport')} len=${Math.max(0, raw(layer, 'udp.length') - 8)}`;
    case 'arp':
      return arpText(layer);
    case 'ipv4':
      return raw(layer, 'ip.frag_offset') !== 0
        ? `IPv4 fragment offset=${raw(layer, 'ip.frag_offset') * 8} proto=${value(layer, 'ip.proto')}`
        : `IPv4 proto=${value(layer, 'ip.proto')} len=${value(layer, 'ip.len')}`;
    case 'ipv6':
      return `IPv6 next=${value(layer, 'ipv6.nxt')} len=${value(layer, 'ipv6.plen')}`;
    case 'ethernet':
      return `Ethernet ${value(layer, 'eth.type') || value(layer, 'eth.len')}`;
    case 'vlan':
      return `VLAN ${value(layer, 'vlan.id') || value(layer, 'ieee8021ad.id')} ${value(layer, 'vlan.etype') || value(layer, 'ieee8021ah.etype')}`;
    default:
      return layer.title;
  }
}

function icmpText(layer: Layer): string {
  const type = raw(layer, 'icmp.type');
  const name = icmpTypeText(type, raw(layer, 'icmp.code'));
  if (type !== 0 && type !== 8) return name;
  return `${name} id=${hexNumber(raw(layer, 'icmp.ident'), 4)} seq=${raw(layer, 'icmp.seq')}`;
}

function tcpText(layer: Layer, layers: readonly Layer[]): string {
  let flags = 0;
  for (const [index, name] of ['fin', 'syn', 'reset', 'push', 'ack', 'urg', 'ece', 'cwr'].entries()) {
    if (raw(layer, `tcp.flags.${name}`) === 1) flags |= 1 << index;
  }
  const payload = layers.find((candidate) => candidate.protocol === 'payload' && candidate.at > layer.at);
  const parts = [
    `TCP ${value(layer, 'tcp.srcport')} -> ${value(layer, 'tcp.dstport')} [${tcpFlagsText(flags)}]`,
    `seq=${value(layer, 'tcp.seq_raw')}`,
  ];
  if ((flags & 16) !== 0) parts.push(`ack=${value(layer, 'tcp.ack_raw')}`);
  parts.push(`win=${value(layer, 'tcp.window_size_value')}`, `len=${payload?.length ?? 0}`);
  return parts.join(' ');
}

function arpText(layer: Layer): string {
  const operation = raw(layer, 'arp.opcode');
  const sender = value(layer, 'arp.src.proto_ipv4');
  const target = value(layer, 'arp.dst.proto_ipv4');
  if (operation === 1) return `ARP who has ${target}? tell ${sender}`;
  if (operation === 2) return `ARP ${sender} is at ${value(layer, 'arp.src.hw_mac')}`;
  return `ARP ${arpOperation(operation)}`;
}
