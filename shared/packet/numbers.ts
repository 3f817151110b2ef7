/** Names of EtherTypes (IEEE 802, include/uapi/linux/if_ether.h) and IP protocol numbers (IANA). */

export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_RARP = 0x8035;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_8021AD = 0x88a8;
export const ETH_P_QINQ1 = 0x9100;
export const ETH_P_TEB = 0x6558;
export const ETH_P_MPLS_UC = 0x8847;
export const ETH_P_MPLS_MC = 0x8848;
export const ETH_P_PPP_DISC = 0x8863;
export const ETH_P_PPP_SES = 0x8864;

const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [ETH_P_IP, 'IPv4'],
  [ETH_P_ARP, 'ARP'],
  [0x0842, 'Wake-on-LAN'],
  [0x22f0, 'AVTP'],
  [0x22f3, 'TRILL'],
  [ETH_P_TEB, 'Transparent Ethernet Bridging'],
  [ETH_P_RARP, 'RARP'],
  [ETH_P_8021Q, '802.1Q VLAN'],
  [0x8137, 'IPX'],
  [ETH_P_IPV6, 'IPv6'],
  [0x8808, 'Ethernet flow control'],
  [0x8809, 'Slow protocols (LACP)'],
  [0x880b, 'PPP'],
  [ETH_P_MPLS_UC, 'MPLS'],
  [ETH_P_MPLS_MC, 'MPLS multicast'],
  [ETH_P_PPP_DISC, 'PPPoE discovery'],
  [ETH_P_PPP_SES, 'PPPoE session'],
  [0x888e, '802.1X'],
  [0x8892, 'PROFINET'],
  [0x88a2, 'ATA over Ethernet'],
  [0x88a4, 'EtherCAT'],
  [ETH_P_8021AD, '802.1ad VLAN'],
  [0x88b5, 'Local experimental'],
  [0x88be, 'ERSPAN type II'],
  [0x88cc, 'LLDP'],
  [0x88e1, 'HomePlug'],
  [0x88e5, 'MACsec'],
  [0x88e7, 'Provider backbone bridging'],
  [0x88f5, 'MVRP'],
  [0x88f7, 'PTP'],
  [0x88fb, 'PRP'],
  [0x8902, 'CFM'],
  [0x8906, 'FCoE'],
  [0x8914, 'FCoE initialisation'],
  [0x8915, 'RoCE'],
  [0x892f, 'HSR'],
  [0x894f, 'NSH'],
  [0x22eb, 'ERSPAN type III'],
  [0x22ea, 'Stream reservation'],
  [0x6002, 'DEC MOP'],
  [0x6003, 'DECnet'],
  [0x8204, 'QNX'],
  [0x8819, 'CobraNet'],
  [0x8870, 'Jumbo frame'],
  [0x887b, 'HomePlug 1.0'],
  [0x8899, 'Realtek'],
  [0x889a, 'HyperSCSI'],
  [0x88ab, 'POWERLINK'],
  [0x88b6, 'Local experimental 2'],
  [0x88b7, 'OUI extended'],
  [0x88b8, 'GOOSE'],
  [0x88ba, 'Sampled values'],
  [0x88c7, '802.11 pre-authentication'],
  [0x88ca, 'TIPC'],
  [0x88cd, 'SERCOS III'],
  [0x88d9, 'LLTD'],
  [0x88dc, 'WSMP'],
  [0x88e3, 'MRP'],
  [0x88ee, 'E-LMI'],
  [0x890d, '802.11 data encapsulation'],
  [0x893a, 'IEEE 1905.1'],
  [0x9000, 'Loopback test'],
  [ETH_P_QINQ1, 'QinQ VLAN'],
]);

export function etherTypeName(type: number): string | null {
  return ETHERTYPE_NAMES.get(type) ?? null;
}

export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IGMP = 2;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_GRE = 47;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;
export const IPPROTO_SCTP = 132;
export const IPPROTO_MH = 135;
export const IPPROTO_UDPLITE = 136;
export const IPPROTO_MPLS = 137;
export const IPPROTO_ETHERNET = 143;

const IP_PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [IPPROTO_HOPOPTS, 'Hop-by-Hop'],
  [IPPROTO_ICMP, 'ICMP'],
  [IPPROTO_IGMP, 'IGMP'],
  [IPPROTO_IPIP, 'IPIP'],
  [IPPROTO_TCP, 'TCP'],
  [8, 'EGP'],
  [12, 'PUP'],
  [IPPROTO_UDP, 'UDP'],
  [22, 'XNS IDP'],
  [33, 'DCCP'],
  [IPPROTO_IPV6, 'IPv6'],
  [IPPROTO_ROUTING, 'Routing'],
  [IPPROTO_FRAGMENT, 'Fragment'],
  [46, 'RSVP'],
  [IPPROTO_GRE, 'GRE'],
  [IPPROTO_ESP, 'ESP'],
  [IPPROTO_AH, 'AH'],
  [IPPROTO_ICMPV6, 'ICMPv6'],
  [IPPROTO_NONE, 'No next header'],
  [IPPROTO_DSTOPTS, 'Destination options'],
  [88, 'EIGRP'],
  [89, 'OSPF'],
  [94, 'KA9Q IPIP'],
  [97, 'EtherIP'],
  [103, 'PIM'],
  [108, 'IPComp'],
  [112, 'VRRP'],
  [115, 'L2TP'],
  [IPPROTO_SCTP, 'SCTP'],
  [IPPROTO_MH, 'Mobility'],
  [IPPROTO_UDPLITE, 'UDP-Lite'],
  [IPPROTO_MPLS, 'MPLS'],
  [IPPROTO_ETHERNET, 'Ethernet'],
]);

const KNOWN_IP_PROTOCOL = new Uint8Array(256);
for (const number of IP_PROTOCOL_NAMES.keys()) KNOWN_IP_PROTOCOL[number] = 1;

export function ipProtocolName(protocol: number): string | null {
  return IP_PROTOCOL_NAMES.get(protocol) ?? null;
}

export function isKnownIpProtocol(protocol: number): boolean {
  return KNOWN_IP_PROTOCOL[protocol] === 1;
}
