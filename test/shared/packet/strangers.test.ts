import { expect, it } from 'vitest';
import { claimOfLinktype } from '../../../shared/capture/pcap-linktypes.ts';
import { inspect } from '../../../shared/packet/inspect.ts';
import { packetLine } from '../../../shared/packet/reading.ts';
import { describe as inWords, verdict } from '../../../shared/packet/verdict.ts';
import type { Verdict, VerdictInput } from '../../../shared/packet/verdict.ts';

/** Packets written with scapy, each one that was once judged or put into words wrongly. */
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const MACS = '0242ac110002 0242ac110003';
const ECHO =
  '4500001c000100004001f6d5c0000209c0000201' + // 192.0.2.9 to 192.0.2.1, 28 bytes
  '0800e5c912340001';
const ECHO6 =
  '6000000000083a40 20010db8000000000000000000000001 20010db8000000000000000000000002' +
  '8000 218e 0001 0002';
const ARP = '0001 0800 06040001 0242ac110003 0a000001 000000000000 0a000002';

function look(
  text: string,
  more: Partial<VerdictInput> = {},
): { judged: Verdict; line: string; said: string } {
  const bytes = hex(text);
  const window = more.window ?? 0;
  const input: VerdictInput = {
    bytes,
    window: 0,
    expect: 'ip',
    packetLength: bytes.length + window,
    skb: null,
    ...more,
  };
  const judged = verdict(input);
  return {
    judged,
    line: packetLine(input, judged),
    said: judged.evidence.map((item) => item.text).join('\n'),
  };
}

it.each([
  ['PPPoE', '8864 1100 0011 001e 0021', 22],
  ['MPLS', '8847 00010140', 18],
  ['two MPLS labels', '8847 00010040 00011140', 22],
])('a frame with %s and IP in it is a frame, and its IP header is found', (_, between, at) => {
  const { judged, line } = look(MACS + between + ECHO);
  expect(judged.kind).toBe('ethernet-where-ip-expected');
  expect(judged.headerAt).toBe(at);
  expect(line).toBe('192.0.2.9 -> 192.0.2.1 ICMP echo request id=0x1234 seq=1');
});

it.each([
  ['an IPv4 header of ihl 3', `0800 43${ECHO.slice(2)}`],
  ['RARP', `8035 0001 0800 06040003 0242ac110003 0a000001 000000000000 0a000002`],
  ['PTP', `88f7 0002002c00000200 ${'00'.repeat(36)}`],
  ['another frame', `6558 ${MACS} 0800 ${ECHO}`],
  ['another frame that is not announced', `0800 ${MACS} 0800 ${ECHO}`],
  ['a network service header', `894f 0fc60103000000ff ${'00'.repeat(16)} ${ECHO}`],
])('a frame with %s in it is a frame', (_, behind) => {
  expect(look(MACS + behind).judged.kind).toBe('ethernet-where-ip-expected');
});

it('an Ethernet header that is shifted is called that, by as much as it is', () => {
  const { judged, line } = look(`0000${MACS}0800${ECHO}`, { expect: 'ethernet' });
  expect(judged).toMatchObject({ kind: 'shifted-ip-header', headerAt: 2 });
  expect(judged.title).toContain('Ethernet header shifted by 2 bytes');
  expect(line).toMatch(/^192\.0\.2\.9 -> /);
});

it('behind a tun_pi the packet is read where it is', () => {
  expect(look(`00000800${'00'.repeat(10)}${ECHO}`).line).toMatch(/^192\.0\.2\.9 -> /);
  expect(look(`00000800${ECHO}`).line).toMatch(/^192\.0\.2\.9 -> /);
  expect(look(`00000806${MACS}0806${ARP}`).line).toMatch(/^ARP who has 10\.0\.0\.2/);
});

it('only an EtherType makes four bytes ambiguous', () => {
  expect(look(`00000800${ECHO}`).said).toContain('could also be: GRE');
  expect(look(`00000002${ECHO}`).said).not.toContain('could also be');
});

it('an EtherType that names the other IP version is still the end of an Ethernet header', () => {
  const frame = MACS + '86dd' + ECHO;
  const asIp = look(frame).judged;
  expect(asIp).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
  const asFrame = look(frame, { expect: 'ethernet' });
  expect(asFrame.judged).toMatchObject({ kind: 'wrong-ip-version', headerAt: 0 });
  expect(asFrame.said).toContain('EtherType 0x86dd (IPv6)');
  expect(asFrame.line).toBe('192.0.2.9 -> 192.0.2.1 ICMP echo request id=0x1234 seq=1');
});

it('no Ethernet header is said to begin before the bytes that are there', () => {
  const pi = look('00000800' + ECHO, { expect: 'ethernet' }).judged;
  expect(pi).toMatchObject({ kind: 'tun-packet-information', headerAt: null });
  const tag = look('00640800' + ECHO, { expect: 'ethernet' }).judged;
  expect(tag).toMatchObject({ kind: 'other-protocol', headerAt: null });
});

it('a TCP header alone is TCP, not an IPv6 header with another version', () => {
  const syn = 'a8ca01bb 00000001 00000000 a0022000 5f630000 020405b4 0402080a 00000001 00000002 01030307';
  const { judged, line } = look(syn);
  expect(judged.kind).toBe('other-protocol');
  expect(judged.detail.protocol).toBe('tcp');
  expect(line).toContain('TCP 43210 -> 443 [SYN]');
});

it('options of length 0 end, and are no TCP', () => {
  const { judged } = look('a8ca01bb 00000001 00000000 f0022000 5f630000'.padEnd(120, 'fe00'));
  expect(judged.kind).toBe('unrecognised');
});

it('what is no IP header is never written as addresses', () => {
  expect(look(ARP).line).toBe('ARP who has 10.0.0.2? tell 10.0.0.1');
  expect(look('aa'.repeat(64)).line).toBe(`${'aa '.repeat(24)}…`);
  expect(look('00'.repeat(20)).line).toBe('00 '.repeat(20).trim());
  expect(look(ECHO, { expect: 'ethernet' }).line).toMatch(/^192\.0\.2\.9 -> /);
  const frame = `${MACS}0800${ECHO}`;
  expect(look('00'.repeat(12) + frame, { expect: 'ethernet' }).line).toMatch(/^192\.0\.2\.9 -> /);
});

it('a line says where it was cut, and nothing that was not there', () => {
  const cut = (bytes: number): string => look(ECHO.slice(0, bytes * 2), { packetLength: 28 }).line;
  expect(cut(20)).toBe('192.0.2.9 -> 192.0.2.1 IPv4 proto=1 (ICMP) len=28');
  expect(cut(21)).toBe('192.0.2.9 -> 192.0.2.1 ICMP (cut off)');
  expect(cut(25)).toBe('192.0.2.9 -> 192.0.2.1 ICMP echo request');
  expect(cut(8)).toBe('? -> ? IPv4 (cut off)');
  const tcp = look('4500003c03090000400659a00a0102030a090807 a8ca01bb 0000', { packetLength: 60 }).line;
  expect(tcp).toBe('10.1.2.3 -> 10.9.8.7 TCP 43210 -> 443 (cut off)');
});

it('a whole header on a packet that ends too early is not called incomplete', () => {
  const short = look(ECHO.slice(0, 48)).judged;
  expect(short.kind).toBe('truncated');
  expect(short.title).toBe('Truncated: the packet is shorter than tot_len says');
  expect(inWords(short, 'zh-CN')).toContain('tot_len');
  expect(look(ECHO6.replace('0008', '0800')).judged.title).toContain('payload_len');
  expect(look(ECHO.slice(0, 24)).judged.title).toBe('Truncated: the header is not all there');
});

it('ihl below 5 is named, with the length that it makes', () => {
  const { judged, said } = look(`44${ECHO.slice(2)}`, { expect: 'ipv4' });
  expect(judged.title).toBe('Corrupt IP header: ihl');
  expect(said).toContain('ihl 4: a header of 16 bytes');
});

it('a payload length of 0 with a payload behind it is said to be that', () => {
  const { said } = look(
    '6000000000000640 20010db8000000000000000000000001 20010db8000000000000000000000002' + 'ab'.repeat(40),
  );
  expect(said).toContain('Its payload length is 0, though 40 bytes follow');
});

it('an EtherType just before a shifted header is pointed out', () => {
  expect(look(`${MACS.slice(4)}0800${ECHO}`).said).toContain('Bytes 10 to 11 are EtherType 0x0800 (IPv4).');
});

it('one byte is one byte', () => {
  const { judged, said } = look(`ab${ECHO}`);
  expect(judged.title).toBe('IP header shifted by 1 byte');
  expect(`${judged.cause?.text}${said}`).not.toMatch(/\b1 bytes/);
});

it('the pseudo header of a capture is no second Ethernet header', () => {
  const cooked = `0000 0001 0006 0242ac1100030000 0800`;
  const frame = { window: -16, expect: 'ipv4' } as const;
  const text = `${cooked}${MACS}0800${ECHO}`;
  expect(look(text, frame).judged.cause?.code).toBe('two-ethernet-headers');
  expect(look(text, { ...frame, pseudoHeader: true }).judged.cause?.code).toBe('frame-of-unknown-origin');
});

it('link types with a header before the packet claim what that header says', () => {
  const claim = (linktype: number, text: string): unknown => claimOfLinktype(linktype, hex(text));
  expect(claim(108, `00000002${ECHO}`)).toEqual({ expect: 'ipv4', at: 4 });
  expect(claim(9, `ff030021${ECHO}`)).toEqual({ expect: 'ipv4', at: 4 });
  expect(claim(9, `0057${ECHO6}`)).toEqual({ expect: 'ipv6', at: 2 });
  expect(claim(9, 'ff03c021')).toEqual({ expect: 'auto', at: 0 });
  const tagged = `0000 0001 0006 0242ac1100030000 8100 0005 0800${ECHO}`;
  expect(claim(113, tagged)).toEqual({ expect: 'ipv4', at: 20 });
  expect(claim(113, tagged.slice(0, tagged.length - ECHO.length - 4))).toMatchObject({ expect: 'auto' });
});

it('behind a routing header the checksum covers the last destination', () => {
  const segments =
    '6000000000 3c 2b40 20010db8000000000000000000000001 20010db8000000000000000000000002' +
    '0604040101000000 20010db8000000000000000000000003 20010db8000000000000000000000004' +
    '00140050 00000000 00000000 50022000 34090000';
  const problems = (text: string): (string | null)[] => {
    const bytes = hex(text);
    return inspect(bytes, { start: 'ipv6', at: 0, packetLength: bytes.length })
      .flatMap((layer) => layer.fields)
      .filter((field) => field.name === 'tcp.checksum')
      .map((field) => field.problem);
  };
  // As scapy computed it, and tshark calls it good.
  expect(problems(segments)).toEqual([null]);
  expect(problems(segments.replace('34090000', '34080000'))).toEqual(['should be 0x3409']);
  // No segment left: it has arrived, and the address in the IPv6 header counts.
  expect(problems(segments.replace('06040401', '06040400'))).toEqual(['should be 0x340a']);
});

it('a brief verdict lacks only the evidence that all is well', () => {
  for (const text of [ECHO, ECHO6, `${MACS}0800${ECHO}`, ARP]) {
    const bytes = hex(text);
    const input: VerdictInput = { bytes, window: 0, expect: 'ip', packetLength: bytes.length, skb: null };
    const whole = verdict(input);
    const brief = verdict(input, true);
    expect(brief).toEqual(whole.kind === 'as-expected' ? { ...whole, evidence: [] } : whole);
    expect(whole.evidence).not.toEqual([]);
  }
});
