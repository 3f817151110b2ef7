/**
 * Decides what the bytes at a position are. Hypotheses are weighed in bits of evidence and the heaviest
 * stands; the cheap code and the explained verdict both come from this one decision. Nothing is allocated.
 */
import { onesSum } from './checksum.ts';
import { u16, u8 } from './cursor.ts';
import { FOLLOWS_IPV4, maybeEtherType, scanEthernet } from './ethernet-scan.ts';
import {
  ipv4Bits,
  ipv4Flags,
  ipv4Verifies,
  ipv6Bits,
  ipv6Flags,
  V6_SOURCE_SANE,
  V6_CAPTURED,
  V6_LENGTH_EXACT,
  V6_PROTOCOL_KNOWN,
} from './header-checks.ts';
import { ipv4TransportBits, offerIpv4, offerIpv6, offerShifted } from './judge-ip.ts';
import { offerEthernet, offerPacketInformation, offerVirtio, offerVlan } from './judge-link.ts';
import { offerOtherProtocols } from './judge-other.ts';
import { ETH_P_IP, ETH_P_IPV6, etherTypeName } from './numbers.ts';
import { leastHeader } from './least-header.ts';
import { judgeTransport } from './judge-transport.ts';
import { EXPECTED_BITS, newScene, resetFinding } from './scene.ts';
import type { Scene } from './scene.ts';
import type { SkbState } from './skb.ts';
import type { Expectation, Finding } from './verdict-kinds.ts';
import {
  ALL_ZERO,
  AS_EXPECTED,
  CORRUPT_IP,
  ETHERNET_WHERE_IP,
  IP_WHERE_ETHERNET,
  NOWHERE,
  OTHER_PROTOCOL,
  SHIFTED_IP,
  TRUNCATED,
  TUN_PI,
  UNRECOGNISED,
  VIRTIO_NET,
  VLAN_WHERE_IP,
  WRONG_IP_VERSION,
} from './verdict-kinds.ts';

const scene = newScene();

/** So many bits that no other reading can come near: an EtherType, a verified header and its length. */
const PLAIN_BITS = 44;
/** Ten bits above the most that an IP header at another offset can weigh: looking for one changes nothing. */
const OUT_OF_REACH = 57;

/**
 * @param window index 0 of `bytes` relative to the expected position, in bytes
 * @param packetLength bytes of the packet from the expected position on, or -1 where not known
 * @param finding overwritten with the result
 */
export function judge(
  bytes: Uint8Array,
  window: number,
  expect: Expectation,
  packetLength: number,
  skb: SkbState | null,
  output: boolean,
  finding: Finding,
): void {
  // `-window` makes -0 of 0, which V8 takes for a double: every index after it is ten times slower.
  const origin = 0 - window;
  scene.bytes = bytes;
  scene.origin = origin;
  scene.left = packetLength;
  scene.limit = packetLength < 0 ? bytes.length : Math.min(bytes.length, origin + packetLength);
  scene.output = output;
  scene.deviceType = skb?.deviceType ?? -1;
  scene.skbProtocol = skb?.protocol ?? -1;
  scene.finding = finding;
  resetFinding(finding);
  if (origin === 0 && blank(scene)) {
    fallBack(scene, expect);
    finding.headerAt = headerOf(scene, expect);
    return;
  }
  switch (expect) {
    case 'ipv4':
    case 'ipv6':
    case 'ip':
      if (!quickIp(scene, expect) && !quickFrame(scene)) judgeNetwork(scene, expect);
      break;
    case 'ethernet':
    case 'auto':
      judgeLink(scene, expect);
      break;
    default:
      judgeTransport(scene, expect);
  }
  if (finding.kind === UNRECOGNISED || blank(scene)) fallBack(scene, expect);
  finding.headerAt = headerOf(scene, expect);
}

/** The good packet: verified where it was expected, and nothing about it hints at an Ethernet header. */
function quickIp(scene: Scene, expect: 'ipv4' | 'ipv6' | 'ip'): boolean {
  const { bytes, origin, limit, finding } = scene;
  const nibble = u8(bytes, origin) >> 4;
  let bits = 0;
  if (nibble === 4 && expect !== 'ipv6') {
    const flags = ipv4Flags(bytes, origin, limit, scene.left, scene.output);
    if (!ipv4Verifies(flags)) return false;
    bits = ipv4Bits(flags);
  } else if (nibble === 6 && expect !== 'ipv4') {
    const flags = ipv6Flags(bytes, origin, limit, scene.left, scene.output);
    const needed = V6_CAPTURED | V6_LENGTH_EXACT | V6_SOURCE_SANE | V6_PROTOCOL_KNOWN;
    if ((flags & needed) !== needed) return false;
    bits = ipv6Bits(flags);
  } else return false;
  if (maybeEtherType(bytes, origin + 12, limit)) return false;
  finding.kind = AS_EXPECTED;
  finding.protocol = nibble === 4 ? 'ipv4' : 'ipv6';
  finding.bits = bits + EXPECTED_BITS;
  finding.networkAt = 0;
  finding.version = nibble;
  finding.verified = true;
  return true;
}

/** The reference case: an Ethernet header with a good IPv4 header behind it, and none at the expected position. */
function quickFrame(scene: Scene): boolean {
  const { bytes, origin, limit, left, finding, scan } = scene;
  if (origin < 0 || !maybeEtherType(bytes, origin + 12, limit)) return false;
  const first = u8(bytes, origin) >> 4;
  if (first === 6) return false;
  if (first === 4 && ipv4Verifies(ipv4Flags(bytes, origin, limit, left, scene.output))) return false;
  scanEthernet(bytes, origin, limit, left, scene.output, scan);
  if (scan.bits < PLAIN_BITS || scan.follows !== FOLLOWS_IPV4 || scan.innerBits < 20) return false;
  finding.kind = ETHERNET_WHERE_IP;
  finding.protocol = 'ethernet';
  finding.bits = scan.bits;
  finding.linkAt = 0;
  finding.typeAt = scan.typeAt - origin;
  finding.networkAt = scan.networkAt - origin;
  finding.version = 4;
  finding.tags = scan.tags;
  finding.verified = true;
  return true;
}

function judgeNetwork(scene: Scene, expect: 'ipv4' | 'ipv6' | 'ip'): void {
  const { finding } = scene;
  const four = expect === 'ipv6' ? WRONG_IP_VERSION : AS_EXPECTED;
  const six = expect === 'ipv4' ? WRONG_IP_VERSION : AS_EXPECTED;
  offerIpv4(
    scene,
    four,
    expect === 'ipv6' ? 0 : EXPECTED_BITS,
    expect === 'ipv6' ? WRONG_IP_VERSION : CORRUPT_IP,
  );
  offerIpv6(
    scene,
    six,
    expect === 'ipv4' ? 0 : EXPECTED_BITS,
    expect === 'ipv4' ? WRONG_IP_VERSION : CORRUPT_IP,
  );
  if (finding.kind === AS_EXPECTED && finding.verified && finding.version === 4) {
    settleAgainstEthernet(scene);
    return;
  }
  const nested = finding.kind !== UNRECOGNISED;
  offerEthernet(scene, ETHERNET_WHERE_IP, 'ethernet', 0, 0);
  offerVlan(scene, VLAN_WHERE_IP, '');
  offerPacketInformation(scene, TUN_PI);
  offerVirtio(scene, VIRTIO_NET);
  offerOtherProtocols(scene, OTHER_PROTOCOL);
  if (finding.kind !== AS_EXPECTED && finding.bits < OUT_OF_REACH) offerShifted(scene, SHIFTED_IP, nested);
  settleEtherType(scene, ETHERNET_WHERE_IP);
}

/**
 * An IPv4 header verifies, yet bytes 12 and 13 spell an EtherType. Either the source address does so by
 * chance, or a destination MAC reads as an IPv4 header by chance: lengths and transport checksums decide.
 */
function settleAgainstEthernet(scene: Scene): void {
  const { finding, origin, scan } = scene;
  finding.bits += ipv4TransportBits(scene, origin);
  scanEthernet(scene.bytes, origin, scene.limit, scene.left, scene.output, scan);
  const verified = scan.follows === FOLLOWS_IPV4 && scan.innerBits >= 16;
  offerEthernet(
    scene,
    ETHERNET_WHERE_IP,
    'ethernet',
    0,
    verified ? ipv4TransportBits(scene, scan.networkAt) : 0,
  );
}

function judgeLink(scene: Scene, expect: 'ethernet' | 'auto'): void {
  const { finding } = scene;
  const ip = expect === 'auto' ? AS_EXPECTED : IP_WHERE_ETHERNET;
  offerEthernet(scene, AS_EXPECTED, 'ethernet', 0, EXPECTED_BITS);
  const quick = finding.kind === AS_EXPECTED && finding.bits > 40;
  if (quick && u8(scene.bytes, scene.origin) >> 4 !== 4) return;
  const damaged = expect === 'auto' ? CORRUPT_IP : IP_WHERE_ETHERNET;
  offerIpv4(scene, ip, expect === 'auto' ? EXPECTED_BITS : 0, damaged);
  offerIpv6(scene, ip, expect === 'auto' ? EXPECTED_BITS : 0, damaged);
  if (finding.kind === AS_EXPECTED && finding.bits > 30) return;
  const nested = finding.version !== 0;
  offerPacketInformation(scene, TUN_PI);
  offerVirtio(scene, VIRTIO_NET);
  if (expect === 'auto') offerVlan(scene, VLAN_WHERE_IP, '');
  else offerVlan(scene, OTHER_PROTOCOL, 'vlan');
  offerOtherProtocols(scene, OTHER_PROTOCOL);
  if (finding.kind !== AS_EXPECTED && finding.bits < OUT_OF_REACH) offerShifted(scene, SHIFTED_IP, nested);
  settleEtherType(scene, expect === 'ethernet' ? WRONG_IP_VERSION : AS_EXPECTED);
}

/**
 * An IP header lies somewhere behind what reads as an Ethernet header of a known EtherType, which may name the other
 * version, or something between the two: a frame all the same.
 */
function settleEtherType(scene: Scene, kind: number): void {
  const { bytes, origin, finding, scan } = scene;
  if (finding.kind !== SHIFTED_IP || finding.networkAt < 14 || origin < 0) return;
  if ((u8(bytes, origin + 6) & 1) !== 0) return;
  scanEthernet(bytes, origin, scene.limit, scene.left, scene.output, scan);
  if (scan.etherType <= 0x5dc || etherTypeName(scan.etherType) === null) return;
  if (scan.networkAt > origin + finding.networkAt) return;
  if (kind === WRONG_IP_VERSION && scan.networkAt !== origin + finding.networkAt) return;
  finding.kind = kind;
  finding.protocol = 'ethernet';
  finding.linkAt = 0;
  finding.typeAt = scan.typeAt - origin;
  finding.tags = scan.tags;
}

/**
 * Nothing but zeros from the expected position on: what else was read into them is chance, save an IPv4 header
 * that verifies before them.
 */
function blank(scene: Scene): boolean {
  const { bytes, origin, limit, finding } = scene;
  if (origin < 0 || u8(bytes, origin) !== 0 || u8(bytes, origin + 1) !== 0) return false;
  if (finding.version === 4 && finding.verified && finding.networkAt < 0) return false;
  if (onesSum(bytes, origin, limit - origin, 0) !== 0) return false;
  resetFinding(finding);
  return true;
}

/** No reading stands: too few bytes, nothing but zeros, or not known. */
function fallBack(scene: Scene, expect: Expectation): void {
  const { bytes, origin, limit, left, finding } = scene;
  const captured = Math.max(0, limit - Math.max(0, origin));
  const least = leastHeader(expect, captured > 0 ? u8(bytes, origin) : 0);
  const version = u8(bytes, origin) >> 4;
  if ((left >= 0 && left < least) || origin < 0) finding.kind = TRUNCATED;
  else if (captured >= 8 && onesSum(bytes, origin, captured, 0) === 0) finding.kind = ALL_ZERO;
  else if (captured < least && (captured === 0 || mayBegin(expect, version))) finding.kind = TRUNCATED;
  else return;
  if (finding.kind !== TRUNCATED || captured === 0 || expect === 'ethernet') return;
  if (version !== 4 && version !== 6) return;
  finding.version = version;
  finding.networkAt = 0;
}

/** Whether a header of which only the beginning was captured can still be the expected one. */
function mayBegin(expect: Expectation, version: number): boolean {
  if (expect === 'ipv4') return version === 4;
  if (expect === 'ipv6') return version === 6;
  return expect !== 'ip' || version === 4 || version === 6;
}

/** Where the expected header really begins; for `ip` and `auto` an IP header of either version counts. */
function headerOf(scene: Scene, expect: Expectation): number {
  const { finding } = scene;
  switch (finding.kind) {
    case AS_EXPECTED:
    case CORRUPT_IP:
      return 0;
    case WRONG_IP_VERSION:
      return finding.linkAt;
    case ALL_ZERO:
    case UNRECOGNISED:
      return NOWHERE;
    default:
  }
  switch (expect) {
    case 'ethernet':
      if (finding.kind === TRUNCATED) return 0;
      return finding.linkAt === NOWHERE ? linkBefore(scene, finding.networkAt) : finding.linkAt;
    case 'ipv4':
    case 'ipv6':
    case 'ip':
    case 'auto':
      return finding.version === 0 ? NOWHERE : finding.networkAt;
    default:
      return finding.headerAt;
  }
}

/** An Ethernet header in the window that ends in the right EtherType just before the network header. */
function linkBefore(scene: Scene, networkAt: number): number {
  const { bytes, origin, finding } = scene;
  if (finding.kind === TUN_PI || finding.kind === VIRTIO_NET || finding.kind === OTHER_PROTOCOL)
    return NOWHERE;
  if (networkAt === NOWHERE || finding.version === 0 || origin + networkAt < 14) return NOWHERE;
  const type = u16(bytes, origin + networkAt - 2);
  return type === (finding.version === 4 ? ETH_P_IP : ETH_P_IPV6) ? networkAt - 14 : NOWHERE;
}
