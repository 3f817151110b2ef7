import { describe, expect, test } from 'vitest';
import { FLAG_ARGUMENTS, FLAG_SKB } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';
import { decodeRecord, recordSummary } from '../../../renderer/state/decode.ts';
import { arp, corrupt, echoRequest, ethernetFrame, ipv6 } from '../dev/packets.ts';
import { plainRecord } from './record-bytes.ts';

const spec = probeSpec.parse({ function: 'ip_rcv_core' });

/** A record of a packet at skb->data, with 16 bytes of headroom captured before it. */
function recordOf(packet: Uint8Array, change: Partial<EventRecord> = {}): EventRecord {
  const bytes = new Uint8Array(16 + packet.length);
  bytes.set(packet, 16);
  return { ...plainRecord(1, 0), flags: FLAG_SKB, window: -16, len: packet.length, bytes, ...change };
}

const protocols = (packet: Uint8Array): string[] =>
  decodeRecord(recordOf(packet), spec, null).asIs.map((layer) => layer.protocol);

describe('decodeRecord', () => {
  test('reads a frame in place of a packet both as the kernel does and as what it is', () => {
    const decoded = decodeRecord(recordOf(ethernetFrame(7)), spec, '6.1.0');
    expect(decoded.verdict).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
    expect(decoded.differ).toBe(true);
    expect(decoded.asIs.map((layer) => [layer.protocol, layer.at])).toEqual([
      ['ethernet', 16],
      ['ipv4', 30],
      ['icmp', 50],
      ['payload', 58],
    ]);
    expect(decoded.asKernel?.[0]).toMatchObject({ protocol: 'ipv4', at: 16 });
    expect(
      decoded.asKernel?.[0]?.fields.find((field) => field.kernel === 'iphdr.version')?.problem,
    ).toBeTruthy();
  });

  test('knows the frame whose address passes for an IP header', () => {
    const decoded = decodeRecord(recordOf(ethernetFrame(7, 0x45)), spec, null);
    expect(decoded.verdict?.kind).toBe('ethernet-where-ip-expected');
    expect(decoded.asIs[0]?.protocol).toBe('ethernet');
  });

  test('begins behind VLAN tags as well', () => {
    const frame = ethernetFrame(7);
    const tagged = new Uint8Array(frame.length + 4);
    tagged.set(frame.subarray(0, 12));
    tagged.set([0x81, 0, 0, 42], 12);
    tagged.set(frame.subarray(12), 16);
    expect(protocols(tagged).slice(0, 3)).toEqual(['ethernet', 'vlan', 'ipv4']);
  });

  test('has one reading of what is as expected', () => {
    const decoded = decodeRecord(recordOf(echoRequest(7)), spec, null);
    expect([decoded.verdict?.kind, decoded.differ]).toEqual(['as-expected', false]);
  });

  test('reads other protocols as what they are', () => {
    expect(protocols(ipv6())[0]).toBe('ipv6');
    expect(protocols(arp())[0]).toBe('arp');
    expect(protocols(corrupt(7))[0]).toBe('ipv4');
  });

  test('has no verdict on plain arguments', () => {
    const record = recordOf(new Uint8Array(), { flags: FLAG_ARGUMENTS, window: 0 });
    expect(decodeRecord(record, spec, null)).toEqual({
      verdict: null,
      asKernel: null,
      asIs: [],
      differ: false,
    });
  });
});

describe('recordSummary', () => {
  test('says what the bytes are, not what they were taken for', () => {
    expect(recordSummary(recordOf(ethernetFrame(7)), spec)).toMatch(
      /^192\.0\.2\.9 -> 192\.0\.2\.1 ICMP echo request/,
    );
    expect(recordSummary(recordOf(arp()), spec)).toMatch(/^ARP who has/);
  });

  test('shows bytes that are no header as bytes', () => {
    expect(recordSummary(recordOf(new Uint8Array(6)), spec)).toBe('00 00 00 00 00 00');
    expect(recordSummary(recordOf(new Uint8Array(60)), spec)).toMatch(/^(00 ){24}…$/);
  });

  test('shows arguments as numbers', () => {
    const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0x88, 0, 0, 0, 0, 1, 9);
    const record = recordOf(new Uint8Array(), { flags: FLAG_ARGUMENTS, window: 0, bytes });
    expect(recordSummary(record, spec)).toBe('0x3, 0xffff880000000001');
    expect(recordSummary(record, spec, { parameters: ['count', 'sk'] })).toBe(
      'count=0x3, sk=0xffff880000000001',
    );
    const back = { ...record, bytes: new Uint8Array(0), edge: 'return' as const };
    expect(recordSummary({ ...back, returned: -22n }, spec)).toBe('→ -22');
    expect(recordSummary({ ...back, returned: -0x7fff_0000_0000n }, spec)).toBe('→ 0xffff800100000000');
  });
});
