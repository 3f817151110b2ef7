import { describe, expect, it } from 'vitest';
import { inspect } from '../../../shared/packet/inspect.ts';
import type { InspectStart } from '../../../shared/packet/inspect.ts';
import { summary } from '../../../shared/packet/summary.ts';
import { concat } from '../capture/capture-bytes.ts';
import { ethernet, ipv4, ipv6, randomIpv4, randomIpv6, words16 } from './generator/build.ts';
import { Random } from './generator/random.ts';

const random = new Random(1);
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
const FOUR = {
  ...randomIpv4(random),
  source: Uint8Array.of(192, 0, 2, 9),
  destination: Uint8Array.of(192, 0, 2, 1),
  fragment: 0,
  options: new Uint8Array(0),
};
const SIX = {
  ...randomIpv6(random),
  source: new Uint8Array(16).fill(0),
  destination: new Uint8Array(16).fill(0),
};
SIX.source.set([0xfe, 0x80]);
SIX.source[15] = 1;
SIX.destination.set([0xff, 2]);
SIX.destination[15] = 0xfb;

function line(bytes: Uint8Array, start: InspectStart): string {
  return summary(inspect(bytes, { start, at: 0, packetLength: bytes.length }));
}

describe('one line for a packet', () => {
  it('as Wireshark users expect it', () => {
    const echo = concat(Uint8Array.of(8, 0, 0, 0), words16(0x1234, 1), new Uint8Array(8));
    const packet = ipv4({ ...FOUR, protocol: 1 }, echo);
    expect(line(packet, 'ip')).toBe('192.0.2.9 -> 192.0.2.1 ICMP echo request id=0x1234 seq=1');
    const syn = concat(words16(40000, 443, 0, 7, 0, 0), Uint8Array.of(0x50, 2), words16(64240, 0, 0));
    expect(line(ipv4({ ...FOUR, protocol: 6 }, syn), 'ip')).toBe(
      '192.0.2.9 -> 192.0.2.1 TCP 40000 -> 443 [SYN] seq=7 win=64240 len=0',
    );
    const dns = concat(words16(5353, 5353, 20, 0), new Uint8Array(12));
    expect(line(ipv6({ ...SIX, next: 17 }, dns), 'ipv6')).toBe('fe80::1 -> ff02::fb UDP 5353 -> 5353 len=12');
    const fragment = ipv4({ ...FOUR, protocol: 17, fragment: 185 }, new Uint8Array(16));
    expect(line(fragment, 'ipv4')).toBe('192.0.2.9 -> 192.0.2.1 IPv4 fragment offset=1480 proto=17 (UDP)');
    expect(line(ethernet(MAC, MAC, [], 0x0800, packet, false), 'ethernet')).toBe(line(packet, 'ip'));
  });

  it('of a tunnelled packet, the inner one; of an ICMP error, the error', () => {
    const echo = ipv4({ ...FOUR, protocol: 1 }, concat(Uint8Array.of(0, 0, 0, 0), words16(1, 2)));
    const outer = { ...FOUR, source: Uint8Array.of(10, 0, 0, 1), destination: Uint8Array.of(10, 0, 0, 2) };
    expect(line(ipv4({ ...outer, protocol: 4 }, echo), 'ip')).toBe(
      '192.0.2.9 -> 192.0.2.1 ICMP echo reply id=0x0001 seq=2',
    );
    const error = concat(Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0), echo);
    expect(line(ipv4({ ...outer, protocol: 1 }, error), 'ip')).toBe(
      '10.0.0.1 -> 10.0.0.2 ICMP port unreachable',
    );
  });

  it('without IP, and of nothing', () => {
    const request = concat(
      words16(1, 0x0800, 0x0604, 1),
      MAC,
      FOUR.source,
      new Uint8Array(6),
      FOUR.destination,
    );
    expect(line(ethernet(MAC, MAC, [], 0x0806, request, true), 'ethernet')).toBe(
      'ARP who has 192.0.2.1? tell 192.0.2.9',
    );
    expect(line(ethernet(MAC, MAC, [], 0x88cc, new Uint8Array(4), false), 'ethernet')).toBe(
      '02:00:00:00:00:01 -> 02:00:00:00:00:01 Ethernet 0x88cc (LLDP)',
    );
    expect(line(new Uint8Array(0), 'ip')).toBe('');
  });
});
