/** Where a packet passes on its way through the kernel's network stack. */
export interface PathStep {
  readonly name: string;
  readonly direction: 'receive' | 'forward' | 'send';
  readonly stage: 'device' | 'ip' | 'transport';
  /** `any`: it sees packets of every protocol. */
  readonly family: 'any' | 'ipv4' | 'ipv6';
  /** What has happened to the packet when it comes here. */
  readonly note: string;
}

type Row = readonly [name: string, family: PathStep['family'], note: string];

function steps(
  direction: PathStep['direction'],
  stage: PathStep['stage'],
  rows: readonly Row[],
): readonly PathStep[] {
  return rows.map(([name, family, note]) => ({ name, direction, stage, family, note }));
}

/**
 * The functions that a packet passes, in the order in which it does: from the device up, across, and down again
 * (net/core/dev.c, net/ipv4/ip_input.c, ip_forward.c, ip_output.c, net/ipv6/). No kernel has all of them
 * as functions of their own: compilers inline, versions rename.
 */
export const PACKET_PATH: readonly PathStep[] = [
  ...steps('receive', 'device', [
    ['napi_gro_receive', 'any', 'a driver hands the frame to be merged with others of its flow'],
    ['netif_receive_skb', 'any', 'a driver without merging hands the frame to the stack'],
    ['netif_rx', 'any', 'a virtual device (tun, loopback) queues the packet for the stack'],
    [
      '__netif_receive_skb_core',
      'any',
      'generic XDP, taps and tc ingress have their turn; then the protocol is chosen',
    ],
  ]),
  ...steps('receive', 'ip', [
    ['ip_rcv', 'ipv4', 'data stands where the IPv4 header must be'],
    ['ip_list_rcv', 'ipv4', 'the same for several packets at once'],
    ['ip_rcv_core', 'ipv4', 'version, header length, checksum and total length are tested: InHdrErrors'],
    ['ip_rcv_finish', 'ipv4', 'behind the PREROUTING hooks; the route is looked up'],
    ['ipv6_rcv', 'ipv6', 'data stands where the IPv6 header must be'],
    ['ip6_rcv_core', 'ipv6', 'version, payload length and addresses are tested: Ip6InHdrErrors'],
    ['ip6_rcv_finish', 'ipv6', 'behind the PREROUTING hooks; the route is looked up'],
    ['ip_local_deliver', 'ipv4', 'the route says it is for this host; fragments are put together'],
    ['ip_local_deliver_finish', 'ipv4', 'behind the INPUT hooks; the IPv4 header is taken off'],
    ['ip_protocol_deliver_rcu', 'ipv4', 'the protocol number chooses who gets it'],
    ['ip6_input', 'ipv6', 'the route says it is for this host'],
    ['ip6_input_finish', 'ipv6', 'behind the INPUT hooks'],
    ['ip6_protocol_deliver_rcu', 'ipv6', 'extension headers are walked; the next header chooses who gets it'],
  ]),
  ...steps('receive', 'transport', [
    ['icmp_rcv', 'ipv4', 'data stands at the ICMP header'],
    ['icmpv6_rcv', 'ipv6', 'data stands at the ICMPv6 header'],
    ['tcp_v4_rcv', 'ipv4', 'data stands at the TCP header'],
    ['tcp_v6_rcv', 'ipv6', 'data stands at the TCP header'],
    ['udp_rcv', 'ipv4', 'data stands at the UDP header'],
    ['udpv6_rcv', 'ipv6', 'data stands at the UDP header'],
  ]),
  ...steps('forward', 'ip', [
    ['ip_forward', 'ipv4', 'the route says it is for another host; the time to live is tested'],
    ['ip_forward_finish', 'ipv4', 'behind the FORWARD hooks'],
    ['ip6_forward', 'ipv6', 'the route says it is for another host; the hop limit is tested'],
    ['ip6_forward_finish', 'ipv6', 'behind the FORWARD hooks'],
  ]),
  ...steps('send', 'ip', [
    ['__ip_queue_xmit', 'ipv4', 'a connection (TCP) sends; the IPv4 header is written here'],
    ['ip_send_skb', 'ipv4', 'a datagram (UDP, ICMP) sends'],
    ['ip_local_out', 'ipv4', 'the IPv4 header is whole'],
    ['ip_output', 'ipv4', 'behind the OUTPUT hooks; the device is known'],
    ['ip_finish_output', 'ipv4', 'behind the POSTROUTING hooks; may be cut into fragments'],
    ['ip_finish_output2', 'ipv4', 'the neighbour and its MAC address are looked up'],
    ['ip6_xmit', 'ipv6', 'a connection (TCP) sends; the IPv6 header is written here'],
    ['ip6_send_skb', 'ipv6', 'a datagram (UDP, ICMPv6) sends'],
    ['ip6_local_out', 'ipv6', 'the IPv6 header is whole'],
    ['ip6_output', 'ipv6', 'behind the OUTPUT hooks; the device is known'],
    ['ip6_finish_output', 'ipv6', 'behind the POSTROUTING hooks; may be cut into fragments'],
    ['ip6_finish_output2', 'ipv6', 'the neighbour and its MAC address are looked up'],
  ]),
  ...steps('send', 'device', [
    ['neigh_resolve_output', 'any', 'the Ethernet header is written'],
    ['__dev_queue_xmit', 'any', 'data stands at the link header; the queue is chosen'],
    ['dev_hard_start_xmit', 'any', 'taps have their turn; then the driver gets it'],
  ]),
];
