import type { FilterName } from '../probe/spec.ts';

/** What a counter of the kernel's counts; the words are in renderer/texts under `counters.help.` and `text`. */
export interface CounterMeaning {
  readonly text: MeaningText;
  /** Kernel file and function that counts it, read in Linux 6.1 to 7.2. */
  readonly source: string;
  /** A function that sees the packets which it counts; null: none does in general. */
  readonly probe: { readonly function: string; readonly filter: FilterName } | null;
}

export const MEANING_TEXTS = [
  'InHdrErrors',
  'InAddrErrors',
  'InUnknownProtos',
  'InDiscards',
  'InNoRoutes',
  'InTruncatedPkts',
  'IpInCsumErrors',
  'ReasmFails',
  'FragFails',
  'OutNoRoutes',
  'OutDiscards',
  'ForwDatagrams',
  'IcmpInMsgs',
  'IcmpInErrors',
  'IcmpInCsumErrors',
  'IcmpInEchos',
  'IcmpOutEchoReps',
  'TcpInErrs',
  'TcpInCsumErrors',
  'TcpRetransSegs',
  'TcpOutRsts',
  'UdpNoPorts',
  'UdpInErrors',
  'UdpRcvbufErrors',
  'UdpInCsumErrors',
  'ListenOverflows',
  'TCPTimeouts',
  'IPReversePathFilter',
  'softnetDropped',
  'softnetSqueeze',
  'deviceDrop',
  'deviceErrors',
] as const;
export type MeaningText = (typeof MEANING_TEXTS)[number];

function meaning(
  text: MeaningText,
  source: string,
  name: string | null = null,
  filter: FilterName = 'none',
): CounterMeaning {
  return { text, source, probe: name === null ? null : { function: name, filter } };
}

const MEANINGS: ReadonlyMap<string, CounterMeaning> = new Map([
  [
    'Ip.InHdrErrors',
    meaning('InHdrErrors', 'net/ipv4/ip_input.c: ip_rcv_core', 'ip_rcv_core', 'bad-ip-header'),
  ],
  [
    'Ip6.InHdrErrors',
    meaning('InHdrErrors', 'net/ipv6/ip6_input.c: ip6_rcv_core', 'ip6_rcv_core', 'bad-ip-header'),
  ],
  ['Ip.InAddrErrors', meaning('InAddrErrors', 'net/ipv4/route.c: ip_error', 'ip_error')],
  ['Ip6.InAddrErrors', meaning('InAddrErrors', 'net/ipv6/ip6_output.c: ip6_forward', 'ip6_forward')],
  [
    'Ip.InUnknownProtos',
    meaning('InUnknownProtos', 'net/ipv4/ip_input.c: ip_protocol_deliver_rcu', 'ip_protocol_deliver_rcu'),
  ],
  [
    'Ip6.InUnknownProtos',
    meaning('InUnknownProtos', 'net/ipv6/ip6_input.c: ip6_protocol_deliver_rcu', 'ip6_protocol_deliver_rcu'),
  ],
  ['Ip.InDiscards', meaning('InDiscards', 'net/ipv4/ip_input.c: ip_rcv_core', 'ip_rcv_core')],
  ['Ip6.InDiscards', meaning('InDiscards', 'net/ipv6/ip6_input.c: ip6_rcv_core', 'ip6_rcv_core')],
  ['IpExt.InNoRoutes', meaning('InNoRoutes', 'net/ipv4/route.c: ip_error', 'ip_error')],
  ['Ip6.InNoRoutes', meaning('InNoRoutes', 'net/ipv6/route.c: ip6_pkt_drop', 'ip6_pkt_drop')],
  [
    'IpExt.InTruncatedPkts',
    meaning('InTruncatedPkts', 'net/ipv4/ip_input.c: ip_rcv_core', 'ip_rcv_core', 'misfit'),
  ],
  [
    'Ip6.InTruncatedPkts',
    meaning('InTruncatedPkts', 'net/ipv6/ip6_input.c: ip6_rcv_core', 'ip6_rcv_core', 'misfit'),
  ],
  ['IpExt.InCsumErrors', meaning('IpInCsumErrors', 'net/ipv4/ip_input.c: ip_rcv_core', 'ip_rcv_core')],
  ['Ip.ReasmFails', meaning('ReasmFails', 'net/ipv4/ip_fragment.c: ip_defrag', 'ip_defrag')],
  ['Ip6.ReasmFails', meaning('ReasmFails', 'net/ipv6/reassembly.c: ipv6_frag_rcv', 'ipv6_frag_rcv')],
  ['Ip.FragFails', meaning('FragFails', 'net/ipv4/ip_output.c: ip_do_fragment', 'ip_do_fragment')],
  ['Ip6.FragFails', meaning('FragFails', 'net/ipv6/ip6_output.c: ip6_fragment', 'ip6_fragment')],
  ['Ip.OutNoRoutes', meaning('OutNoRoutes', 'net/ipv4/ip_output.c: __ip_queue_xmit', '__ip_queue_xmit')],
  ['Ip.OutDiscards', meaning('OutDiscards', 'net/ipv4/ip_output.c: ip_finish_output', 'ip_finish_output')],
  ['Ip.ForwDatagrams', meaning('ForwDatagrams', 'net/ipv4/ip_forward.c: ip_forward', 'ip_forward')],
  ['Icmp.InMsgs', meaning('IcmpInMsgs', 'net/ipv4/icmp.c: icmp_rcv', 'icmp_rcv')],
  ['Icmp6.InMsgs', meaning('IcmpInMsgs', 'net/ipv6/icmp.c: icmpv6_rcv', 'icmpv6_rcv')],
  ['Icmp.InErrors', meaning('IcmpInErrors', 'net/ipv4/icmp.c: icmp_rcv', 'icmp_rcv')],
  ['Icmp6.InErrors', meaning('IcmpInErrors', 'net/ipv6/icmp.c: icmpv6_rcv', 'icmpv6_rcv')],
  ['Icmp.InCsumErrors', meaning('IcmpInCsumErrors', 'net/ipv4/icmp.c: icmp_rcv', 'icmp_rcv')],
  ['Icmp.InEchos', meaning('IcmpInEchos', 'net/ipv4/icmp.c: icmp_rcv', 'icmp_echo')],
  ['Icmp.OutEchoReps', meaning('IcmpOutEchoReps', 'net/ipv4/icmp.c: icmp_reply', 'icmp_echo')],
  ['Tcp.InErrs', meaning('TcpInErrs', 'net/ipv4/tcp_ipv4.c: tcp_v4_rcv', 'tcp_v4_rcv')],
  ['Tcp.InCsumErrors', meaning('TcpInCsumErrors', 'net/ipv4/tcp_ipv4.c: tcp_v4_rcv', 'tcp_v4_rcv')],
  [
    'Tcp.RetransSegs',
    meaning('TcpRetransSegs', 'net/ipv4/tcp_output.c: __tcp_retransmit_skb', '__tcp_retransmit_skb'),
  ],
  ['Tcp.OutRsts', meaning('TcpOutRsts', 'net/ipv4/tcp_ipv4.c: tcp_v4_send_reset', 'tcp_v4_send_reset')],
  ['Udp.NoPorts', meaning('UdpNoPorts', 'net/ipv4/udp.c: __udp4_lib_rcv', 'udp_rcv')],
  ['Udp6.NoPorts', meaning('UdpNoPorts', 'net/ipv6/udp.c: __udp6_lib_rcv', 'udpv6_rcv')],
  ['Udp.InErrors', meaning('UdpInErrors', 'net/ipv4/udp.c: __udp4_lib_rcv', 'udp_rcv')],
  [
    'Udp.RcvbufErrors',
    meaning('UdpRcvbufErrors', 'net/ipv4/udp.c: __udp_queue_rcv_skb', '__udp_enqueue_schedule_skb'),
  ],
  ['Udp.InCsumErrors', meaning('UdpInCsumErrors', 'net/ipv4/udp.c: __udp4_lib_rcv', 'udp_rcv')],
  [
    'TcpExt.ListenOverflows',
    meaning('ListenOverflows', 'net/ipv4/tcp_ipv4.c: tcp_v4_syn_recv_sock', 'tcp_v4_syn_recv_sock'),
  ],
  [
    'TcpExt.TCPTimeouts',
    meaning('TCPTimeouts', 'net/ipv4/tcp_timer.c: tcp_retransmit_timer', 'tcp_retransmit_timer'),
  ],
  [
    'TcpExt.IPReversePathFilter',
    meaning('IPReversePathFilter', 'net/ipv4/ip_input.c: ip_rcv_finish_core', 'ip_rcv_core'),
  ],
  ['Softnet.dropped', meaning('softnetDropped', 'net/core/dev.c: enqueue_to_backlog')],
  ['Softnet.time_squeeze', meaning('softnetSqueeze', 'net/core/dev.c: net_rx_action')],
]);

/** What is known of a counter of shared/counters, or null. */
export function meaningOf(counter: string): CounterMeaning | null {
  const known = MEANINGS.get(counter);
  if (known !== undefined) return known;
  if (!counter.startsWith('Device.')) return null;
  if (/\.[rt]x_drop$/.test(counter)) return meaning('deviceDrop', 'net/core/dev.c: dev_get_stats');
  if (/\.(?:[rt]x_errs|rx_frame|rx_fifo|tx_fifo|tx_carrier|tx_colls)$/.test(counter))
    return meaning('deviceErrors', 'net/core/dev.c: dev_get_stats');
  return null;
}
