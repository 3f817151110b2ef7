/** What the value of a field is: how it is compared, and what it can be compared with. */
export type ValueType = 'number' | 'text' | 'ipv4' | 'ipv6' | 'mac' | 'bytes';

export interface ProtocolField {
  readonly name: string;
  readonly type: ValueType;
  /** Struct and member in the kernel: `iphdr.ttl`; '' where it has none. */
  readonly kernel: string;
  /** What a raw value counts in: `ip.hdr_len` is stored in words of four bytes and compared in bytes. */
  readonly scale: number;
}

/** Name, type and kernel member of every field that the decoders of shared/packet give (their test demands it). */
const TABLE = `
ah.icv bytes ip_auth_hdr.auth_data
ah.length number ip_auth_hdr.hdrlen
ah.next_header number ip_auth_hdr.nexthdr
ah.reserved bytes ip_auth_hdr.reserved
ah.sequence number ip_auth_hdr.seq_no
ah.spi number ip_auth_hdr.spi
arp.dst.hw bytes
arp.dst.hw_mac mac
arp.dst.proto bytes
arp.dst.proto_ipv4 ipv4
arp.hw.size number arphdr.ar_hln
arp.hw.type number arphdr.ar_hrd
arp.opcode number arphdr.ar_op
arp.proto.size number arphdr.ar_pln
arp.proto.type number arphdr.ar_pro
arp.src.hw bytes
arp.src.hw_mac mac
arp.src.proto bytes
arp.src.proto_ipv4 ipv4
data.data bytes
erspan.bso number erspan_base_hdr.en
erspan.cos number erspan_base_hdr.cos
erspan.direction number erspan_md2.dir
erspan.encap number erspan_base_hdr.en
erspan.ft number erspan_md2.ft
erspan.gra number erspan_md2.gra
erspan.hw number erspan_md2.hwid
erspan.index number erspan_metadata.index
erspan.o number erspan_md2.o
erspan.p number erspan_md2.p
erspan.sgt number erspan_md2.sgt
erspan.spanid number erspan_base_hdr.session_id
erspan.timestamp number erspan_md2.timestamp
erspan.truncated number erspan_base_hdr.t
erspan.version number erspan_base_hdr.ver
erspan.vlan number erspan_base_hdr.vlan
esp.sequence number ip_esp_hdr.seq_no
esp.spi number ip_esp_hdr.spi
eth.dst mac ethhdr.h_dest
eth.len number ethhdr.h_proto
eth.src mac ethhdr.h_source
eth.type number ethhdr.h_proto
geneve.flags.critical number genevehdr.critical
geneve.flags.oam number genevehdr.oam
geneve.opt_len number genevehdr.opt_len
geneve.option.class number geneve_opt.opt_class
geneve.option.length number geneve_opt.length
geneve.option.type number geneve_opt.type
geneve.option.unknown.data bytes geneve_opt.opt_data
geneve.proto_type number genevehdr.proto_type
geneve.version number genevehdr.ver
geneve.vni number genevehdr.vni
gre.ack_number number
gre.checksum number
gre.flags.checksum number gre_base_hdr.flags
gre.flags.key number gre_base_hdr.flags
gre.flags.routing number gre_base_hdr.flags
gre.flags.sequence_number number gre_base_hdr.flags
gre.flags.version number gre_base_hdr.flags
gre.key number
gre.key.call_id number pptp_gre_header.call_id
gre.key.payload_length number pptp_gre_header.payload_len
gre.offset number
gre.proto number gre_base_hdr.protocol
gre.sequence_number number
gtp.ext_hdr.content bytes
gtp.ext_hdr.length number
gtp.ext_hdr.next number gtp1_header_long.next
gtp.flags.e number gtp1_header.flags
gtp.flags.payload number gtp1_header.flags
gtp.flags.pn number gtp1_header.flags
gtp.flags.s number gtp1_header.flags
gtp.flags.version number gtp1_header.flags
gtp.length number gtp1_header.length
gtp.message number gtp1_header.type
gtp.npdu_number number gtp1_header_long.npdu
gtp.seq_number number gtp1_header_long.seq
gtp.teid number gtp1_header.tid
gue.control number guehdr.control
gue.flags number guehdr.flags
gue.hlen number guehdr.hlen
gue.options bytes
gue.proto_ctype number guehdr.proto_ctype
gue.version number guehdr.version
icmp.addr_entry_size number
icmp.address_mask bytes
icmp.checksum number icmphdr.checksum
icmp.code number icmphdr.code
icmp.ident number icmphdr.un.echo.id
icmp.lifetime number
icmp.mtu number icmphdr.un.frag.mtu
icmp.num_addrs number
icmp.originate_timestamp number
icmp.pointer number
icmp.receive_timestamp number
icmp.redir_gw ipv4 icmphdr.un.gateway
icmp.seq number icmphdr.un.echo.sequence
icmp.transmit_timestamp number
icmp.type number icmphdr.type
icmpv6.checksum number icmp6hdr.icmp6_cksum
icmpv6.code number icmp6hdr.icmp6_code
icmpv6.echo.identifier number icmp6hdr.icmp6_identifier
icmpv6.echo.sequence_number number icmp6hdr.icmp6_sequence
icmpv6.mld.maximum_response_delay number icmp6hdr.icmp6_maxdelay
icmpv6.mld.multicast_address ipv6 mld_msg.mld_mca
icmpv6.mldr.nb_mcast_records number
icmpv6.mtu number icmp6hdr.icmp6_mtu
icmpv6.nd.na.flag.o number icmp6hdr.icmp6_override
icmpv6.nd.na.flag.r number icmp6hdr.icmp6_router
icmpv6.nd.na.flag.s number icmp6hdr.icmp6_solicited
icmpv6.nd.na.target_address ipv6 nd_msg.target
icmpv6.nd.ns.target_address ipv6 nd_msg.target
icmpv6.nd.ra.cur_hop_limit number icmp6hdr.icmp6_hop_limit
icmpv6.nd.ra.flag.m number icmp6hdr.icmp6_addrconf_managed
icmpv6.nd.ra.flag.o number icmp6hdr.icmp6_addrconf_other
icmpv6.nd.ra.flag.prf number icmp6hdr.icmp6_router_pref
icmpv6.nd.ra.reachable_time number ra_msg.reachable_time
icmpv6.nd.ra.retrans_timer number ra_msg.retrans_timer
icmpv6.nd.ra.router_lifetime number icmp6hdr.icmp6_rt_lifetime
icmpv6.opt bytes
icmpv6.opt.length number nd_opt_hdr.nd_opt_len
icmpv6.opt.mtu number
icmpv6.opt.prefix ipv6 prefix_info.prefix
icmpv6.opt.prefix.flag.a number prefix_info.autoconf
icmpv6.opt.prefix.flag.l number prefix_info.onlink
icmpv6.opt.prefix.length number prefix_info.prefix_len
icmpv6.opt.prefix.preferred_lifetime number prefix_info.prefered
icmpv6.opt.prefix.valid_lifetime number prefix_info.valid
icmpv6.opt.src_linkaddr mac
icmpv6.opt.target_linkaddr mac
icmpv6.opt.type number nd_opt_hdr.nd_opt_type
icmpv6.pointer number icmp6hdr.icmp6_pointer
icmpv6.rd.na.destination_address ipv6 rd_msg.dest
icmpv6.rd.na.target_address ipv6 rd_msg.target
icmpv6.type number icmp6hdr.icmp6_type
ieee8021ad.dei number vlan_hdr.h_vlan_TCI
ieee8021ad.id number vlan_hdr.h_vlan_TCI
ieee8021ad.priority number vlan_hdr.h_vlan_TCI
ieee8021ah.etype number vlan_hdr.h_vlan_encapsulated_proto
igmp.aux_data_len number igmpv3_grec.grec_auxwords
igmp.checksum number igmphdr.csum
igmp.maddr ipv4 igmphdr.group
igmp.max_resp number igmphdr.code
igmp.num_grp_recs number igmpv3_report.ngrec
igmp.num_src number igmpv3_grec.grec_nsrcs
igmp.qqic number igmpv3_query.qqic
igmp.qrv number igmpv3_query.qrv
igmp.record_type number igmpv3_grec.grec_type
igmp.s number igmpv3_query.suppress
igmp.saddr ipv4 igmpv3_grec.grec_src
igmp.type number igmphdr.type
ip.checksum number iphdr.check
ip.dsfield.dscp number iphdr.tos
ip.dsfield.ecn number iphdr.tos
ip.dst ipv4 iphdr.daddr
ip.flags.df number iphdr.frag_off
ip.flags.mf number iphdr.frag_off
ip.flags.rb number iphdr.frag_off
ip.frag_offset number iphdr.frag_off
ip.hdr_len number iphdr.ihl
ip.id number iphdr.id
ip.len number iphdr.tot_len
ip.opt.data bytes
ip.opt.flag number
ip.opt.len number
ip.opt.overflow number
ip.opt.ptr number
ip.opt.ra number
ip.opt.route bytes
ip.opt.type number
ip.proto number iphdr.protocol
ip.src ipv4 iphdr.saddr
ip.ttl number iphdr.ttl
ip.version number iphdr.version
ipv6.dst ipv6 ipv6hdr.daddr
ipv6.dstopts.len number ipv6_opt_hdr.hdrlen
ipv6.dstopts.nxt number ipv6_opt_hdr.nexthdr
ipv6.flow number ipv6hdr.flow_lbl
ipv6.fraghdr.ident number frag_hdr.identification
ipv6.fraghdr.more number frag_hdr.frag_off
ipv6.fraghdr.nxt number frag_hdr.nexthdr
ipv6.fraghdr.offset number frag_hdr.frag_off
ipv6.fraghdr.reserved_bits number frag_hdr.frag_off
ipv6.fraghdr.reserved_octet number frag_hdr.reserved
ipv6.hlim number ipv6hdr.hop_limit
ipv6.hopopts.len number ipv6_opt_hdr.hdrlen
ipv6.hopopts.nxt number ipv6_opt_hdr.nexthdr
ipv6.nxt number ipv6hdr.nexthdr
ipv6.opt.jumbo number
ipv6.opt.length number
ipv6.opt.mipv6.home_address ipv6
ipv6.opt.padn bytes
ipv6.opt.router_alert number
ipv6.opt.type number
ipv6.opt.unknown bytes
ipv6.plen number ipv6hdr.payload_len
ipv6.routing.len number ipv6_rt_hdr.hdrlen
ipv6.routing.nxt number ipv6_rt_hdr.nexthdr
ipv6.routing.segleft number ipv6_rt_hdr.segments_left
ipv6.routing.srh.addr ipv6 ipv6_sr_hdr.segments
ipv6.routing.srh.flags number ipv6_sr_hdr.flags
ipv6.routing.srh.last_entry number ipv6_sr_hdr.first_segment
ipv6.routing.srh.tag bytes ipv6_sr_hdr.tag
ipv6.routing.type number ipv6_rt_hdr.type
ipv6.routing.unknown_data bytes
ipv6.src ipv6 ipv6hdr.saddr
ipv6.tclass number ipv6hdr.priority
ipv6.version number ipv6hdr.version
llc.control number llc_pdu_sn.ctrl_1
llc.dsap number llc_pdu_sn.dsap
llc.oui number
llc.pid number
llc.ssap number llc_pdu_sn.ssap
llc.type number
mpls.bottom number mpls_label.entry
mpls.exp number mpls_label.entry
mpls.label number mpls_label.entry
mpls.ttl number mpls_label.entry
ppp.address number
ppp.control number
ppp.protocol number
pppoe.code number pppoe_hdr.code
pppoe.payload_length number pppoe_hdr.length
pppoe.session_id number pppoe_hdr.sid
pppoe.type number pppoe_hdr.type
pppoe.version number pppoe_hdr.ver
pppoed.tag number pppoe_tag.tag_type
pppoed.tag.data bytes pppoe_tag.tag_data
pppoed.tag_length number pppoe_tag.tag_len
sctp.checksum number sctphdr.checksum
sctp.chunk_flags number sctp_chunkhdr.flags
sctp.chunk_length number sctp_chunkhdr.length
sctp.chunk_type number sctp_chunkhdr.type
sctp.data_payload_proto_id number sctp_datahdr.ppid
sctp.data_sid number sctp_datahdr.stream
sctp.data_ssn number sctp_datahdr.ssn
sctp.data_tsn_raw number sctp_datahdr.tsn
sctp.dstport number sctphdr.dest
sctp.srcport number sctphdr.source
sctp.verification_tag number sctphdr.vtag
sll.etype number sockaddr_ll.sll_protocol
sll.halen number sockaddr_ll.sll_halen
sll.hatype number sockaddr_ll.sll_hatype
sll.ifindex number sockaddr_ll.sll_ifindex
sll.pkttype number sockaddr_ll.sll_pkttype
sll.src.eth mac sockaddr_ll.sll_addr
sll.src.ipv4 ipv4 sockaddr_ll.sll_addr
tcp.ack_raw number tcphdr.ack_seq
tcp.checksum number tcphdr.check
tcp.dstport number tcphdr.dest
tcp.flags.ack number tcphdr.ack
tcp.flags.ae number tcphdr.ae
tcp.flags.cwr number tcphdr.cwr
tcp.flags.ece number tcphdr.ece
tcp.flags.fin number tcphdr.fin
tcp.flags.push number tcphdr.psh
tcp.flags.res number tcphdr.res1
tcp.flags.reset number tcphdr.rst
tcp.flags.syn number tcphdr.syn
tcp.flags.urg number tcphdr.urg
tcp.hdr_len number tcphdr.doff
tcp.option.data bytes
tcp.option_kind number
tcp.option_len number
tcp.options.mptcp.data bytes
tcp.options.mptcp.subtype number
tcp.options.mss_val number
tcp.options.sack_le number
tcp.options.sack_re number
tcp.options.timestamp.tsecr number
tcp.options.timestamp.tsval number
tcp.options.wscale.shift number
tcp.seq_raw number tcphdr.seq
tcp.srcport number tcphdr.source
tcp.urgent_pointer number tcphdr.urg_ptr
tcp.window_size_value number tcphdr.window
tun_pi.flags number tun_pi.flags
tun_pi.proto number tun_pi.proto
udp.checksum number udphdr.check
udp.dstport number udphdr.dest
udp.length number udphdr.len
udp.srcport number udphdr.source
virtio_net_hdr.csum_offset number virtio_net_hdr.csum_offset
virtio_net_hdr.csum_start number virtio_net_hdr.csum_start
virtio_net_hdr.flags number virtio_net_hdr.flags
virtio_net_hdr.gso_size number virtio_net_hdr.gso_size
virtio_net_hdr.gso_type number virtio_net_hdr.gso_type
virtio_net_hdr.hdr_len number virtio_net_hdr.hdr_len
virtio_net_hdr.num_buffers number virtio_net_hdr.num_buffers
vlan.dei number vlan_hdr.h_vlan_TCI
vlan.etype number vlan_hdr.h_vlan_encapsulated_proto
vlan.id number vlan_hdr.h_vlan_TCI
vlan.len number vlan_hdr.h_vlan_encapsulated_proto
vlan.priority number vlan_hdr.h_vlan_TCI
vxlan.flag_a number vxlanhdr.vx_flags
vxlan.flag_d number vxlanhdr.vx_flags
vxlan.flag_g number vxlanhdr.vx_flags
vxlan.flag_i number vxlanhdr.vx_flags
vxlan.gbp number vxlanhdr_gbp.policy_id
vxlan.reserved8 number vxlanhdr.vx_vni
vxlan.vni number vxlanhdr.vx_vni
wg.counter number message_data.counter
wg.encrypted_cookie bytes message_handshake_cookie.encrypted_cookie
wg.mac1 bytes message_macs.mac1
wg.mac2 bytes message_macs.mac2
wg.nonce bytes message_handshake_cookie.nonce
wg.receiver number message_data.key_idx
wg.reserved bytes message_header.type
wg.sender number message_handshake_initiation.sender_index
wg.type number message_header.type
`;

const SCALES: Readonly<Record<string, number>> = { 'ip.hdr_len': 4, 'tcp.hdr_len': 4, 'ip.frag_offset': 8 };

/** Names that stand for several fields: any of them may fit, as in Wireshark. */
const EITHER: Readonly<Record<string, readonly string[]>> = {
  'ip.addr': ['ip.src', 'ip.dst'],
  'ipv6.addr': ['ipv6.src', 'ipv6.dst'],
  'eth.addr': ['eth.src', 'eth.dst'],
  'tcp.port': ['tcp.srcport', 'tcp.dstport'],
  'udp.port': ['udp.srcport', 'udp.dstport'],
  'sctp.port': ['sctp.srcport', 'sctp.dstport'],
};

const fields = new Map<string, ProtocolField>();
for (const line of TABLE.trim().split('\n')) {
  const [name = '', type = 'number', kernel = ''] = line.split(' ');
  fields.set(name, { name, type: type as ValueType, kernel, scale: SCALES[name] ?? 1 });
}

/** The field of that name, or null. */
export function protocolField(name: string): ProtocolField | null {
  return fields.get(name) ?? null;
}

/** What a name stands for, itself included; [] if it is no field of a protocol. */
export function fieldsOf(name: string): readonly ProtocolField[] {
  const names = Object.hasOwn(EITHER, name) ? (EITHER[name] ?? []) : [name];
  return names.flatMap((one) => fields.get(one) ?? []);
}

/** Every name, those that stand for several first. */
export function protocolFieldNames(): readonly string[] {
  return [...Object.keys(EITHER), ...fields.keys()];
}

/** Protocols by the names Wireshark gives them, as the decoders call their layers. */
export const PROTOCOL_NAMES: Readonly<Record<string, readonly string[]>> = {
  eth: ['ethernet'],
  vlan: ['vlan'],
  llc: ['llc'],
  arp: ['arp'],
  ip: ['ipv4'],
  ipv6: ['ipv6'],
  icmp: ['icmp'],
  icmpv6: ['icmpv6'],
  igmp: ['igmp'],
  udp: ['udp'],
  tcp: ['tcp'],
  sctp: ['sctp'],
  gre: ['gre'],
  erspan: ['erspan'],
  vxlan: ['vxlan'],
  geneve: ['geneve'],
  gue: ['gue'],
  gtp: ['gtp-u'],
  mpls: ['mpls'],
  pppoe: ['pppoe'],
  ppp: ['ppp'],
  esp: ['esp'],
  ah: ['ah'],
  wg: ['wireguard'],
  tun_pi: ['tun-pi'],
  virtio_net_hdr: ['virtio-net'],
  sll: ['linux-sll', 'linux-sll2'],
  data: ['payload'],
};
