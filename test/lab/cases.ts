import { LabFailure } from './failure.ts';
import {
  ETH_P_8021AD,
  ETH_P_8021Q,
  ETH_P_IP,
  ETH_P_IPV6,
  ethernetFrame,
  icmpEchoRequest,
  icmpv6EchoRequest,
  ipv4Packet,
  ipv6Packet,
  joined,
  tunPacketInformation,
  vlanTag,
} from './packets.ts';

/**
 * The counters that a fault moves: of /proc/net/snmp (`Ip`), /proc/net/netstat (`IpExt`) and /proc/net/snmp6,
 * each for one bad packet. A counter that is not named stays as it was.
 */
export type CounterName = 'InHdrErrors' | 'InCsumErrors' | 'Ip6InHdrErrors';
export type CounterEffect = Readonly<Partial<Record<CounterName, number>>>;

/** Where a bad packet comes from. */
export type FaultSource =
  /** Written to a TUN device whose packet information says `protocol`; null bytes: only good packets are sent. */
  | { readonly kind: 'tun'; readonly protocol: number; readonly bad: Uint8Array | null }
  /** S's frames, redirected by T's generic XDP program into T's tunnel to the receiver R. */
  | { readonly kind: 'xdp'; readonly tunnel: 'ipip' | 'gre'; readonly receiver: 'initial' | 'namespace' };

/** A way to make the kernel see a packet that is not what it expects. */
export type FaultCase = {
  readonly name: string;
  readonly summary: string;
  readonly source: FaultSource;
  /** Where the bytes that are wrong arrive. */
  readonly seenBy: 'ip_rcv_core' | 'ip6_rcv_core';
  readonly effect: CounterEffect;
};

/** The guest's own address on the TUN device, and the neighbour whose packets are sent. */
export const TUN_ADDRESS = '10.99.0.1';
const TUN_NEIGHBOUR = '10.99.0.2';

/** fd99::1 is the guest's, fd99::2 the neighbour's. */
export const TUN_ADDRESS_6 = 'fd99::1';
const ADDRESS_6 = Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const NEIGHBOUR_6 = Uint8Array.of(0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

const DESTINATION_MAC = '02:00:5e:10:00:01';
const SOURCE_MAC = '02:00:5e:10:00:02';

/** As ping(8) fills it: 0x10, 0x11, … after a time stamp; here from the start, so that the bytes never change. */
const ECHO_PAYLOAD = Uint8Array.from({ length: 56 }, (_, index) => (0x10 + index) & 0xff);

/** The good IPv4 packet: an ICMP echo request of 84 bytes that the guest answers. */
export const GOOD_IPV4 = ipv4Packet(TUN_NEIGHBOUR, TUN_ADDRESS, icmpEchoRequest(0x5b1e, 1, ECHO_PAYLOAD));

/** The good IPv6 packet: an ICMPv6 echo request of 104 bytes. */
export const GOOD_IPV6 = ipv6Packet(
  NEIGHBOUR_6,
  ADDRESS_6,
  icmpv6EchoRequest(NEIGHBOUR_6, ADDRESS_6, 0x5b1e, 1, ECHO_PAYLOAD),
);

const FRAME = ethernetFrame(DESTINATION_MAC, SOURCE_MAC, ETH_P_IP, GOOD_IPV4);
const IPV6_FRAME = ethernetFrame(DESTINATION_MAC, SOURCE_MAC, ETH_P_IPV6, GOOD_IPV6);

function corruptChecksum(): Uint8Array {
  const packet = GOOD_IPV4.slice();
  packet[10] = (packet[10] ?? 0) ^ 0xff;
  return packet;
}

function tun(
  name: string,
  summary: string,
  bad: Uint8Array | null,
  effect: CounterEffect = { InHdrErrors: 1 },
): FaultCase {
  return { name, summary, source: { kind: 'tun', protocol: ETH_P_IP, bad }, seenBy: 'ip_rcv_core', effect };
}

/** Every fault that `lab break` can make. */
export const FAULT_CASES: readonly FaultCase[] = [
  {
    name: 'xdp',
    summary: 'a generic XDP program redirects Ethernet frames into an ipip tunnel that ends in this host',
    source: { kind: 'xdp', tunnel: 'ipip', receiver: 'initial' },
    seenBy: 'ip_rcv_core',
    effect: { InHdrErrors: 1 },
  },
  {
    name: 'xdp-gre',
    summary: 'the same through a gre tunnel',
    source: { kind: 'xdp', tunnel: 'gre', receiver: 'initial' },
    seenBy: 'ip_rcv_core',
    effect: { InHdrErrors: 1 },
  },
  {
    name: 'xdp-namespace',
    summary: 'the same through an ipip tunnel that ends in a network namespace of its own',
    source: { kind: 'xdp', tunnel: 'ipip', receiver: 'namespace' },
    seenBy: 'ip_rcv_core',
    effect: { InHdrErrors: 1 },
  },
  tun('ethernet', 'an Ethernet frame with an IPv4 packet, on a TUN device', FRAME),
  tun(
    'vlan',
    'the same frame with a VLAN tag',
    ethernetFrame(DESTINATION_MAC, SOURCE_MAC, ETH_P_8021Q, vlanTag(100, ETH_P_IP, GOOD_IPV4)),
  ),
  tun(
    'qinq',
    'the same frame with two VLAN tags',
    ethernetFrame(
      DESTINATION_MAC,
      SOURCE_MAC,
      ETH_P_8021AD,
      vlanTag(200, ETH_P_8021Q, vlanTag(100, ETH_P_IP, GOOD_IPV4)),
    ),
  ),
  tun('ipv6-in-ethernet', 'an Ethernet frame with an IPv6 packet', IPV6_FRAME),
  tun(
    'mac45',
    'a frame to a MAC that begins 45, which passes for version 4 and header length 5',
    ethernetFrame('45:00:5e:10:00:01', SOURCE_MAC, ETH_P_IP, GOOD_IPV4),
    { InHdrErrors: 1, InCsumErrors: 1 },
  ),
  tun('ipv6', 'an IPv6 packet that is said to be IPv4', GOOD_IPV6),
  tun('double-pi', 'packet information twice', joined(tunPacketInformation(ETH_P_IP), GOOD_IPV4)),
  tun(
    'virtio-net-header',
    'a virtio-net header (10 zero bytes) before the packet',
    joined(new Uint8Array(10), GOOD_IPV4),
  ),
  tun(
    'shifted',
    '14 zero bytes before the packet, room for a header that nobody wrote',
    joined(new Uint8Array(14), GOOD_IPV4),
  ),
  tun('corrupt-checksum', 'an IPv4 packet with a wrong header checksum', corruptChecksum(), {
    InHdrErrors: 1,
    InCsumErrors: 1,
  }),
  tun('truncated', 'the first 12 bytes of an IPv4 packet', GOOD_IPV4.slice(0, 12)),
  tun('zero', '84 zero bytes', new Uint8Array(84)),
  {
    name: 'ethernet-to-ipv6',
    summary: 'an Ethernet frame with an IPv6 packet, where IPv6 was expected',
    source: { kind: 'tun', protocol: ETH_P_IPV6, bad: IPV6_FRAME },
    seenBy: 'ip6_rcv_core',
    effect: { Ip6InHdrErrors: 1 },
  },
  tun('good', 'only good packets', null, {}),
];

/** What `lab break` does when no case is named: the reference investigation's own fault. */
export const DEFAULT_CASE = 'xdp';

/** Bad packets that `break` sends unless told otherwise: with 200 ms between them, time to attach a probe meanwhile. */
export const DEFAULT_COUNT = 100;

/** The case of that name. Throws `usage` for any other. */
export function faultCase(name: string): FaultCase {
  const found = FAULT_CASES.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new LabFailure(
    'usage',
    `There is no fault case "${name}".`,
    `Choose among ${FAULT_CASES.map((candidate) => candidate.name).join(', ')}.`,
  );
}
