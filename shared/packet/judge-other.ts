/** Readings of the expected position as a protocol that is neither IP nor Ethernet. */
import { onesSum } from './checksum.ts';
import { u16, u32, u8 } from './cursor.ts';
import { isArp } from './ethernet-scan.ts';
import { isGreDevice, offerBare, offerEthernet } from './judge-link.ts';
import { ETH_P_MPLS_MC, ETH_P_MPLS_UC } from './numbers.ts';
import { offer } from './scene.ts';
import type { Scene } from './scene.ts';
import type { FoundProtocol } from './verdict-kinds.ts';
import { NOWHERE } from './verdict-kinds.ts';

/** @param kind what to call the find */
export function offerOtherProtocols(scene: Scene, kind: number): void {
  const { bytes, origin, limit } = scene;
  if (origin < 0 || origin + 4 > limit) return;
  if (isArp(bytes, origin, limit)) plain(scene, kind, 'arp', limit - origin >= 8 ? 44 : 34);
  offerMpls(scene, kind);
  offerPppoe(scene, kind);
  offerPpp(scene, kind);
  offerLlc(scene, kind);
  offerGre(scene, kind);
  offerTunnelPayloads(scene, kind);
  offerWireguard(scene, kind);
  offerEapol(scene, kind);
  offerIcmp(scene, kind);
  offerUdp(scene, kind);
  offerTcp(scene, kind);
  const first = u16(bytes, origin);
  if ((first === 0x0207 || first === 0x0206) && limit - origin >= 12) offerLldp(scene, kind);
}

function plain(scene: Scene, kind: number, protocol: FoundProtocol, bits: number): void {
  offer(scene, kind, protocol, bits, NOWHERE, NOWHERE, NOWHERE, 0, false);
}

/**
 * RFC 3032: 20 bits label, 3 traffic class, 1 bottom of stack, 8 ttl. Four random bytes before an IP header
 * end in a set bottom bit every other time, so without an EtherType that says MPLS the class must be 0 or the
 * ttl a usual one.
 */
function offerMpls(scene: Scene, kind: number): void {
  const { bytes, origin, limit } = scene;
  const before = origin >= 2 ? u16(bytes, origin - 2) : 0;
  const announced =
    scene.skbProtocol === ETH_P_MPLS_UC ||
    scene.skbProtocol === ETH_P_MPLS_MC ||
    before === ETH_P_MPLS_UC ||
    before === ETH_P_MPLS_MC;
  for (let offset = 0; offset < 32 && origin + offset + 4 <= limit; offset += 4) {
    const entry = u32(bytes, origin + offset);
    const ttl = entry & 0xff;
    const usual =
      (entry & 0xe00) === 0 || (ttl >= 56 && ttl <= 64) || (ttl >= 120 && ttl <= 128) || ttl >= 247;
    if (ttl === 0 || (!announced && !usual)) return;
    if ((entry & 0x100) === 0) continue;
    const label = Math.floor(entry / 4096);
    if (label < 16 && label !== 0 && label !== 2 && label !== 3 && !announced) return;
    offerBare(scene, kind, 'mpls', offset + 4, announced ? 16 : 1);
    if (announced) plain(scene, kind, 'mpls', 16);
    return;
  }
}

/** RFC 2516: version and type 1, code, session, length; in a session then a PPP protocol number. */
function offerPppoe(scene: Scene, kind: number): void {
  const { bytes, origin, limit, left } = scene;
  if (u8(bytes, origin) !== 0x11 || origin + 6 > limit) return;
  const code = u8(bytes, origin + 1);
  const length = u16(bytes, origin + 4);
  const fits = left < 0 ? 0 : length + 6 === left ? 14 : length + 6 < left ? 4 : -6;
  if (code === 0 && origin + 8 <= limit) {
    const protocol = u16(bytes, origin + 6);
    const known = protocol === 0x21 || protocol === 0x57 || protocol === 0xc021 || protocol === 0x8021;
    if (protocol === 0x21 || protocol === 0x57) offerBare(scene, kind, 'pppoe', 8, 31);
    if (known || protocol === 0xc023 || protocol === 0xc223 || protocol === 0x8057) {
      plain(scene, kind, 'pppoe', 8 + 7 + 12 + fits);
    }
  } else if (code === 0x09 || code === 0x07 || code === 0x19 || code === 0x65 || code === 0xa7) {
    const tag = origin + 8 <= limit ? u16(bytes, origin + 6) : -1;
    if (tag <= 0x0203) plain(scene, kind, 'pppoe', 8 + 5 + (tag >= 0 ? 6 : 0) + fits);
  }
}

/** RFC 1661 and RFC 1662: address ff, control 03 (both may be left out), then a protocol number. */
function offerPpp(scene: Scene, kind: number): void {
  const { bytes, origin } = scene;
  const framed = u16(bytes, origin) === 0xff03;
  const protocol = u16(bytes, origin + (framed ? 2 : 0));
  if (protocol === 0x0021 || protocol === 0x0057)
    offerBare(scene, kind, 'ppp', framed ? 4 : 2, framed ? 30 : 15);
  if (framed && (protocol === 0xc021 || protocol === 0x8021 || protocol === 0xc023))
    plain(scene, kind, 'ppp', 30);
}

/** IEEE 802.2: spanning tree (42), ISO (fe) and SNAP (aa) with control 03. */
function offerLlc(scene: Scene, kind: number): void {
  const { bytes, origin, limit } = scene;
  if (u8(bytes, origin + 2) !== 3) return;
  const pair = u16(bytes, origin);
  if (pair === 0x4242)
    plain(scene, kind, 'llc', u8(bytes, origin + 3) === 0 && u16(bytes, origin + 3) === 0 ? 34 : 20);
  else if (pair === 0xfefe) plain(scene, kind, 'llc', 22);
  else if (pair === 0xaaaa && origin + 8 <= limit) {
    plain(scene, kind, 'llc', 24);
    if (u16(bytes, origin + 6) === 0x0800 || u16(bytes, origin + 6) === 0x86dd) {
      offerBare(scene, kind, 'llc', 8, 40);
    }
  }
}

/** RFC 2784 and RFC 2890: C, K and S bits, version 0, an EtherType; without options it is as tun_pi looks. */
function offerGre(scene: Scene, kind: number): void {
  const { bytes, origin, limit } = scene;
  const flags = u16(bytes, origin);
  const type = u16(bytes, origin + 2);
  if ((flags & 0x4fff) !== 0 || (type !== 0x0800 && type !== 0x86dd && type !== 0x6558)) return;
  const length =
    4 +
    ((flags & 0x8000) !== 0 ? 4 : 0) +
    ((flags & 0x2000) !== 0 ? 4 : 0) +
    ((flags & 0x1000) !== 0 ? 4 : 0);
  if (origin + length > limit) return;
  const device = isGreDevice(scene.deviceType) ? 16 : 0;
  const bits = (flags === 0 ? 15 + 4 : 15 + 8) + device;
  if (type === 0x6558) offerEthernet(scene, kind, 'gre', length, bits);
  else offerBare(scene, kind, 'gre', length, bits);
}

/** VXLAN (RFC 7348), Geneve-like UDP payloads are found by their frame; GTP-U (3GPP TS 29.281) by its length. */
function offerTunnelPayloads(scene: Scene, kind: number): void {
  const { bytes, origin, limit, left } = scene;
  if (origin + 8 > limit) return;
  if (u32(bytes, origin) === 0x08000000 && u8(bytes, origin + 7) === 0)
    offerEthernet(scene, kind, 'vxlan', 8, 24);
  const first = u8(bytes, origin);
  if (first >> 4 === 3 && u8(bytes, origin + 1) === 0xff) {
    const long = (first & 7) === 0 ? 8 : 12;
    if (left < 0 || u16(bytes, origin + 2) + 8 <= left) offerBare(scene, kind, 'gtp-u', long, 12);
  }
}

/** Message types 1 to 4 with three zero bytes and the length that goes with each type. */
function offerWireguard(scene: Scene, kind: number): void {
  const { bytes, origin, left } = scene;
  if (u8(bytes, origin + 1) !== 0 || u16(bytes, origin + 2) !== 0) return;
  const type = u8(bytes, origin);
  const right =
    (type === 1 && left === 148) ||
    (type === 2 && left === 92) ||
    (type === 3 && left === 64) ||
    (type === 4 && left >= 32 && left % 16 === 0);
  if (right) plain(scene, kind, 'wireguard', type === 4 ? 24 : 30);
}

/** IEEE 802.1X: version 1 to 3, type 0 to 8, and a length that is what is left. */
function offerEapol(scene: Scene, kind: number): void {
  const { bytes, origin, left } = scene;
  const version = u8(bytes, origin);
  if (version < 1 || version > 3 || u8(bytes, origin + 1) > 8) return;
  const length = u16(bytes, origin + 2) + 4;
  if (length === left || (left === 46 && length < left)) plain(scene, kind, 'eapol', 6 + 5 + 14);
}

/** An ICMP message whose checksum over all that is left of the packet verifies (RFC 792). */
function offerIcmp(scene: Scene, kind: number): void {
  const { bytes, origin, limit, left } = scene;
  const type = u8(bytes, origin);
  if (left < 8 || origin + left > limit || type > 18 || u8(bytes, origin + 1) > 15) return;
  if (onesSum(bytes, origin, left, 0) === 0xffff) plain(scene, kind, 'icmp', 16 + 3 + 4);
}

/** UDP by its exact length (RFC 768); both ports must be there. */
function offerUdp(scene: Scene, kind: number): void {
  const { bytes, origin, limit, left } = scene;
  if (left < 8 || origin + 8 > limit || u16(bytes, origin + 4) !== left) return;
  if (u16(bytes, origin) !== 0 && u16(bytes, origin + 2) !== 0) plain(scene, kind, 'udp', 14);
}

/**
 * TCP (RFC 9293) by its options, which must parse to the end of the header with the lengths their kinds have: without
 * any there is nothing to tell it by.
 */
function offerTcp(scene: Scene, kind: number): void {
  const { bytes, origin, limit, left } = scene;
  const header = (u8(bytes, origin + 12) >> 4) * 4;
  if (header < 24 || (left >= 0 && header > left) || origin + header > limit) return;
  if ((u8(bytes, origin + 12) & 0x0e) !== 0 || u16(bytes, origin) === 0 || u16(bytes, origin + 2) === 0)
    return;
  let bits = 3;
  const end = origin + header;
  for (let at = origin + 20; at < end;) {
    const option = u8(bytes, at);
    if (option === 0) break;
    if (option === 1) {
      bits += 4;
      at += 1;
      continue;
    }
    const length = u8(bytes, at + 1);
    const right = TCP_OPTION_LENGTHS[option] ?? 0;
    const blocks = option === 5 && length >= 10 && length <= 34 && length % 8 === 2;
    if (!blocks && (right === 0 || length !== right)) return;
    if (at + length > end) return;
    bits += 12;
    at += length;
  }
  if (bits >= 15) plain(scene, kind, 'tcp', Math.min(30, bits));
}

/** By kind: maximum segment size, window scale, SACK permitted, timestamps (RFC 7323, RFC 2018). */
const TCP_OPTION_LENGTHS: Readonly<Record<number, number>> = { 2: 4, 3: 3, 4: 2, 8: 10 };

/** IEEE 802.1AB: the first TLV is the chassis id, the second the port id. */
function offerLldp(scene: Scene, kind: number): void {
  const { bytes, origin, limit } = scene;
  const length = u8(bytes, origin + 1);
  const second = origin + 2 + length;
  if (second + 2 <= limit && u8(bytes, second) === 4 && u8(bytes, origin + 2) <= 7)
    plain(scene, kind, 'lldp', 30);
}
