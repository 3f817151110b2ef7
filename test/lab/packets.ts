/** A six-byte link-layer address, written `02:00:5e:10:00:01`. */
export type MacAddress = string;

/** EtherTypes of IEEE 802 numbers, as the kernel's if_ether.h names them. */
export const ETH_P_IP = 0x0800;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_8021AD = 0x88a8;

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;

/** The Internet checksum of RFC 1071 over `bytes`: what stands in the field when the field counted as zero. */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) {
    sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An ICMP echo request (RFC 792): type 8, code 0, checksum, identifier, sequence, `payload`. */
export function icmpEchoRequest(identifier: number, sequence: number, payload: Uint8Array): Uint8Array {
  const message = joined(Uint8Array.of(8, 0, 0, 0), sixteen(identifier), sixteen(sequence), payload);
  message.set(sixteen(internetChecksum(message)), 2);
  return message;
}

/** An ICMPv6 echo request (RFC 4443 section 4.1) with its checksum over the pseudo header of RFC 8200. */
export function icmpv6EchoRequest(
  source: Uint8Array,
  destination: Uint8Array,
  identifier: number,
  sequence: number,
  payload: Uint8Array,
): Uint8Array {
  const message = joined(Uint8Array.of(128, 0, 0, 0), sixteen(identifier), sixteen(sequence), payload);
  const pseudo = joined(
    source,
    destination,
    Uint8Array.of(0, 0),
    sixteen(message.length),
    Uint8Array.of(0, 0, 0, IPPROTO_ICMPV6),
  );
  message.set(sixteen(internetChecksum(joined(pseudo, message))), 2);
  return message;
}

/** An IPv4 packet without options (RFC 791), don't-fragment set, TTL 64, carrying `message` as ICMP. */
export function ipv4Packet(source: string, destination: string, message: Uint8Array): Uint8Array {
  const header = joined(
    Uint8Array.of(0x45, 0),
    sixteen(20 + message.length),
    sixteen(0x1c46),
    sixteen(0x4000),
    Uint8Array.of(64, IPPROTO_ICMP, 0, 0),
    ipv4Address(source),
    ipv4Address(destination),
  );
  header.set(sixteen(internetChecksum(header)), 10);
  return joined(header, message);
}

/** An IPv6 packet (RFC 8200), hop limit 64, carrying `message` as ICMPv6. */
export function ipv6Packet(source: Uint8Array, destination: Uint8Array, message: Uint8Array): Uint8Array {
  return joined(
    Uint8Array.of(0x60, 0, 0, 0),
    sixteen(message.length),
    Uint8Array.of(IPPROTO_ICMPV6, 64),
    source,
    destination,
    message,
  );
}

/** An Ethernet II frame without its check sequence. */
export function ethernetFrame(
  destination: MacAddress,
  source: MacAddress,
  etherType: number,
  payload: Uint8Array,
): Uint8Array {
  return joined(macAddress(destination), macAddress(source), sixteen(etherType), payload);
}

/** What follows a VLAN EtherType (IEEE 802.1Q): priority 0, the VLAN identifier, the next EtherType, `payload`. */
export function vlanTag(identifier: number, etherType: number, payload: Uint8Array): Uint8Array {
  return joined(sixteen(identifier & 0x0fff), sixteen(etherType), payload);
}

/** The struct tun_pi that precedes a packet on a TUN device without IFF_NO_PI: flags 0, then the protocol. */
export function tunPacketInformation(protocol: number): Uint8Array {
  return joined(sixteen(0), sixteen(protocol));
}

/** Four bytes of a dotted address. Throws a RangeError for any other text. */
export function ipv4Address(text: string): Uint8Array {
  const bytes = text.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) {
    throw new RangeError(`${text} is not a dotted IPv4 address`);
  }
  return Uint8Array.from(bytes);
}

/** Six bytes of a colon-separated address. Throws a RangeError for any other text. */
export function macAddress(text: MacAddress): Uint8Array {
  const parts = text.split(':');
  if (parts.length !== 6 || parts.some((part) => !/^[0-9a-f]{2}$/i.test(part))) {
    throw new RangeError(`${text} is not a MAC address`);
  }
  return Uint8Array.from(parts, (part) => parseInt(part, 16));
}

/** The pieces in one array. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** Lower-case hexadecimal digits, two a byte, without separators. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sixteen(value: number): Uint8Array {
  return Uint8Array.of((value >>> 8) & 0xff, value & 0xff);
}
