/** Readings of the expected position as a link-layer header, whole or in part, or a prefix of a device. */
import { u16, u16le, u8 } from './cursor.ts';
import type { EthernetScan } from './ethernet-scan.ts';
import {
  FOLLOWS_ARP,
  FOLLOWS_IPV4,
  FOLLOWS_IPV6,
  FOLLOWS_OTHER,
  isTagType,
  scanEthernet,
  scanEtherType,
} from './ethernet-scan.ts';
import { ipv4Bits, ipv4Flags, ipv4Verifies, ipv6Flags, ipv6Weight, V6_LENGTH_LONG } from './header-checks.ts';
import { ETH_P_IP, ETH_P_IPV6, etherTypeName } from './numbers.ts';
import { leftFrom, offer } from './scene.ts';
import type { Scene } from './scene.ts';
import type { FoundProtocol } from './verdict-kinds.ts';
import { NOWHERE } from './verdict-kinds.ts';

const ARPHRD_ETHER = 1;
const ARPHRD_IPGRE = 778;
const ARPHRD_NONE = 65534;
const ARPHRD_IP6GRE = 823;

function versionBehind(scan: EthernetScan): number {
  return scan.follows === FOLLOWS_IPV4 ? 4 : scan.follows === FOLLOWS_IPV6 ? 6 : 0;
}

/** Offers an Ethernet header at `offset`, with `bits` of its own for what stands before it. */
export function offerEthernet(
  scene: Scene,
  kind: number,
  protocol: FoundProtocol,
  offset: number,
  bits: number,
): void {
  const { origin, scan } = scene;
  scanEthernet(scene.bytes, origin + offset, scene.limit, leftFrom(scene, offset), scene.output, scan);
  if (scan.bits <= -50) return;
  const before = scene.finding.bits;
  const total = scan.bits + bits;
  offer(
    scene,
    kind,
    protocol,
    total,
    offset,
    scan.typeAt - origin,
    scan.networkAt - origin,
    versionBehind(scan),
    scan.innerBits >= 16,
  );
  if (scene.finding.bits > before && scene.finding.bits === total) scene.finding.tags = scan.tags;
}

/** Offers what an EtherType field at `offset` announces, with `bits` for what stands before it. */
function offerEtherType(
  scene: Scene,
  kind: number,
  protocol: FoundProtocol,
  offset: number,
  bits: number,
  tags: number,
): void {
  const { bytes, origin, limit, scan } = scene;
  if (origin + offset < 0 || origin + offset + 2 > limit) return;
  scan.bits = 0;
  scan.tags = tags;
  scan.innerBits = 0;
  scanEtherType(bytes, origin + offset, limit, leftFrom(scene, offset), scene.output, scan);
  if (scan.follows === FOLLOWS_OTHER && (scan.etherType <= 0x5dc || etherTypeName(scan.etherType) === null)) {
    return;
  }
  if (scan.follows !== FOLLOWS_ARP && scan.innerBits < 4) return;
  const before = scene.finding.bits;
  const total = scan.bits + bits;
  offer(
    scene,
    kind,
    protocol,
    total,
    NOWHERE,
    scan.typeAt - origin,
    scan.networkAt - origin,
    versionBehind(scan),
    scan.innerBits >= 16,
  );
  if (scene.finding.bits > before && scene.finding.bits === total) scene.finding.tags = scan.tags;
}

/**
 * What is left of a VLAN header: its TCI and the inner EtherType (the tag's type was taken with the Ethernet
 * header, as eth_type_trans leaves it), or the whole tag from its TPID on.
 */
export function offerVlan(scene: Scene, kind: number, protocol: FoundProtocol): void {
  const { bytes, origin } = scene;
  if (origin < 0 || origin + 4 > scene.limit) return;
  if (isTagType(u16(bytes, origin))) offerEtherType(scene, kind, protocol, 0, 2, 0);
  const tci = u16(bytes, origin);
  const type = u16(bytes, origin + 2);
  if (type !== ETH_P_IP && type !== ETH_P_IPV6 && type !== 0x0806 && !isTagType(type)) return;
  const announced = origin >= 2 && isTagType(u16(bytes, origin - 2)) ? 14 : 0;
  const onEthernet = scene.deviceType === ARPHRD_ETHER ? 18 : 0;
  offerEtherType(scene, kind, protocol, 2, (tci === 0 ? -3 : 0) + announced + onEthernet, 1);
}

/**
 * `struct tun_pi` (include/uapi/linux/if_tun.h): flags in host order, 0 or on a tun device TUN_PKT_STRIP (1;
 * elsewhere that is VLAN 1), then an EtherType.
 * Behind it a packet, or on a tap device a frame; a virtio-net header can stand in between.
 */
export function offerPacketInformation(scene: Scene, kind: number): void {
  const { bytes, origin } = scene;
  if (origin < 0 || origin + 4 > scene.limit) return;
  const flags = u16(bytes, origin);
  const type = u16(bytes, origin + 2);
  if (flags !== 0 && !((flags === 1 || flags === 0x0100) && scene.deviceType === ARPHRD_NONE)) return;
  const bits = flags === 0 ? 8 : 6;
  offerEtherType(scene, kind, '', 2, bits, 0);
  if (etherTypeName(type) === null) return;
  offerEthernet(scene, kind, 'ethernet', 4, bits + 10);
  for (const length of VIRTIO_LENGTHS) {
    const virtio = virtioBits(bytes, origin + 4, length, scene.limit);
    if (virtio <= 0) continue;
    offerBare(scene, kind, '', 4 + length, bits + 10 + virtio);
    offerEthernet(scene, kind, 'ethernet', 4 + length, bits + 10 + virtio);
  }
}

/** virtio_net_hdr, virtio_net_hdr_mrg_rxbuf and virtio_net_hdr_v1_hash of include/uapi/linux/virtio_net.h. */
export const VIRTIO_LENGTHS: readonly number[] = [10, 12, 20];

/**
 * Weight of a virtio-net header of `length` bytes at index `at`; 0 where it cannot be one. Little-endian:
 * flags u8, gso_type u8, hdr_len, gso_size, csum_start, csum_offset, then from 12 bytes on num_buffers.
 */
export function virtioBits(bytes: Uint8Array, at: number, length: number, limit: number): number {
  if (at < 0 || at + length > limit) return 0;
  const flags = u8(bytes, at);
  const segmentation = u8(bytes, at + 1);
  const kind = segmentation & 0x7f;
  const size = u16le(bytes, at + 4);
  const start = u16le(bytes, at + 6);
  const field = u16le(bytes, at + 8);
  if (flags > 7 || kind > 5 || kind === 2 || u16le(bytes, at + 2) > 512) return 0;
  if (segmentation >= 0x80 && kind !== 1 && kind !== 4) return 0;
  if ((kind === 0) !== (size === 0)) return 0;
  if ((flags & 1) === 0 ? start !== 0 || field !== 0 : start > 512 || field > 64 || start < 14) return 0;
  if (length >= 12 && u16le(bytes, at + 10) > 64) return 0;
  const blank = flags === 0 && kind === 0 && u16le(bytes, at + 2) === 0;
  return blank ? 9 : 24;
}

export function offerVirtio(scene: Scene, kind: number): void {
  for (const length of VIRTIO_LENGTHS) {
    const bits = virtioBits(scene.bytes, scene.origin, length, scene.limit);
    if (bits <= 0) continue;
    offerBare(scene, kind, '', length, bits);
    offerEthernet(scene, kind, 'ethernet', length, bits);
  }
}

/** Offers an IP header at `offset`, verified as far as its bytes allow, with `bits` for what stands before it. */
export function offerBare(
  scene: Scene,
  kind: number,
  protocol: FoundProtocol,
  offset: number,
  bits: number,
): void {
  const at = scene.origin + offset;
  if (at < 0 || at + 20 > scene.limit) return;
  const left = leftFrom(scene, offset);
  const four = ipv4Flags(scene.bytes, at, scene.limit, left, scene.output);
  if (ipv4Verifies(four)) {
    offer(scene, kind, protocol, ipv4Bits(four) + bits, NOWHERE, NOWHERE, offset, 4, true);
    return;
  }
  const six = ipv6Flags(scene.bytes, at, scene.limit, left, scene.output);
  if (six !== 0 && (six & V6_LENGTH_LONG) === 0) {
    const weight = ipv6Weight(scene.bytes, at, scene.limit, six);
    offer(scene, kind, protocol, weight + bits, NOWHERE, NOWHERE, offset, 6, true);
  }
}

export function isGreDevice(deviceType: number): boolean {
  return deviceType === ARPHRD_IPGRE || deviceType === ARPHRD_IP6GRE;
}
