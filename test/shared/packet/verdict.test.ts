import { describe as group, expect, it } from 'vitest';
import {
  describe,
  describeRemedy,
  verdict,
  verdictCode,
  verdictNumber,
  VERDICT_KINDS,
} from '../../../shared/packet/verdict.ts';
import type { Verdict, VerdictInput } from '../../../shared/packet/verdict.ts';
import { concat } from '../capture/capture-bytes.ts';
import {
  address6,
  ethernet,
  internetChecksum,
  ipv4,
  ipv6,
  put16,
  randomIpv4,
  randomIpv6,
  sourceMac,
  transport,
  words16,
} from './generator/build.ts';
import type { Bytes } from './generator/build.ts';
import { NO_SKB } from './generator/cases.ts';
import { Random } from './generator/random.ts';

const random = new Random(2);

function echo(): Bytes {
  const source = Uint8Array.of(192, 0, 2, 9);
  const destination = Uint8Array.of(192, 0, 2, 1);
  const message = transport(random, 1, source, destination, 56);
  const fields = { ...randomIpv4(random), protocol: 1, source, destination, fragment: 0x4000, ttl: 64 };
  return ipv4({ ...fields, options: new Uint8Array(0) }, message);
}

function judged(bytes: Uint8Array, more: Partial<VerdictInput> = {}): Verdict {
  const input: VerdictInput = {
    bytes,
    window: 0,
    expect: 'ipv4',
    packetLength: bytes.length + (more.window ?? 0),
    skb: null,
    ...more,
  };
  const result = verdict(input);
  expect(verdictCode(input)).toEqual({ kind: result.kind, headerAt: result.headerAt });
  const number = verdictNumber(input);
  expect(VERDICT_KINDS[number & 15]).toBe(result.kind);
  expect((number >> 4) - 0x8000).toBe(result.headerAt ?? -0x8000);
  return result;
}

function codes(result: Verdict): string[] {
  return result.evidence.map((item) => item.code);
}

const MAC = Uint8Array.of(2, 0, 0x5e, 0, 0x53, 1);
const SOURCE = Uint8Array.of(2, 0, 0, 0, 0, 1);

group('the reference case', () => {
  it('names both addresses, the EtherType, the header behind it, and what the kernel does', () => {
    const frame = ethernet(MAC, SOURCE, [], 0x0800, echo(), false);
    const skb = { ...NO_SKB, deviceName: 'tun0', deviceType: 65534, protocol: 0x0800 };
    const result = judged(frame, { skb });
    expect(result).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
    expect(result.confidence).toBeGreaterThan(0.99);
    expect(result.evidence.map(({ code, at, length, basis }) => [code, at, length, basis])).toEqual([
      ['ethernet-addresses', 0, 12, 'observed'],
      ['ethertype', 12, 2, 'observed'],
      ['ipv4-verified', 14, 20, 'observed'],
      ['ipv4-length-exact', 16, 2, 'observed'],
      ['transport-checksum-good', 34, 64, 'observed'],
      ['kernel-reads-version', 0, 1, 'observed'],
      ['device-type', 0, 0, 'observed'],
      ['skb-protocol', 0, 0, 'observed'],
    ]);
    expect(result.evidence[0]?.text).toContain('02:00:5e:00:53:01');
    expect(result.evidence[2]?.text).toContain('192.0.2.9 to 192.0.2.1, protocol ICMP');
    expect(result.cause).toMatchObject({ code: 'l2-frame-to-tun', proven: false });
    expect(result.cause?.text).toContain('tun0');
    expect(describe(result, 'zh-CN')).toBe('应为 IP 头处出现了以太网头');
    if (result.cause === null) throw new Error('no cause');
    expect(describe(result.cause, 'zh-CN')).toContain('ARPHRD_NONE');
    expect(describeRemedy(result.cause, 'en')).toContain('bpf_xdp_adjust_head');
  });

  it.each([0x45, 0x46, 0x4a, 0x4e, 0x4f, 0x62, 0x66, 0x6e])('with a destination that begins %i', (first) => {
    for (const expectation of ['ipv4', 'ipv6', 'ip'] as const) {
      const destination = MAC.slice();
      destination[0] = first;
      const frame = ethernet(destination, SOURCE, [], 0x0800, echo(), false);
      const result = judged(frame, { expect: expectation });
      expect(result).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
    }
  });

  it('with a destination and source made to pass every test of the kernel', () => {
    for (let run = 0; run < 200; run++) {
      const inner = echo();
      const frame = ethernet(random.bytes(6), random.bytes(6), [], 0x0800, inner, false);
      frame.set([0x45, 0]);
      put16(frame, 2, frame.length);
      put16(frame, 6, 0x4000);
      frame.set([64, 1], 8);
      put16(frame, 10, 0);
      put16(frame, 10, internetChecksum(frame.subarray(0, 20)));
      expect(judged(frame), Buffer.from(frame).toString('hex')).toMatchObject({
        kind: 'ethernet-where-ip-expected',
        headerAt: 14,
      });
    }
  });

  it('cut off behind the EtherType, less surely', () => {
    const frame = ethernet(MAC, SOURCE, [], 0x0800, echo(), false);
    for (const length of [15, 16, 20, 30, 33]) {
      const result = judged(frame.subarray(0, length), { packetLength: frame.length });
      expect(result).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
      expect(codes(result)).toContain('ipv4-cut');
    }
  });

  it('VLAN tags, SNAP and padding in between', () => {
    const packet = echo();
    const tag = { tpid: 0x8100, tci: 100 };
    const provider = { tpid: 0x88a8, tci: 0x2064 };
    expect(judged(ethernet(MAC, SOURCE, [tag], 0x0800, packet, false)).headerAt).toBe(18);
    expect(judged(ethernet(MAC, SOURCE, [provider, tag], 0x0800, packet, false)).headerAt).toBe(22);
    expect(judged(ethernet(MAC, SOURCE, [tag, tag, tag, tag], 0x0800, packet, false)).headerAt).toBe(30);
    const snap = concat(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 8, 0), packet);
    expect(judged(ethernet(MAC, SOURCE, [], snap.length, snap, false)).headerAt).toBe(22);
    const small = ipv4({ ...randomIpv4(random), protocol: 1 }, transport(random, 1, MAC, MAC, 0));
    expect(judged(ethernet(MAC, SOURCE, [], 0x0800, small, true)).headerAt).toBe(14);
    expect(
      judged(ethernet(MAC, SOURCE, [], 0x86dd, ipv6(randomIpv6(random), random.bytes(30)), false)),
    ).toMatchObject({
      kind: 'ethernet-where-ip-expected',
      headerAt: 14,
      detail: { version: 6 },
    });
  });

  it('another type of frame, with no IP header to find', () => {
    const lldp = concat(Uint8Array.of(2, 7, 4), MAC, Uint8Array.of(4, 3, 7, 49, 50), random.bytes(20));
    expect(judged(ethernet(MAC, SOURCE, [], 0x88cc, lldp, true))).toMatchObject({
      kind: 'ethernet-where-ip-expected',
      headerAt: null,
    });
  });
});

group('good packets', () => {
  it('whose source address, identification or payload spell an Ethernet header', () => {
    for (let run = 0; run < 500; run++) {
      const fields = {
        ...randomIpv4(random),
        source: Uint8Array.of(8, 0, 0x45, random.below(256)),
        id: 0x0800,
      };
      const payload = transport(random, fields.protocol, fields.source, fields.destination, 40);
      const result = judged(ipv4(fields, payload));
      expect(result).toMatchObject({ kind: 'as-expected', headerAt: 0 });
      if (fields.options.length === 0) expect(codes(result)).toContain('spells-ethertype');
    }
  });

  it('whose bytes from 14 on would verify as an IPv4 header too', () => {
    for (let run = 0; run < 200; run++) {
      const data = random.bytes(60);
      const source = Uint8Array.of(8, 0, 0x45, 0);
      const destination = Uint8Array.of(0, 40, random.below(256), random.below(256));
      const udp = concat(words16(0x4000, 0x4011, 8 + data.length, 0), data);
      const inner = concat(source.subarray(2), destination, udp.subarray(0, 14));
      put16(udp, 8 + 4, (-(0xffff - internetChecksum(inner)) & 0xffff) + 0);
      const sum = 0xffff - internetChecksum(concat(source.subarray(2), destination, udp.subarray(0, 14)));
      put16(udp, 12, (((udp[12] ?? 0) << 8) | (udp[13] ?? 0)) + (0xffff - sum));
      const pseudo = concat(source, destination, words16(17, udp.length));
      put16(udp, 6, 0);
      put16(udp, 6, internetChecksum(pseudo, udp) || 0xffff);
      const packet = ipv4(
        { ...randomIpv4(random), protocol: 17, source, destination, options: new Uint8Array(0), fragment: 0 },
        udp,
      );
      expect(judged(packet), Buffer.from(packet).toString('hex')).toMatchObject({
        kind: 'as-expected',
        headerAt: 0,
      });
    }
  });

  it('whose IPv6 source spells 0800 45 at bytes 12 to 14', () => {
    const source = address6(random);
    source.set([0x20, 1, 0x0d, 0xb8, 8, 0, 0x45, 0]);
    const fields = { ...randomIpv6(random), source };
    const packet = ipv6(fields, transport(random, fields.next, source, fields.destination, 40));
    expect(judged(packet, { expect: 'ipv6' })).toMatchObject({ kind: 'as-expected', headerAt: 0 });
  });

  it('with a tunnelled packet or a quoted one inside', () => {
    const fields = { ...randomIpv4(random), options: new Uint8Array(0) };
    expect(judged(ipv4({ ...fields, protocol: 4 }, echo())).kind).toBe('as-expected');
    const error = concat(Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0), echo());
    put16(error, 2, internetChecksum(error));
    expect(judged(ipv4({ ...fields, protocol: 1 }, error)).kind).toBe('as-expected');
    const damaged = ipv4({ ...fields, protocol: 4 }, echo());
    damaged[11] = (damaged[11] ?? 0) ^ 0x55;
    expect(judged(damaged)).toMatchObject({ kind: 'corrupt-ip-header', detail: { field: 'check' } });
    damaged.set(ipv4({ ...fields, protocol: 1 }, error).subarray(0, 1));
    expect(judged(damaged).kind).toBe('corrupt-ip-header');
  });

  it('on the way out, before checksum and length are filled in', () => {
    const packet = echo();
    put16(packet, 10, 0);
    expect(judged(packet).kind).toBe('corrupt-ip-header');
    expect(judged(packet, { output: true }).kind).toBe('as-expected');
    put16(packet, 2, 0);
    expect(judged(packet, { output: true }).kind).toBe('as-expected');
  });

  it('behind their own Ethernet header in the window', () => {
    const frame = ethernet(MAC, SOURCE, [], 0x0800, echo(), false);
    expect(judged(frame, { window: -14 })).toMatchObject({ kind: 'as-expected', headerAt: 0 });
  });
});

group('what is no packet', () => {
  it.each([
    'GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n',
    'ELF and so on, Ethernet is not here at all',
    'Jabberwocky, with eyes of flame, came whiffling through',
  ])('text: %s', (text) => {
    for (const packetLength of [text.length, null]) {
      for (const expectation of ['ipv4', 'ipv6', 'ip', 'ethernet'] as const) {
        const bytes = new TextEncoder().encode(text);
        expect(judged(bytes, { expect: expectation, packetLength }).kind).toBe('unrecognised');
      }
    }
  });
});

group('other faults', () => {
  it('an IP header where Ethernet was expected', () => {
    expect(judged(echo(), { expect: 'ethernet' })).toMatchObject({
      kind: 'ip-where-ethernet-expected',
      headerAt: null,
    });
    const frame = ethernet(MAC, SOURCE, [], 0x0800, echo(), false);
    expect(judged(frame, { expect: 'ethernet', window: -14 })).toMatchObject({
      kind: 'ip-where-ethernet-expected',
      headerAt: -14,
    });
    const fields = { ...randomIpv4(random), protocol: 17, source: Uint8Array.of(8, 0, 0x45, 1) };
    const spelling = ipv4(fields, transport(random, 17, fields.source, fields.destination, 30));
    expect(judged(spelling, { expect: 'ethernet' }).kind).toBe('ip-where-ethernet-expected');
  });

  it('a VLAN tag left behind, a tun_pi and a GRE header, told apart by the device', () => {
    const same = concat(words16(0, 0x0800), echo());
    const on = (deviceType: number): Verdict => judged(same, { skb: { ...NO_SKB, deviceType } });
    expect(on(65534)).toMatchObject({ kind: 'tun-packet-information', headerAt: 4 });
    expect(on(1)).toMatchObject({ kind: 'vlan-where-ip-expected', headerAt: 4 });
    expect(on(778)).toMatchObject({ kind: 'other-protocol', headerAt: 4, detail: { protocol: 'gre' } });
    const unknown = judged(same);
    expect(unknown.kind).toBe('tun-packet-information');
    expect(codes(unknown)).toContain('also-reads-as');
    expect(judged(concat(words16(100, 0x0800), echo()))).toMatchObject({
      kind: 'vlan-where-ip-expected',
      headerAt: 4,
    });
  });

  it('zeros that bpf_skb_change_head left before the header', () => {
    const result = judged(concat(new Uint8Array(14), echo()));
    expect(result).toMatchObject({ kind: 'shifted-ip-header', headerAt: 14, detail: { shift: 14 } });
    expect(result.title).toBe('IP header shifted by 14 bytes');
    expect(result.cause?.code).toBe('change-head-zeros');
  });

  it('a header before the expected position', () => {
    const packet = echo();
    const result = judged(packet, { window: -20, packetLength: packet.length - 20 });
    expect(result).toMatchObject({ kind: 'shifted-ip-header', headerAt: -20 });
    expect(result.cause?.code).toBe('header-pulled');
  });

  it('which field of a header is wrong', () => {
    const field = (change: (packet: Bytes) => void): unknown => {
      const packet = echo();
      change(packet);
      const result = judged(packet);
      expect(result.kind).toBe('corrupt-ip-header');
      return result.detail.field;
    };
    expect(field((packet) => (packet[0] = 0x55))).toBe('version');
    expect(field((packet) => (packet[0] = 0x43))).toBe('ihl');
    expect(field((packet) => (packet[0] = 0x46))).toBe('ihl');
    expect(field((packet) => put16(packet, 2, 1400))).toBe('tot_len');
    expect(field((packet) => (packet[8] = 63))).toBe('ttl');
    expect(field((packet) => (packet[13] = 7))).toBe('check');
    const cut = echo();
    expect(judged(cut.subarray(0, 60))).toMatchObject({ kind: 'truncated', headerAt: 0 });
  });

  it('wrong version, proven by skb->protocol', () => {
    const packet = ipv6(randomIpv6(random), random.bytes(20));
    const result = judged(packet, { skb: { ...NO_SKB, protocol: 0x0800 } });
    expect(result).toMatchObject({ kind: 'wrong-ip-version', headerAt: null, cause: { proven: true } });
    expect(judged(packet).cause?.proven).toBe(false);
  });

  it('cut by the window, by the packet, by fragments', () => {
    const packet = echo();
    const window = judged(packet.subarray(0, 12), { packetLength: packet.length });
    expect(window).toMatchObject({
      kind: 'truncated',
      headerAt: 0,
      cause: { code: 'window-too-short', proven: true },
    });
    expect(judged(packet.subarray(0, 12))).toMatchObject({
      kind: 'truncated',
      cause: { code: 'packet-cut' },
    });
    const skb = { ...NO_SKB, len: 84, dataLen: 84 };
    const pages = judged(packet.subarray(0, 0), { packetLength: 84, skb });
    expect(pages).toMatchObject({ kind: 'truncated', cause: { code: 'in-fragments', proven: true } });
    expect(judged(new Uint8Array(0), { packetLength: null }).kind).toBe('truncated');
  });

  it('causes that only some kernels have', () => {
    const frame = ethernet(MAC, SOURCE, [], 0x0800, echo(), false);
    const skb = { ...NO_SKB, deviceType: 512, deviceName: 'ppp0' };
    expect(judged(frame, { skb, kernel: '6.1.0-56-cloud-amd64' }).cause?.code).toBe(
      'redirect-keeps-mac-header',
    );
    expect(judged(frame, { skb, kernel: '6.12.48' }).cause?.code).toBe('l2-frame-to-l3-device');
    expect(judged(frame, { skb }).cause?.code).toBe('l2-frame-to-l3-device');
  });
});

group('expected transport headers', () => {
  it('are as expected, or the IP or Ethernet header before them is found', () => {
    const packet = echo();
    const message = packet.subarray(20);
    expect(judged(message, { expect: 'icmp' })).toMatchObject({ kind: 'as-expected', headerAt: 0 });
    expect(judged(packet, { expect: 'icmp' })).toMatchObject({
      kind: 'other-protocol',
      headerAt: 20,
      detail: { protocol: 'ipv4' },
    });
    const frame = ethernet(MAC, sourceMac(random), [], 0x0800, packet, false);
    expect(judged(frame, { expect: 'icmp' })).toMatchObject({
      kind: 'other-protocol',
      headerAt: 34,
      detail: { protocol: 'ethernet' },
    });
    const arp = concat(words16(1, 0x0800, 0x0604, 1), random.bytes(20));
    expect(judged(arp, { expect: 'arp' })).toMatchObject({ kind: 'as-expected', headerAt: 0 });
    expect(judged(ethernet(MAC, SOURCE, [], 0x0806, arp, true), { expect: 'arp' })).toMatchObject({
      kind: 'other-protocol',
      headerAt: 14,
    });
    for (const [protocol, name] of [
      [6, 'tcp'],
      [17, 'udp'],
    ] as const) {
      const fields = { ...randomIpv4(random), protocol, options: new Uint8Array(0), fragment: 0 };
      const whole = ipv4(fields, transport(random, protocol, fields.source, fields.destination, 30));
      expect(judged(whole, { expect: name, window: -20 }).kind).toBe('as-expected');
      expect(judged(whole, { expect: name }).headerAt).toBe(20);
    }
  });
});

group('auto', () => {
  it('takes what is there for what was expected, and still names prefixes', () => {
    const packet = echo();
    expect(judged(packet, { expect: 'auto' })).toMatchObject({
      kind: 'as-expected',
      detail: { protocol: 'ipv4' },
    });
    const frame = ethernet(MAC, SOURCE, [], 0x0800, packet, false);
    expect(judged(frame, { expect: 'auto' })).toMatchObject({
      kind: 'as-expected',
      detail: { protocol: 'ethernet' },
    });
    const six = ipv6(randomIpv6(random), random.bytes(30));
    expect(judged(six, { expect: 'auto' })).toMatchObject({
      kind: 'as-expected',
      detail: { protocol: 'ipv6' },
    });
    expect(judged(concat(words16(0, 0x0800), packet), { expect: 'auto' }).kind).toBe(
      'tun-packet-information',
    );
    expect(judged(concat(new Uint8Array(10), frame), { expect: 'auto' })).toMatchObject({
      kind: 'virtio-net-header',
      headerAt: 24,
    });
  });
});
