import type { Expectation } from '../packet/verdict-kinds.ts';

/**
 * What a kernel function takes to be at a pointer of its sk_buff when it is entered. `pointer` names
 * the sk_buff position: `data` is skb->data; `network` and `mac` are head + network_header and
 * head + mac_header. Read in net/ and drivers/net/ of Linux 6.1 to 7.2.
 */
export interface FunctionExpectation {
  readonly pointer: 'data' | 'network' | 'mac';
  /** `auto` where it depends on the packet, see `by`. */
  readonly layer: Extract<Expectation, 'ethernet' | 'ipv4' | 'ipv6' | 'ip' | 'arp' | 'auto'>;
  /**
   * What the function itself goes by: skb->protocol (the header that it names), or the type of skb->dev (what that
   * device puts in front of a packet); null where it always takes the same.
   */
  readonly by: 'protocol' | 'device' | null;
  /** Kernel file that relies on it. */
  readonly source: string;
  /** It runs before ip_send_check(): the IPv4 checksum and total length may still be 0. */
  readonly output: boolean;
  /** What of the header it reads first, in the kernel's own C; null where it hands the packet on. */
  readonly reads: string | null;
  /** What becomes of a packet that fails that test; null where there is none. */
  readonly otherwise: Otherwise | null;
}

interface Otherwise {
  /** Counter of /proc/net/snmp or snmp6 that grows: `Ip.InHdrErrors`. */
  readonly counter: string | null;
  /** enum skb_drop_reason without its prefix. */
  readonly reason: string | null;
}

type Row = readonly [name: string, source: string, more?: Partial<FunctionExpectation>];

function rows(
  common: Pick<FunctionExpectation, 'pointer' | 'layer'> & Partial<FunctionExpectation>,
  list: readonly Row[],
): readonly (readonly [string, FunctionExpectation])[] {
  const plain = { by: null, output: false, reads: null, otherwise: null } as const;
  return list.map(([name, source, more]) => [name, { ...plain, ...common, source, ...more }]);
}

const IP_HEADER: Partial<FunctionExpectation> = {
  reads: 'iph->ihl < 5 || iph->version != 4',
  otherwise: { counter: 'Ip.InHdrErrors', reason: 'IP_INHDR' },
};
const IPV6_HEADER: Partial<FunctionExpectation> = {
  reads: 'hdr->version != 6',
  otherwise: { counter: 'Ip6.Ip6InHdrErrors', reason: 'IP_INHDR' },
};
const TTL: Partial<FunctionExpectation> = {
  reads: 'ip_hdr(skb)->ttl <= 1',
  otherwise: { counter: 'Ip.InHdrErrors', reason: 'IP_INHDR' },
};
const HOP_LIMIT: Partial<FunctionExpectation> = {
  reads: 'hdr->hop_limit <= 1',
  otherwise: { counter: 'Ip6.Ip6InHdrErrors', reason: 'IP_INHDR' },
};
const BY_PROTOCOL = { pointer: 'data', layer: 'auto', by: 'protocol' } as const;
const BY_DEVICE = { pointer: 'data', layer: 'auto', by: 'device' } as const;

const EXPECTATIONS: ReadonlyMap<string, FunctionExpectation> = new Map([
  ...rows({ pointer: 'data', layer: 'ethernet' }, [
    ['eth_type_trans', 'net/ethernet/eth.c', { reads: 'eth->h_dest, eth->h_proto' }],
    ['veth_xmit', 'drivers/net/veth.c'],
    ['loopback_xmit', 'drivers/net/loopback.c'],
    ['br_dev_xmit', 'net/bridge/br_device.c', { reads: 'eth_hdr(skb)->h_dest' }],
    ['vlan_dev_hard_start_xmit', 'net/8021q/vlan_dev.c', { reads: 'veth->h_vlan_proto' }],
    ['macvlan_start_xmit', 'drivers/net/macvlan.c'],
    ['vxlan_xmit', 'drivers/net/vxlan/vxlan_core.c', { reads: 'eth_hdr(skb)->h_proto' }],
    ['gre_tap_xmit', 'net/ipv4/ip_gre.c'],
    ['erspan_xmit', 'net/ipv4/ip_gre.c'],
  ]),
  ...rows(BY_DEVICE, [
    ['dev_queue_xmit', 'net/core/dev.c'],
    ['__dev_queue_xmit', 'net/core/dev.c'],
    ['dev_hard_start_xmit', 'net/core/dev.c'],
    ['sch_direct_xmit', 'net/sched/sch_generic.c'],
    ['validate_xmit_skb', 'net/core/dev.c'],
    ['dev_queue_xmit_nit', 'net/core/dev.c'],
    ['tun_net_xmit', 'drivers/net/tun.c'],
    ['bond_start_xmit', 'drivers/net/bonding/bond_main.c'],
    ['dummy_xmit', 'drivers/net/dummy.c'],
    ['netkit_xmit', 'drivers/net/netkit.c'],
    ['ipgre_xmit', 'net/ipv4/ip_gre.c'],
    ['geneve_xmit', 'drivers/net/geneve.c'],
  ]),
  ...rows(BY_PROTOCOL, [
    ['netif_rx', 'net/core/dev.c'],
    ['netif_rx_internal', 'net/core/dev.c'],
    ['enqueue_to_backlog', 'net/core/dev.c'],
    ['netif_receive_skb', 'net/core/dev.c'],
    ['__netif_receive_skb', 'net/core/dev.c'],
    ['__netif_receive_skb_one_core', 'net/core/dev.c'],
    ['napi_gro_receive', 'net/core/gro.c'],
    ['dev_gro_receive', 'net/core/gro.c'],
    ['neigh_resolve_output', 'net/core/neighbour.c'],
    ['neigh_connected_output', 'net/core/neighbour.c'],
    ['neigh_direct_output', 'net/core/neighbour.c'],
    ['ipip_tunnel_xmit', 'net/ipv4/ipip.c', { reads: 'skb->protocol' }],
    ['sit_tunnel_xmit', 'net/ipv6/sit.c', { reads: 'skb->protocol' }],
    ['ip6_tnl_start_xmit', 'net/ipv6/ip6_tunnel.c', { reads: 'skb->protocol' }],
    ['wg_xmit', 'drivers/net/wireguard/device.c', { reads: 'skb->protocol' }],
  ]),
  ...rows({ pointer: 'data', layer: 'arp' }, [
    ['arp_rcv', 'net/ipv4/arp.c', { reads: 'arp->ar_hln != dev->addr_len || arp->ar_pln != 4' }],
  ]),
  ...rows({ pointer: 'network', layer: 'arp' }, [
    ['arp_process', 'net/ipv4/arp.c', { reads: 'arp->ar_hrd, arp->ar_pro, arp->ar_op' }],
  ]),
  ...rows({ pointer: 'data', layer: 'ipv4' }, [
    ['ip_rcv', 'net/ipv4/ip_input.c', IP_HEADER],
    ['ip_rcv_core', 'net/ipv4/ip_input.c', IP_HEADER],
    ['ip_rcv_finish', 'net/ipv4/ip_input.c'],
    ['ip_rcv_finish_core', 'net/ipv4/ip_input.c', { reads: 'iph->daddr, iph->saddr, iph->tos' }],
    ['ip_local_deliver', 'net/ipv4/ip_input.c', { reads: 'ip_is_fragment(ip_hdr(skb))' }],
    ['ip_local_deliver_finish', 'net/ipv4/ip_input.c', { reads: 'ip_hdr(skb)->protocol' }],
    ['ip_defrag', 'net/ipv4/ip_fragment.c', { reads: 'iph->id, iph->frag_off' }],
    ['ip_error', 'net/ipv4/route.c'],
    ['ip_mr_input', 'net/ipv4/ipmr.c', { reads: 'ip_hdr(skb)->protocol' }],
    ['tcp_v4_early_demux', 'net/ipv4/tcp_ipv4.c', { reads: 'iph->saddr, iph->daddr' }],
    ['udp_v4_early_demux', 'net/ipv4/udp.c', { reads: 'iph->saddr, iph->daddr' }],
    ['ip_forward', 'net/ipv4/ip_forward.c', TTL],
    ['ip_forward_finish', 'net/ipv4/ip_forward.c'],
    ['ip_local_out', 'net/ipv4/ip_output.c', { output: true }],
    ['__ip_local_out', 'net/ipv4/ip_output.c', { output: true }],
    ['ip_output', 'net/ipv4/ip_output.c'],
    ['ip_mc_output', 'net/ipv4/ip_output.c'],
    ['ip_finish_output', 'net/ipv4/ip_output.c'],
    ['__ip_finish_output', 'net/ipv4/ip_output.c'],
    ['ip_finish_output2', 'net/ipv4/ip_output.c'],
    ['ip_do_fragment', 'net/ipv4/ip_output.c', { reads: 'iph->ihl * 4, iph->frag_off' }],
    ['ipip_rcv', 'net/ipv4/ipip.c'],
    ['tunnel4_rcv', 'net/ipv4/tunnel4.c'],
    ['ip4ip6_rcv', 'net/ipv6/ip6_tunnel.c'],
  ]),
  ...rows({ pointer: 'network', layer: 'ipv4' }, [
    ['ip_protocol_deliver_rcu', 'net/ipv4/ip_input.c', { reads: 'inet_protos[ip_hdr(skb)->protocol]' }],
    ['raw_local_deliver', 'net/ipv4/raw.c', { reads: 'iph->saddr, iph->daddr' }],
    ['icmp_rcv', 'net/ipv4/icmp.c', { reads: 'ip_hdr(skb)->saddr, icmph->type' }],
    ['igmp_rcv', 'net/ipv4/igmp.c'],
    ['tcp_v4_rcv', 'net/ipv4/tcp_ipv4.c', { reads: 'iph->saddr, iph->daddr, th->doff' }],
    ['tcp_v4_do_rcv', 'net/ipv4/tcp_ipv4.c'],
    ['udp_rcv', 'net/ipv4/udp.c', { reads: 'ip_hdr(skb)->saddr, uh->len' }],
    ['__udp4_lib_rcv', 'net/ipv4/udp.c', { reads: 'ip_hdr(skb)->saddr, uh->len' }],
    ['gre_rcv', 'net/ipv4/gre_demux.c', { reads: 'ver = skb->data[1] & 0x7f' }],
  ]),
  ...rows({ pointer: 'network', layer: 'ip' }, [
    ['vxlan_rcv', 'drivers/net/vxlan/vxlan_core.c', { reads: 'vxlan_hdr(skb)->vx_flags' }],
    ['geneve_udp_encap_recv', 'drivers/net/geneve.c', { reads: 'geneveh->ver' }],
    ['wg_receive', 'drivers/net/wireguard/socket.c'],
  ]),
  ...rows({ pointer: 'data', layer: 'ipv6' }, [
    ['ipv6_rcv', 'net/ipv6/ip6_input.c', IPV6_HEADER],
    ['ip6_rcv_core', 'net/ipv6/ip6_input.c', IPV6_HEADER],
    ['ip6_rcv_finish', 'net/ipv6/ip6_input.c'],
    ['ip6_rcv_finish_core', 'net/ipv6/ip6_input.c', { reads: 'ipv6_hdr(skb)->nexthdr' }],
    ['ip6_route_input', 'net/ipv6/route.c', { reads: 'iph->daddr, iph->saddr' }],
    ['ip6_input', 'net/ipv6/ip6_input.c'],
    ['ip6_input_finish', 'net/ipv6/ip6_input.c'],
    ['ip6_mc_input', 'net/ipv6/ip6_input.c', { reads: 'hdr->daddr' }],
    ['tcp_v6_early_demux', 'net/ipv6/tcp_ipv6.c', { reads: 'hdr->saddr, hdr->daddr' }],
    ['ip6_forward', 'net/ipv6/ip6_output.c', HOP_LIMIT],
    ['ip6_forward_finish', 'net/ipv6/ip6_output.c'],
    ['ip6_output', 'net/ipv6/ip6_output.c'],
    ['ip6_finish_output', 'net/ipv6/ip6_output.c'],
    ['ip6_finish_output2', 'net/ipv6/ip6_output.c', { reads: 'hdr->daddr' }],
    ['ip6_fragment', 'net/ipv6/ip6_output.c'],
    ['ipip6_rcv', 'net/ipv6/sit.c'],
    ['ip6ip6_rcv', 'net/ipv6/ip6_tunnel.c'],
  ]),
  ...rows({ pointer: 'network', layer: 'ipv6' }, [
    ['ip6_protocol_deliver_rcu', 'net/ipv6/ip6_input.c', { reads: 'inet6_protos[nexthdr]' }],
    ['icmpv6_rcv', 'net/ipv6/icmp.c', { reads: 'ipv6_hdr(skb)->saddr, hdr->icmp6_type' }],
    ['ndisc_rcv', 'net/ipv6/ndisc.c', { reads: 'ipv6_hdr(skb)->hop_limit != 255' }],
    ['tcp_v6_rcv', 'net/ipv6/tcp_ipv6.c', { reads: 'hdr->saddr, hdr->daddr, th->doff' }],
    ['udpv6_rcv', 'net/ipv6/udp.c', { reads: 'ipv6_hdr(skb)->saddr, uh->len' }],
    ['__udp6_lib_rcv', 'net/ipv6/udp.c', { reads: 'ipv6_hdr(skb)->saddr, uh->len' }],
  ]),
]);

/** Every function that has an expectation. */
export const EXPECTING_FUNCTIONS: readonly string[] = [...EXPECTATIONS.keys()];

/** The expectation of a function by its name, or null: then the packet is taken from skb->data, as whatever it is. */
export function expectationOf(functionName: string): FunctionExpectation | null {
  return EXPECTATIONS.get(functionName.slice(functionName.lastIndexOf(':') + 1)) ?? null;
}

/** ARPHRD_* (include/uapi/linux/if_arp.h): ETHER, LOOPBACK; and those whose devices carry bare IP. */
const ETHERNET_DEVICES: ReadonlySet<number> = new Set([1, 772]);
const IP_DEVICES: ReadonlySet<number> = new Set([519, 768, 769, 776, 778, 823, 65534]);

/** What a packet itself says of the header that is expected, where its function goes by that. */
export function expectedOf(
  expectation: FunctionExpectation,
  packet: { readonly protocol: number; readonly deviceType: number | null },
): Expectation {
  switch (expectation.by) {
    case 'protocol':
      return packet.protocol === 0x0800
        ? 'ipv4'
        : packet.protocol === 0x86dd
          ? 'ipv6'
          : packet.protocol === 0x0806
            ? 'arp'
            : 'auto';
    case 'device':
      if (packet.deviceType === null) return 'auto';
      if (ETHERNET_DEVICES.has(packet.deviceType)) return 'ethernet';
      return IP_DEVICES.has(packet.deviceType) ? 'ip' : 'auto';
    case null:
      return expectation.layer;
  }
}
