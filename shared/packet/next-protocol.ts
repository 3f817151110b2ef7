import type { ProtocolName } from './layer.ts';
import * as numbers from './numbers.ts';

/** The decoder for an EtherType. What has none is payload. */
export function protocolOfEtherType(type: number): ProtocolName {
  switch (type) {
    case numbers.ETH_P_IP:
      return 'ipv4';
    case numbers.ETH_P_IPV6:
      return 'ipv6';
    case numbers.ETH_P_ARP:
    case 0x8035:
      return 'arp';
    case numbers.ETH_P_8021Q:
    case numbers.ETH_P_8021AD:
    case numbers.ETH_P_QINQ1:
      return 'vlan';
    case numbers.ETH_P_TEB:
      return 'ethernet';
    case numbers.ETH_P_MPLS_UC:
    case numbers.ETH_P_MPLS_MC:
      return 'mpls';
    case numbers.ETH_P_PPP_SES:
    case numbers.ETH_P_PPP_DISC:
      return 'pppoe';
    case 0x880b:
      return 'ppp';
    default:
      return 'payload';
  }
}

/** The decoder for an IP protocol number (the next header of IPv6 too). */
export function protocolOfIpNumber(number: number, version: 4 | 6): ProtocolName | null {
  switch (number) {
    case numbers.IPPROTO_HOPOPTS:
      return version === 6 ? 'ipv6-hop-by-hop' : 'payload';
    case numbers.IPPROTO_ROUTING:
      return 'ipv6-routing';
    case numbers.IPPROTO_FRAGMENT:
      return 'ipv6-fragment';
    case numbers.IPPROTO_DSTOPTS:
      return 'ipv6-destination-options';
    case numbers.IPPROTO_ICMP:
      return 'icmp';
    case numbers.IPPROTO_IGMP:
      return 'igmp';
    case numbers.IPPROTO_IPIP:
      return 'ipv4';
    case numbers.IPPROTO_TCP:
      return 'tcp';
    case numbers.IPPROTO_UDP:
    case numbers.IPPROTO_UDPLITE:
      return 'udp';
    case numbers.IPPROTO_IPV6:
      return 'ipv6';
    case numbers.IPPROTO_GRE:
      return 'gre';
    case numbers.IPPROTO_ESP:
      return 'esp';
    case numbers.IPPROTO_AH:
      return 'ah';
    case numbers.IPPROTO_ICMPV6:
      return 'icmpv6';
    case numbers.IPPROTO_NONE:
      return null;
    case numbers.IPPROTO_SCTP:
      return 'sctp';
    case numbers.IPPROTO_MPLS:
      return 'mpls';
    case numbers.IPPROTO_ETHERNET:
      return 'ethernet';
    default:
      return 'payload';
  }
}
