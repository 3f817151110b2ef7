import type { SliceProtocol } from './numbers.ts';

/** Where a field lies in a header: `bits` of the byte or word, the lowest `shift` bits further up. */
export interface KernelField {
  readonly header: SliceProtocol;
  readonly at: number;
  readonly size: number;
  readonly shift: number;
  readonly mask: number | null;
}

const whole = (header: SliceProtocol, at: number, size: number): KernelField => ({
  header,
  at,
  size,
  shift: 0,
  mask: null,
});
const part = (header: SliceProtocol, at: number, shift: number, mask: number): KernelField => ({
  header,
  at,
  size: 1,
  shift,
  mask,
});

/** Fields of fixed place in fixed headers (RFC 791, 8200, 9293, 768, 792, 4443): what a kernel can compare at once. */
export const KERNEL_FIELDS: Readonly<Record<string, KernelField>> = {
  'ip.version': part('ip', 0, 4, 15),
  'ip.hdr_len': part('ip', 0, 0, 15),
  'ip.dsfield.dscp': part('ip', 1, 2, 63),
  'ip.dsfield.ecn': part('ip', 1, 0, 3),
  'ip.len': whole('ip', 2, 2),
  'ip.id': whole('ip', 4, 2),
  'ip.flags.df': part('ip', 6, 6, 1),
  'ip.flags.mf': part('ip', 6, 5, 1),
  'ip.ttl': whole('ip', 8, 1),
  'ip.proto': whole('ip', 9, 1),
  'ip.src': whole('ip', 12, 4),
  'ip.dst': whole('ip', 16, 4),
  'ipv6.version': part('ip6', 0, 4, 15),
  'ipv6.plen': whole('ip6', 4, 2),
  'ipv6.nxt': whole('ip6', 6, 1),
  'ipv6.hlim': whole('ip6', 7, 1),
  'ipv6.src': whole('ip6', 8, 4),
  'ipv6.dst': whole('ip6', 24, 4),
  'tcp.srcport': whole('tcp', 0, 2),
  'tcp.dstport': whole('tcp', 2, 2),
  'tcp.seq_raw': whole('tcp', 4, 4),
  'tcp.ack_raw': whole('tcp', 8, 4),
  'tcp.flags.cwr': part('tcp', 13, 7, 1),
  'tcp.flags.ece': part('tcp', 13, 6, 1),
  'tcp.flags.urg': part('tcp', 13, 5, 1),
  'tcp.flags.ack': part('tcp', 13, 4, 1),
  'tcp.flags.push': part('tcp', 13, 3, 1),
  'tcp.flags.reset': part('tcp', 13, 2, 1),
  'tcp.flags.syn': part('tcp', 13, 1, 1),
  'tcp.flags.fin': part('tcp', 13, 0, 1),
  'tcp.window_size_value': whole('tcp', 14, 2),
  'udp.srcport': whole('udp', 0, 2),
  'udp.dstport': whole('udp', 2, 2),
  'udp.length': whole('udp', 4, 2),
  'icmp.type': whole('icmp', 0, 1),
  'icmp.code': whole('icmp', 1, 1),
  'icmpv6.type': whole('icmp6', 0, 1),
  'icmpv6.code': whole('icmp6', 1, 1),
};
