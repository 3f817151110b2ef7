import { describe, expect, it } from 'vitest';
import {
  ETH_P_8021Q,
  ETH_P_IP,
  ethernetFrame,
  icmpEchoRequest,
  icmpv6EchoRequest,
  internetChecksum,
  ipv4Address,
  ipv4Packet,
  ipv6Packet,
  joined,
  macAddress,
  toHex,
  tunPacketInformation,
  vlanTag,
} from './packets.ts';

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** RFC 1071's check: the ones' complement sum over data with its checksum in place is 0xffff. */
function onesComplementSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index++) {
    sum += index % 2 === 0 ? (bytes[index] ?? 0) * 256 : (bytes[index] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

describe('internetChecksum', () => {
  it('gives the sum of the example in RFC 1071 section 3', () => {
    // 0001 f203 f4f5 f6f7 add up to ddf2; the checksum is its complement.
    expect(internetChecksum(fromHex('0001f203f4f5f6f7'))).toBe(~0xddf2 & 0xffff);
  });

  it('gives the checksum of a header that is known from elsewhere', () => {
    expect(internetChecksum(fromHex('450000730000400040110000c0a80001c0a800c7'))).toBe(0xb861);
  });

  it('counts an odd last byte as the high one', () => {
    expect(internetChecksum(fromHex('0001f2'))).toBe(internetChecksum(fromHex('0001f200')));
  });
});

describe('packets', () => {
  const payload = Uint8Array.from({ length: 57 }, (_, index) => index);

  it('an echo request and its IPv4 packet carry valid checksums and lengths', () => {
    const message = icmpEchoRequest(0x1234, 7, payload);
    const packet = ipv4Packet('10.0.0.1', '192.0.2.255', message);
    expect(onesComplementSum(message)).toBe(0xffff);
    expect(onesComplementSum(packet.subarray(0, 20))).toBe(0xffff);
    expect(((packet[2] ?? 0) << 8) | (packet[3] ?? 0)).toBe(packet.length);
    expect(toHex(packet.subarray(12, 20))).toBe('0a000001c00002ff');
    expect(toHex(message.subarray(4, 8))).toBe('12340007');
  });

  it('an ICMPv6 echo request is valid together with its pseudo header', () => {
    const source = fromHex('fd990000000000000000000000000002');
    const destination = fromHex('fd990000000000000000000000000001');
    const message = icmpv6EchoRequest(source, destination, 1, 2, payload);
    const pseudo = joined(
      source,
      destination,
      fromHex(`0000${(8 + 57).toString(16).padStart(4, '0')}0000003a`),
    );
    expect(onesComplementSum(joined(pseudo, message))).toBe(0xffff);
    const packet = ipv6Packet(source, destination, message);
    expect(packet.length).toBe(40 + message.length);
    expect(toHex(packet.subarray(0, 8))).toBe('6000000000413a40');
  });

  it('a frame is destination, source, EtherType, payload; a tag stands between', () => {
    const inner = Uint8Array.of(0x45, 0x00);
    const frame = ethernetFrame(
      '02:00:00:00:00:01',
      '02:00:00:00:00:02',
      ETH_P_8021Q,
      vlanTag(100, ETH_P_IP, inner),
    );
    expect(toHex(frame)).toBe('020000000001' + '020000000002' + '8100' + '0064' + '0800' + '4500');
    expect(toHex(tunPacketInformation(ETH_P_IP))).toBe('00000800');
  });

  it('refuses addresses that are none', () => {
    expect(() => ipv4Address('10.0.0')).toThrow(RangeError);
    expect(() => ipv4Address('10.0.0.256')).toThrow(RangeError);
    expect(() => macAddress('02:00:00:00:00')).toThrow(RangeError);
    expect(() => macAddress('02:00:00:00:00:0g')).toThrow(RangeError);
  });
});
