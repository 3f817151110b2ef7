/** Bytes of the reference investigation, made by hand: what a probe on ip_rcv_core would capture. */

/** A good IPv4 ICMP echo request, 192.0.2.9 to 192.0.2.1, with its checksums computed. */
export function echoRequest(sequence: number): Uint8Array {
  const packet = new Uint8Array(84);
  packet.set([
    0x45,
    0,
    0,
    84,
    sequence >> 8,
    sequence & 255,
    0x40,
    0,
    64,
    1,
    0,
    0,
    192,
    0,
    2,
    9,
    192,
    0,
    2,
    1,
  ]);
  packet.set([8, 0, 0, 0, 0x12, 0x34, sequence >> 8, sequence & 255], 20);
  for (let at = 28; at < 84; at++) packet[at] = at - 12;
  putChecksum(packet, 0, 20, 10);
  putChecksum(packet, 20, 84, 22);
  return packet;
}

/** The same behind an Ethernet header; `first` is the first byte of the destination address. */
export function ethernetFrame(sequence: number, first = 0x02): Uint8Array {
  const inner = echoRequest(sequence);
  const frame = new Uint8Array(14 + inner.length);
  frame.set([first, 0, 0x5e, 0x10, 0, 1, 0x02, 0, 0x5e, 0x10, 0, 2, 0x08, 0]);
  frame.set(inner, 14);
  return frame;
}

/** An IPv4 header whose checksum does not fit. */
export function corrupt(sequence: number): Uint8Array {
  const packet = echoRequest(sequence);
  packet[10] = (packet[10] ?? 0) ^ 0x5a;
  return packet;
}

export function ipv6(): Uint8Array {
  const packet = new Uint8Array(60);
  packet.set([0x60, 0, 0, 0, 0, 20, 59, 64, 0x20, 1, 0x0d, 0xb8], 0);
  packet[23] = 9;
  packet.set([0x20, 1, 0x0d, 0xb8], 24);
  packet[39] = 1;
  return packet;
}

export function arp(): Uint8Array {
  const packet = new Uint8Array(28);
  packet.set([0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0x5e, 0x10, 0, 2, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1]);
  return packet;
}

function putChecksum(bytes: Uint8Array, from: number, to: number, at: number): void {
  let sum = 0;
  for (let index = from; index < to; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes[at] = (~sum >> 8) & 255;
  bytes[at + 1] = ~sum & 255;
}
