/**
 * What a kernel function takes to be at a pointer of its sk_buff when it is entered. `pointer` names
 * the sk_buff position: `data` is skb->data; `network` and `mac` are head + network_header and
 * head + mac_header. Read in net/ of Linux 6.1 to 7.2.
 */
export interface FunctionExpectation {
  readonly pointer: 'data' | 'network' | 'mac';
  readonly layer: 'ethernet' | 'ipv4' | 'ipv6' | 'ip';
  /** Kernel file that relies on it. */
  readonly source: string;
  /** It runs before ip_send_check(): the IPv4 checksum and total length may still be 0. */
  readonly output: boolean;
}

const ipv4 = (source: string): FunctionExpectation => ({
  pointer: 'data',
  layer: 'ipv4',
  source,
  output: false,
});
const ipv6 = (source: string): FunctionExpectation => ({
  pointer: 'data',
  layer: 'ipv6',
  source,
  output: false,
});
const networkIpv4 = (source: string): FunctionExpectation => ({
  pointer: 'network',
  layer: 'ipv4',
  source,
  output: false,
});
const networkIpv6 = (source: string): FunctionExpectation => ({
  pointer: 'network',
  layer: 'ipv6',
  source,
  output: false,
});
const ethernet = (source: string): FunctionExpectation => ({
  pointer: 'data',
  layer: 'ethernet',
  source,
  output: false,
});

const EXPECTATIONS: Readonly<Record<string, FunctionExpectation>> = {
  ip_rcv: ipv4('net/ipv4/ip_input.c'),
  ip_rcv_core: ipv4('net/ipv4/ip_input.c'),
  ip_rcv_finish: ipv4('net/ipv4/ip_input.c'),
  ip_rcv_finish_core: ipv4('net/ipv4/ip_input.c'),
  ip_local_deliver: ipv4('net/ipv4/ip_input.c'),
  ip_local_deliver_finish: ipv4('net/ipv4/ip_input.c'),
  ip_forward: ipv4('net/ipv4/ip_forward.c'),
  ip_forward_finish: ipv4('net/ipv4/ip_forward.c'),
  ip_local_out: { ...ipv4('net/ipv4/ip_output.c'), output: true },
  __ip_local_out: { ...ipv4('net/ipv4/ip_output.c'), output: true },
  ip_output: ipv4('net/ipv4/ip_output.c'),
  ip_finish_output: ipv4('net/ipv4/ip_output.c'),
  ip_finish_output2: ipv4('net/ipv4/ip_output.c'),
  ip_protocol_deliver_rcu: networkIpv4('net/ipv4/ip_input.c'),
  icmp_rcv: networkIpv4('net/ipv4/icmp.c'),
  tcp_v4_rcv: networkIpv4('net/ipv4/tcp_ipv4.c'),
  udp_rcv: networkIpv4('net/ipv4/udp.c'),
  ipv6_rcv: ipv6('net/ipv6/ip6_input.c'),
  ip6_rcv_core: ipv6('net/ipv6/ip6_input.c'),
  ip6_rcv_finish: ipv6('net/ipv6/ip6_input.c'),
  ip6_input: ipv6('net/ipv6/ip6_input.c'),
  ip6_forward: ipv6('net/ipv6/ip6_output.c'),
  ip6_output: ipv6('net/ipv6/ip6_output.c'),
  ip6_finish_output2: ipv6('net/ipv6/ip6_output.c'),
  icmpv6_rcv: networkIpv6('net/ipv6/icmp.c'),
  tcp_v6_rcv: networkIpv6('net/ipv6/tcp_ipv6.c'),
  udpv6_rcv: networkIpv6('net/ipv6/udp.c'),
  eth_type_trans: ethernet('net/ethernet/eth.c'),
  dev_hard_start_xmit: ethernet('net/core/dev.c'),
  veth_xmit: ethernet('drivers/net/veth.c'),
};

/** The expectation of a function by its name, or null: then the packet is taken from skb->data, as whatever it is. */
export function expectationOf(functionName: string): FunctionExpectation | null {
  const name = functionName.slice(functionName.indexOf(':') + 1);
  return Object.hasOwn(EXPECTATIONS, name) ? (EXPECTATIONS[name] ?? null) : null;
}
