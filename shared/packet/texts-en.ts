/** Every sentence a verdict can say, by code; `{name}` stands for a value. English; JSON output uses these. */
export const en = {
  'kind.as-expected': 'As expected',
  'kind.ethernet-where-ip-expected': 'Ethernet header where an IP header was expected',
  'kind.ip-where-ethernet-expected': 'IP header where an Ethernet header was expected',
  'kind.vlan-where-ip-expected': 'VLAN tag where an IP header was expected',
  'kind.shifted-ip-header': 'Shifted IP header',
  'kind.wrong-ip-version': 'Wrong IP version',
  'kind.other-protocol': 'Another protocol',
  'kind.tun-packet-information': 'TUN packet information before the packet',
  'kind.virtio-net-header': 'virtio-net header before the packet',
  'kind.corrupt-ip-header': 'Corrupt IP header',
  'kind.truncated': 'Truncated: the header is not all there',
  'kind.all-zero': 'All zero bytes',
  'kind.unrecognised': 'Not recognised',

  'title.shifted-ip-header': 'IP header shifted by {shift} bytes',
  'title.shifted-frame': 'Ethernet header shifted by {shift} bytes, with the IP header behind it',
  'title.wrong-ip-version': 'IPv{version} header where the other IP version was expected',
  'title.other-protocol': 'Another protocol: {protocol}',
  'title.truncated-packet': 'Truncated: the packet is shorter than {field} says',
  'title.corrupt-ip-header': 'Corrupt IP header: {field}',

  'evidence.kernel-reads-version':
    'Read as an IPv4 header, byte 0 ({byte}) is version {version} and ihl {ihl}: the kernel\'s test "ihl < 5 || version != 4" drops it (IP_INHDR, InHdrErrors).',
  'evidence.kernel-passes-version':
    'Byte 0 ({byte}) happens to read as version 4 and ihl {ihl}, so the kernel\'s test "ihl < 5 || version != 4" lets it pass; only the checksum and the total length can stop it.',
  'evidence.kernel-reads-version6':
    'Read as an IPv6 header, byte 0 ({byte}) is version {version}: the kernel drops it because it is not 6 (InHdrErrors).',
  'evidence.ethernet-addresses':
    'Bytes {from} to {to} are two MAC addresses: destination {destination}, source {source}.',
  'evidence.ethertype': 'Bytes {from} to {to} are EtherType {type} ({name}).',
  'evidence.vlan-tag': 'Bytes {from} to {to} are a VLAN tag: {tpid}, VLAN {vid}, priority {priority}.',
  'evidence.vlan-tci':
    'Bytes {from} to {to} are what follows a VLAN tag type: VLAN {vid}, priority {priority}.',
  'evidence.llc': 'Bytes {from} to {to} are an LLC header: DSAP {dsap}, SSAP {ssap}, control 0x03.',
  'evidence.length-802-3': 'Bytes {from} to {to} are an 802.3 length: {length}.',
  'evidence.ipv4-verified':
    'An IPv4 header begins at byte {at}: {source} to {destination}, protocol {protocol}; its checksum {checksum} verifies over {length} bytes.',
  'evidence.ipv4-unverified':
    'Byte {at} ({byte}) begins what reads as an IPv4 header; its checksum was not confirmed.',
  'evidence.ipv4-ihl-short':
    'Byte {at} ({byte}) is version 4 and ihl {ihl}: a header of {length} bytes, less than the 20 that every IPv4 header has.',
  'evidence.ipv4-cut':
    'Byte {at} ({byte}) begins an IPv4 header; only {captured} of its bytes were captured.',
  'evidence.ipv4-checksum-absent':
    'The checksum of the IPv4 header at byte {at} is 0, as it is on output before ip_send_check().',
  'evidence.ipv4-checksum-bad':
    'The IPv4 header checksum is {found}; computed over the {length} header bytes it should be {expected}.',
  'evidence.ipv4-length-exact': 'Its total length {total} is exactly what is left of the packet from there.',
  'evidence.ipv4-length-fits':
    'Its total length {total} fits into the {left} bytes that are left of the packet.',
  'evidence.ipv4-length-long':
    'Its total length is {total}, but only {left} bytes are left of the packet (InTruncatedPkts).',
  'evidence.ipv4-length-short': 'Its total length {total} is less than its header of {length} bytes.',
  'evidence.ipv4-options-cut': 'The header is {length} bytes long, of which {captured} were captured.',
  'evidence.repair-first-byte':
    'With first byte {repaired} (version 4, ihl {ihl}) instead of {byte} the header checksum verifies.',
  'evidence.repair-total-length':
    'With total length {left}, which is what is left of the packet, instead of {total} the header checksum verifies.',
  'evidence.repair-ttl':
    'With ttl {repaired} instead of {ttl} the header checksum verifies: ttl was lowered and the checksum left.',
  'evidence.ipv6-header':
    'An IPv6 header begins at byte {at}: {source} to {destination}, next header {protocol}, payload of {payload} bytes.',
  'evidence.ipv6-cut':
    'Byte {at} ({byte}) begins an IPv6 header; only {captured} of its bytes were captured.',
  'evidence.ipv6-length-exact': 'Its payload length {payload} is exactly what is left of the packet.',
  'evidence.ipv6-length-fits': 'Its payload length {payload} fits into what is left of the packet.',
  'evidence.ipv6-length-zero':
    'Its payload length is 0, though {left} bytes follow: so it is in a jumbogram (RFC 2675) and on output before segmentation only.',
  'evidence.ipv6-length-long':
    'Its payload length is {payload}, but only {left} bytes follow the header (InTruncatedPkts).',
  'evidence.ipv6-multicast-source': 'The source address {source} is multicast, which the kernel drops.',
  'evidence.ipv6-version': 'Byte 0 ({byte}) is version {version}; everything else fits an IPv6 header.',
  'evidence.transport-checksum-good':
    'The {protocol} checksum behind the IP header at byte {at} verifies as well.',
  'evidence.arp': 'An ARP packet begins at byte {at}: operation {operation}, Ethernet and IPv4 addresses.',
  'evidence.packet-information':
    'Bytes {from} to {to} are struct tun_pi: flags {flags}, proto {proto} ({name}).',
  'evidence.virtio':
    'Bytes {from} to {to} fit struct virtio_net_hdr: flags {flags}, gso_type {gso}, hdr_len {header}.',
  'evidence.protocol-bytes': 'Bytes {from} to {to} ({bytes}) are the beginning of a good {protocol} header.',
  'evidence.upper-plausible':
    'The header at byte {at} reads as {protocol}; its checksum could not be confirmed.',
  'evidence.upper-verified':
    'The header at byte {at} reads as {protocol}, confirmed by its checksum or length.',
  'evidence.zero-before': 'Nothing but zeros before it: {count} bytes.',
  'evidence.all-zero': 'All {count} captured bytes from the expected position on are zero.',
  'evidence.packet-ends': 'The packet ends {length} bytes behind the expected position; {least} are needed.',
  'evidence.capture-ends': 'Captured from the expected position on: {captured} bytes; {least} are needed.',
  'evidence.capture-begins': 'The captured bytes begin {bytes} bytes behind the expected position.',
  'evidence.spells-ethertype':
    'Bytes 12 and 13 ({bytes}) spell an EtherType, but they belong to the source address: no such header follows.',
  'evidence.network-nibble': 'Byte {at} ({byte}) does not fit EtherType {type}.',
  'evidence.bytes': 'The bytes from the expected position on: {bytes}.',
  'evidence.also-reads-as': 'The same bytes could also be: {other}. The bytes alone do not decide.',
  'evidence.device-type': 'Device {device} is of type {type} ({number}).',
  'evidence.skb-protocol': 'skb->protocol is {protocol} ({name}).',
  'evidence.mac-is-data': 'skb->mac_header and skb->data are the same position.',
  'evidence.no-reading': 'No reading of these bytes is told from chance.',

  'cause.l2-frame-to-tun':
    'Device {device} is of type {arphrd}: it carries raw IP, yet an Ethernet frame came through it. Seen when the program behind a tun device writes Ethernet frames, and when a BPF program redirects a frame to such a device without removing the MAC header.',
  'remedy.l2-frame-to-tun':
    'Write IP packets to a tun device, or open it with IFF_TAP. In generic XDP remove the MAC header with bpf_xdp_adjust_head(ctx, 14) before bpf_redirect(); from tc, bpf_redirect() removes it itself.',
  'cause.l2-frame-to-l3-device':
    'Device {device} is of type {arphrd}: it carries raw IP, yet an Ethernet frame came through it. Seen when a generic XDP program redirects a frame to the tunnel with bpf_redirect() without removing the MAC header (or at the other end of the tunnel), and when an AF_PACKET socket writes a frame to it.',
  'remedy.l2-frame-to-l3-device':
    'Remove the MAC header before the redirect: bpf_xdp_adjust_head(ctx, 14) in XDP. Or redirect from tc, where bpf_redirect() removes it for devices that carry raw IP.',
  'cause.redirect-keeps-mac-header':
    'Kernels before {since}, unless the fix was carried over, do not list {arphrd} in dev_is_mac_header_xmit(): bpf_redirect() to {device} keeps the MAC header.',
  'remedy.redirect-keeps-mac-header':
    'Use a kernel from {since} on (or a stable kernel with that fix), or remove the MAC header in the program.',
  'cause.two-ethernet-headers':
    'An Ethernet header lies before the expected position too: the frame carries two. Seen when a BPF program adds a MAC header with bpf_skb_change_head() to a frame that has one, or a tunnel delivers Ethernet without ETH_P_TEB.',
  'remedy.two-ethernet-headers':
    'Add a MAC header only to packets without one; for Ethernet inside a tunnel use protocol ETH_P_TEB (gretap, vxlan).',
  'cause.mac-header-not-pulled':
    'skb->mac_header is where skb->data is: the MAC header was not pulled before the network layer got the packet (eth_type_trans() or skb_pull(ETH_HLEN) missing).',
  'remedy.mac-header-not-pulled':
    'The code that put the packet on this path must call eth_type_trans(); in BPF, redirect to the ingress of a device of type ARPHRD_ETHER.',
  'cause.frame-on-ethernet-device':
    'Device {device} is an Ethernet device, so the MAC header should have been taken off before this function.',
  'remedy.frame-on-ethernet-device':
    'Look for a BPF program on the way (tc, XDP, redirect) that adds an Ethernet header, and for a driver that does not call eth_type_trans().',
  'cause.frame-of-unknown-origin':
    'A whole Ethernet frame was handed to the network layer; how it came there is not known without the device type.',
  'remedy.frame-of-unknown-origin':
    'Record skb->dev->type. Where the device carries raw IP, remove the MAC header before bpf_redirect(), with bpf_xdp_adjust_head(ctx, 14) in XDP.',
  'cause.tag-not-removed':
    'The VLAN tag was still in the packet data when the network layer got it. The kernel removes a tag only if skb->protocol is ETH_P_8021Q or ETH_P_8021AD in __netif_receive_skb_core().',
  'remedy.tag-not-removed':
    'Remove the tag with bpf_skb_vlan_pop(), or write tags with bpf_skb_vlan_push() so that skb->protocol follows.',
  'cause.pi-not-expected':
    'The writer puts 4 bytes of packet information before each packet, but the device was opened with IFF_NO_PI (or the reader does not expect them).',
  'remedy.pi-not-expected': 'Open the device without IFF_NO_PI, or write packets without the 4 bytes.',
  'cause.vnet-header-not-expected':
    'The writer puts a virtio-net header before each packet, but this device does not take one, or takes one of another size.',
  'remedy.vnet-header-not-expected':
    'Set IFF_VNET_HDR and the same size with TUNSETVNETHDRSZ on both sides, or leave the header out.',
  'cause.change-head-zeros':
    'Before the IP header lie zeros ({shift} bytes), as bpf_skb_change_head(skb, {shift}, 0) leaves them.',
  'remedy.change-head-zeros':
    'Call bpf_skb_change_head() only before a redirect to an Ethernet device, and store a MAC header there with bpf_skb_store_bytes().',
  'cause.header-pulled':
    'skb->data lies {bytes} bytes behind the IP header: more was pulled than the headers before it are long.',
  'remedy.header-pulled':
    'Check the length given to bpf_xdp_adjust_head(), bpf_skb_adjust_room() or skb_pull() on this path.',
  'cause.wrong-room':
    'The IP header lies {shift} bytes behind skb->data: a header before it was not removed, or room was made and not filled.',
  'remedy.wrong-room':
    'Check the length given to bpf_xdp_adjust_head(), bpf_skb_adjust_room() or bpf_skb_change_head() on this path.',
  'cause.protocol-mismatch':
    'skb->protocol is {protocol}, so the packet went to the handler of IPv{expected}, but the header is IPv{version}.',
  'remedy.protocol-mismatch':
    'Set the protocol along with the header: bpf_skb_change_proto() in tc, the proto field of tun_pi on a tun device, the inner protocol of a tunnel.',
  'cause.handed-to-wrong-handler': 'The packet was handed to the handler of another protocol.',
  'remedy.handed-to-wrong-handler':
    'Look at skb->protocol and at the program or driver that set it; a tunnel may name the wrong inner protocol.',
  'cause.l3-packet-to-l2-device':
    'A packet without MAC header was handed to code that expects an Ethernet frame. Seen when a BPF program redirects from a device that carries raw IP to an Ethernet device.',
  'remedy.l3-packet-to-l2-device':
    'Add a MAC header: bpf_skb_change_head(skb, 14, 0) and bpf_skb_store_bytes(), or use bpf_redirect_neigh().',
  'cause.ttl-without-checksum':
    'ttl was lowered and the header checksum was not updated: some program forwards the packet by hand.',
  'remedy.ttl-without-checksum':
    'Update the checksum with bpf_l3_csum_replace(), or let the kernel forward with bpf_redirect_neigh().',
  'cause.length-without-checksum':
    'The total length was changed, or not restored, without the header checksum: the header verifies with the length the packet has.',
  'remedy.length-without-checksum':
    'After bpf_skb_adjust_room() or bpf_xdp_adjust_tail() write tot_len and update the checksum with bpf_l3_csum_replace().',
  'cause.header-rewritten':
    'A field of the header changed after its checksum was computed: a rewrite without checksum update, or damage on the way.',
  'remedy.header-rewritten':
    'Look for programs that rewrite addresses or other fields, and update the checksum with bpf_l3_csum_replace().',
  'cause.header-damaged': 'One field of an otherwise good header is wrong.',
  'remedy.header-damaged':
    'Look for a program that writes at a fixed offset without checking the header in front of it.',
  'cause.packet-cut':
    'The packet is shorter than its own header says. Seen after bpf_skb_change_tail() or bpf_xdp_adjust_tail(), and where only the linear part was copied.',
  'remedy.packet-cut': 'Check who shortens the packet, or corrects the length without the header.',
  'cause.window-too-short': 'The probe did not record enough bytes; nothing is said about the packet itself.',
  'remedy.window-too-short': 'Record more bytes from the expected position on.',
  'cause.in-fragments':
    'Only {linear} bytes of the packet lie behind skb->data; the other {fragments} are in fragments and were not read.',
  'remedy.in-fragments':
    'A BPF program must call bpf_skb_pull_data() before it reads this far; the kernel calls pskb_may_pull().',
  'cause.cleared-bytes':
    'Zeroed room was never filled, as bpf_skb_change_head(), bpf_skb_adjust_room() and a fresh buffer leave it.',
  'remedy.cleared-bytes': 'Look for a program that makes room and does not store the header.',
} as const;

export type TextKey = keyof typeof en;
