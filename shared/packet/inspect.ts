/** Bytes to layers and fields. Truncation is no error: what was not captured is said, never invented. */
import { decodeArp } from './arp.ts';
import { decodeEthernet, decodeLlc, decodeSnap, decodeVlan } from './ethernet.ts';
import { decodeGeneve } from './geneve.ts';
import { decodeErspan, decodeGre } from './gre.ts';
import { decodeGtp } from './gtp.ts';
import { decodeGue } from './gue.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeIcmpv6 } from './icmpv6.ts';
import { decodeIgmp } from './igmp.ts';
import { decodeAh, decodeEsp } from './ipsec.ts';
import { decodeFragment, decodeOptionsHeader, decodeRouting } from './ipv6-extensions.ts';
import { decodeLinuxSll, decodeLinuxSll2 } from './linux-sll.ts';
import { decodeMpls } from './mpls.ts';
import { decodePpp, decodePppoe } from './ppp.ts';
import { decodeSctp } from './sctp.ts';
import { decodeTunPi, decodeVirtioNet } from './tun.ts';
import { decodeVxlan } from './vxlan.ts';
import { decodeWireguard } from './wireguard.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { LayerWriter } from './layer.ts';
import type { Decoded, Decoder, Layer, NextHeader, PacketView, ProtocolName } from './layer.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';
import { judge } from './judge.ts';
import { newFinding } from './scene.ts';
import { u8 } from './cursor.ts';
import type { Expectation } from './verdict-kinds.ts';

export type { Field, Layer, ProtocolName } from './layer.ts';

/** Where decoding starts: a protocol, `ip` for either version by its nibble, `auto` for what the bytes look like. */
export type InspectStart = Expectation | ProtocolName;

export interface InspectOptions {
  start: InspectStart;
  /** Index of the header in the bytes. */
  at: number;
  /** Bytes of the packet from `at` on; null where not known. */
  packetLength: number | null;
}

const DECODERS: Readonly<Record<ProtocolName, Decoder>> = {
  ethernet: decodeEthernet,
  vlan: decodeVlan,
  llc: decodeLlc,
  snap: decodeSnap,
  arp: decodeArp,
  ipv4: decodeIpv4,
  ipv6: decodeIpv6,
  'ipv6-hop-by-hop': decodeOptionsHeader,
  'ipv6-routing': decodeRouting,
  'ipv6-fragment': decodeFragment,
  'ipv6-destination-options': decodeOptionsHeader,
  icmp: decodeIcmp,
  icmpv6: decodeIcmpv6,
  igmp: decodeIgmp,
  udp: decodeUdp,
  tcp: decodeTcp,
  sctp: decodeSctp,
  gre: decodeGre,
  erspan: decodeErspan,
  vxlan: decodeVxlan,
  geneve: decodeGeneve,
  gue: decodeGue,
  'gtp-u': decodeGtp,
  mpls: decodeMpls,
  pppoe: decodePppoe,
  ppp: decodePpp,
  esp: decodeEsp,
  ah: decodeAh,
  wireguard: decodeWireguard,
  'tun-pi': decodeTunPi,
  'virtio-net': decodeVirtioNet,
  'linux-sll': decodeLinuxSll,
  'linux-sll2': decodeLinuxSll2,
  payload: decodePayload,
};

/** No packet nests deeper; it bounds the work on hostile bytes. */
const MOST_LAYERS = 64;

/**
 * Decodes the header at `at` and what follows it. Never throws; work is bounded by the captured bytes.
 *
 * @returns layers from the outermost in; offsets of fields are indexes in `bytes`
 */
export function inspect(bytes: Uint8Array, options: InspectOptions): Layer[] {
  const { packetLength } = options;
  const at = options.at + 0; // of -0, which V8 takes for a double, makes 0
  const end = packetLength === null ? Infinity : at + packetLength;
  const view: PacketView = { bytes, end };
  const limit = Math.min(bytes.length, end);
  const layers: Layer[] = [];
  let header: NextHeader | null = {
    protocol: startOf(bytes, options),
    at,
    end,
    ip: null,
    quoted: false,
  };
  while (header !== null && layers.length < MOST_LAYERS) {
    if (header.at >= limit || header.at >= header.end) break;
    const { layer, next }: Decoded = DECODERS[header.protocol](view, header.at, header);
    layer.quoted = header.quoted;
    layers.push(layer);
    if (next === null || next.at < header.at) break;
    next.quoted ||= header.quoted;
    header = next;
  }
  return layers;
}

/** What no decoder takes further. */
function decodePayload(view: PacketView, at: number, header: NextHeader): Decoded {
  const limit = Math.min(view.bytes.length, view.end);
  const length = Number.isFinite(header.end) ? header.end - at : limit - at;
  const writer = new LayerWriter(view, at, 'payload', 'Data', length);
  const captured = Math.max(0, Math.min(length, limit - at));
  if (captured > 0)
    writer.bytes('data.data', null, 0, captured, captured === 1 ? '1 byte' : `${captured} bytes`);
  if (length > captured) writer.bytes('data.data', null, captured, length - captured, null);
  return { layer: writer.layer, next: null };
}

function startOf(bytes: Uint8Array, { start, at, packetLength }: InspectOptions): ProtocolName {
  if (start === 'ip') return u8(bytes, at) >> 4 === 6 ? 'ipv6' : 'ipv4';
  if (start !== 'auto') return start;
  const finding = newFinding();
  judge(bytes, 0 - at, 'auto', packetLength ?? -1, null, false, finding);
  if (finding.linkAt === 0) return 'ethernet';
  if (finding.networkAt === 0 && finding.version !== 0) return finding.version === 6 ? 'ipv6' : 'ipv4';
  const nibble = u8(bytes, at) >> 4;
  return nibble === 6 ? 'ipv6' : nibble === 4 ? 'ipv4' : 'ethernet';
}
