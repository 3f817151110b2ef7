/** The two ways to read the bytes of an event: as the code that was probed takes them, and as they are; and one line. */
import { isTagType } from './ethernet-scan.ts';
import { u16 } from './cursor.ts';
import { inspect } from './inspect.ts';
import type { InspectOptions, InspectStart } from './inspect.ts';
import { summary } from './summary.ts';
import type { Verdict } from './verdict.ts';
import type { VerdictInput } from './verdict-kinds.ts';

function from(input: VerdictInput, start: InspectStart, offset: number): InspectOptions {
  const { packetLength } = input;
  return {
    start,
    at: offset - input.window,
    packetLength: packetLength === null ? null : Math.max(0, packetLength - offset),
  };
}

/** The expected header at the expected position, right or wrong. */
export function readingAsExpected(input: VerdictInput): InspectOptions {
  return from(input, input.expect, 0);
}

/** From the header that is really there, whatever was expected; `payload` where nothing was recognised. */
export function readingAsFound(input: VerdictInput, verdict: Verdict): InspectOptions {
  const { detail } = verdict;
  const ip: InspectStart = detail.version === 6 ? 'ipv6' : 'ipv4';
  switch (verdict.kind) {
    case 'as-expected':
    case 'truncated':
      if (input.expect !== 'auto') return from(input, input.expect, 0);
      return from(input, startOfProtocol(detail.protocol), 0);
    case 'ethernet-where-ip-expected':
      return from(input, 'ethernet', 0);
    case 'wrong-ip-version':
      // Behind an Ethernet header that names the other version.
      return from(input, ip, detail.protocol === 'ethernet' ? 14 + 4 * detail.tags : 0);
    case 'ip-where-ethernet-expected':
    case 'corrupt-ip-header':
      return from(input, ip, 0);
    case 'vlan-where-ip-expected':
      return from(input, 'vlan', tagAt(input));
    case 'shifted-ip-header':
      return from(input, detail.protocol === 'ethernet' ? 'ethernet' : ip, detail.shift ?? 0);
    case 'tun-packet-information': {
      // Behind a frame or a virtio-net header the EtherType of tun_pi does not tell where the packet is.
      if (detail.protocol === 'ethernet') return from(input, 'ethernet', frameAt(input, verdict));
      const behind = verdict.headerAt === null || verdict.headerAt === 4;
      return behind ? from(input, 'tun-pi', 0) : from(input, ip, verdict.headerAt ?? 0);
    }
    case 'virtio-net-header':
      return from(input, 'virtio-net', 0);
    case 'other-protocol':
      if (detail.protocol === 'vlan') return from(input, 'vlan', tagAt(input));
      return from(input, startOfProtocol(detail.protocol), 0);
    case 'all-zero':
    case 'unrecognised':
      return from(input, 'payload', 0);
  }
}

/** Where the frame behind a tun_pi begins. */
function frameAt({ expect }: VerdictInput, { headerAt, detail }: Verdict): number {
  if (headerAt === null) return 4;
  return expect === 'ethernet' ? headerAt : headerAt - 14 - 4 * detail.tags;
}

/** A tag is decoded from behind its TPID. */
function tagAt(input: VerdictInput): number {
  return isTagType(u16(input.bytes, Math.max(0, -input.window))) ? 2 : 0;
}

/** Wireshark's one line for the packet as it really is; the bytes themselves where they are no header. */
export function packetLine(input: VerdictInput, verdict: Verdict): string {
  const { kind, detail } = verdict;
  const readable =
    kind === 'truncated' ? detail.version !== null : kind !== 'all-zero' && kind !== 'unrecognised';
  return readable ? summary(inspect(input.bytes, readingAsFound(input, verdict))) : firstBytes(input);
}

/** Bytes that are no header say more as they are than as the fields of one. */
function firstBytes({ bytes, window }: VerdictInput): string {
  const rest = bytes.subarray(Math.max(0, -window));
  const shown = [...rest.subarray(0, 24)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return rest.length > 24 ? `${shown} …` : shown;
}

function startOfProtocol(protocol: string | null): InspectStart {
  switch (protocol) {
    case 'ethernet':
    case 'ipv4':
    case 'ipv6':
    case 'arp':
    case 'mpls':
    case 'pppoe':
    case 'ppp':
    case 'llc':
    case 'gre':
    case 'vxlan':
    case 'gtp-u':
    case 'icmp':
    case 'icmpv6':
    case 'igmp':
    case 'udp':
    case 'tcp':
    case 'wireguard':
      return protocol;
    default:
      return 'payload';
  }
}
