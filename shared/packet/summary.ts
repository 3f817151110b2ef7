import { arpOperation } from './arp.ts';
import { hexNumber } from './cursor.ts';
import { icmpTypeText } from './icmp.ts';
import { icmpv6TypeText } from './icmpv6.ts';
import { igmpTypeText } from './igmp.ts';
import type { Field, Layer } from './layer.ts';
import { sctpChunkText } from './sctp.ts';
import { tcpFlagsText } from './tcp.ts';
import { wireguardTypeText } from './wireguard.ts';

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

/** The last field of a line; where it was not captured the line would say what is not there. */
const NEEDED: Readonly<Record<string, readonly [name: string, ...fields: string[]]>> = {
  ethernet: ['Ethernet', 'eth.type', 'eth.len'],
  vlan: ['VLAN', 'vlan.etype', 'ieee8021ah.etype'],
  arp: ['ARP', 'arp.dst.proto_ipv4'],
  ipv4: ['IPv4', 'ip.proto'],
  ipv6: ['IPv6', 'ipv6.nxt'],
  'ipv6-fragment': ['IPv6 fragment', 'ipv6.fraghdr.ident'],
  icmp: ['ICMP', 'icmp.code'],
  icmpv6: ['ICMPv6', 'icmpv6.code'],
  igmp: ['IGMP', 'igmp.type'],
  tcp: ['TCP', 'tcp.dstport'],
  udp: ['UDP', 'udp.length'],
  sctp: ['SCTP', 'sctp.dstport'],
  gre: ['GRE', 'gre.proto'],
  esp: ['ESP', 'esp.sequence'],
  mpls: ['MPLS', 'mpls.label'],
  wireguard: ['WireGuard', 'wg.type'],
  pppoe: ['PPPoE', 'pppoe.session_id'],
  ppp: ['PPP', 'ppp.protocol'],
  llc: ['LLC', 'llc.ssap'],
  'gtp-u': ['GTP-U', 'gtp.teid'],
};

function describeLayer(layer: Layer, layers: readonly Layer[]): string {
  const [name, ...needed] = NEEDED[layer.protocol] ?? [''];
  if (needed.length > 0 && needed.every((each) => value(layer, each) === '')) return `${name} (cut off)`;
  switch (layer.protocol) {
    case 'icmp':
      return `ICMP ${icmpText(layer)}`;
    case 'tcp':
      return tcpText(layer, layers);
    case 'udp':
      return `UDP ${value(layer, 'udp.srcport')} -> ${value(layer, 'udp.dstport')} len=${Math.max(0, raw(layer, 'udp.length') - 8)}`;
    case 'arp':
      return arpText(layer);
    case 'icmpv6':
      return `ICMPv6 ${icmpv6Text(layer)}`;
    case 'igmp':
      return `IGMP ${igmpTypeText(raw(layer, 'igmp.type'))} ${value(layer, 'igmp.maddr')}`.trimEnd();
    case 'sctp':
      return `SCTP ${value(layer, 'sctp.srcport')} -> ${value(layer, 'sctp.dstport')} ${chunks(layer)}`.trimEnd();
    case 'ipv4':
      return raw(layer, 'ip.frag_offset') !== 0
        ? `IPv4 fragment offset=${raw(layer, 'ip.frag_offset') * 8} proto=${value(layer, 'ip.proto')}`
        : `IPv4 proto=${value(layer, 'ip.proto')} len=${value(layer, 'ip.len')}`;
    case 'ipv6':
      return `IPv6 next=${value(layer, 'ipv6.nxt')} len=${value(layer, 'ipv6.plen')}`;
    case 'ipv6-fragment':
      return `IPv6 fragment offset=${raw(layer, 'ipv6.fraghdr.offset') * 8} id=${value(layer, 'ipv6.fraghdr.ident')}`;
    case 'ethernet':
      return `Ethernet ${value(layer, 'eth.type') || value(layer, 'eth.len')}`;
    case 'vlan':
      return `VLAN ${value(layer, 'vlan.id') || value(layer, 'ieee8021ad.id')} ${value(layer, 'vlan.etype') || value(layer, 'ieee8021ah.etype')}`;
    case 'gre':
      return `GRE ${value(layer, 'gre.proto')}`;
    case 'esp':
      return `ESP spi=${value(layer, 'esp.spi')} seq=${value(layer, 'esp.sequence')}`;
    case 'mpls':
      return `MPLS label=${value(layer, 'mpls.label')}`;
    case 'wireguard':
      return `WireGuard ${wireguardTypeText(raw(layer, 'wg.type'))}`;
    case 'pppoe':
      return `PPPoE ${value(layer, 'pppoe.code')} session=${value(layer, 'pppoe.session_id')}`;
    case 'ppp':
      return `PPP ${value(layer, 'ppp.protocol')}`;
    case 'llc':
      return `LLC dsap=${value(layer, 'llc.dsap')} ssap=${value(layer, 'llc.ssap')}`;
    case 'gtp-u':
      return `GTP-U ${value(layer, 'gtp.message')} teid=${value(layer, 'gtp.teid')}`;
    case 'payload':
      return `Data (${layer.length} bytes)`;
    default:
      return layer.title;
  }
}

function icmpv6Text(layer: Layer): string {
  const type = raw(layer, 'icmpv6.type');
  const name = icmpv6TypeText(type);
  const id = hexNumber(raw(layer, 'icmpv6.echo.identifier'), 4);
  if (type === 128 || type === 129) {
    if (value(layer, 'icmpv6.echo.sequence_number') === '') return name;
    return `${name} id=${id} seq=${raw(layer, 'icmpv6.echo.sequence_number')}`;
  }
  const target = value(layer, 'icmpv6.nd.ns.target_address') || value(layer, 'icmpv6.nd.na.target_address');
  return target === '' ? name : `${name} ${target}`;
}

function chunks(layer: Layer): string {
  const types = layer.fields.filter((candidate) => candidate.name === 'sctp.chunk_type');
  return types.map(({ raw: type }) => (typeof type === 'number' ? sctpChunkText(type) : '')).join(' ');
}

function icmpText(layer: Layer): string {
  const type = raw(layer, 'icmp.type');
  const name = icmpTypeText(type, raw(layer, 'icmp.code'));
  if (type === 5 && value(layer, 'icmp.redir_gw') !== '')
    return `${name} to ${value(layer, 'icmp.redir_gw')}`;
  if ((type !== 0 && type !== 8) || value(layer, 'icmp.seq') === '') return name;
  return `${name} id=${hexNumber(raw(layer, 'icmp.ident'), 4)} seq=${raw(layer, 'icmp.seq')}`;
}

function tcpText(layer: Layer, layers: readonly Layer[]): string {
  const ports = `TCP ${value(layer, 'tcp.srcport')} -> ${value(layer, 'tcp.dstport')}`;
  if (value(layer, 'tcp.window_size_value') === '') return `${ports} (cut off)`;
  let flags = 0;
  for (const [index, name] of ['fin', 'syn', 'reset', 'push', 'ack', 'urg', 'ece', 'cwr'].entries()) {
    if (raw(layer, `tcp.flags.${name}`) === 1) flags |= 1 << index;
  }
  const payload = layers.find((candidate) => candidate.protocol === 'payload' && candidate.at > layer.at);
  const parts = [`${ports} [${tcpFlagsText(flags)}]`, `seq=${value(layer, 'tcp.seq_raw')}`];
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
