/** What a probe read of the `struct sk_buff` beside the bytes. A member that was not read is null. */
export interface SkbState {
  /** `skb->len`: bytes of the packet from `skb->data` on. */
  len: number | null;
  /** `skb->data_len`: of these, the bytes that lie in fragments and not behind `skb->data`. */
  dataLen: number | null;
  macLen: number | null;
  /** `skb->protocol` in host order: an EtherType, such as 0x0800. */
  protocol: number | null;
  pktType: number | null;
  /** `skb->data - skb->head`. */
  headroom: number | null;
  /** `skb->head + skb->mac_header - skb->data`; null also where the kernel marks it unset (0xffff). */
  macHeader: number | null;
  /** `skb->head + skb->network_header - skb->data`. */
  networkHeader: number | null;
  deviceName: string | null;
  ifindex: number | null;
  /** `net_device.type`, an ARPHRD_ number. */
  deviceType: number | null;
  /** `net_device.hard_header_len`. */
  hardHeaderLength: number | null;
  /** Inode of the network namespace. */
  netns: number | null;
}

/** Names of include/uapi/linux/if_arp.h for the device types that carry packets of interest here. */
const ARPHRD_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'ARPHRD_ETHER'],
  [512, 'ARPHRD_PPP'],
  [519, 'ARPHRD_RAWIP'],
  [768, 'ARPHRD_TUNNEL'],
  [769, 'ARPHRD_TUNNEL6'],
  [772, 'ARPHRD_LOOPBACK'],
  [776, 'ARPHRD_SIT'],
  [777, 'ARPHRD_IPDDP'],
  [778, 'ARPHRD_IPGRE'],
  [779, 'ARPHRD_PIMREG'],
  [823, 'ARPHRD_IP6GRE'],
  [824, 'ARPHRD_NETLINK'],
  [826, 'ARPHRD_VSOCKMON'],
  [65534, 'ARPHRD_NONE'],
  [65535, 'ARPHRD_VOID'],
]);

export function arphrdName(type: number): string {
  return ARPHRD_NAMES.get(type) ?? `ARPHRD ${type}`;
}

/**
 * Device types that carry bare network-layer packets, with no link-layer header: the list that
 * `dev_is_mac_header_xmit()` of include/linux/if_arp.h answers with false in current kernels.
 */
export function carriesBareIp(type: number): boolean {
  return (
    type === 768 ||
    type === 769 ||
    type === 776 ||
    type === 778 ||
    type === 779 ||
    type === 823 ||
    type === 65534 ||
    type === 65535 ||
    type === 519 ||
    type === 512
  );
}
