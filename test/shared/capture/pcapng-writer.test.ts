import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../../shared/capture/pcapng-writer.ts';
import { PcapReader } from '../../../shared/capture/pcap-reader.ts';
import { needs } from '../../support/needs.ts';
import { concat } from './capture-bytes.ts';

const ORIGIN = {
  application: 'skblens test',
  os: 'Linux 6.1.0',
  hardware: 'x86_64',
  comment: 'bad-ip-header',
};

const packetList = fc.array(
  fc.record({
    function: fc.constantFrom('ip_rcv_core', 'icmp_rcv', 'eth_type_trans'),
    device: fc.constantFrom('tun0', 'eth0', null),
    linktype: fc.constantFrom(1, 101),
    ns: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }),
    bytes: fc.uint8Array({ maxLength: 80 }),
    originalLength: fc.nat({ max: 2000 }),
    comments: fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 3 }),
  }),
  { maxLength: 20 },
);

describe('pcapng writer', () => {
  it('writes what the reader reads', () => {
    fc.assert(
      fc.property(packetList, (list) => {
        const writer = new PcapngWriter(ORIGIN);
        const file = concat(writer.start(), ...list.map((packet) => writer.packet(packet)), writer.end(3));
        const reader = new PcapReader();
        const packets = reader.push(file);
        expect(reader.end()).toBeNull();
        expect(
          packets.map(({ ns, bytes, linktype, comments }) => [ns, [...bytes], linktype, comments]),
        ).toEqual(list.map(({ ns, bytes, linktype, comments }) => [ns, [...bytes], linktype, comments]));
        const points = new Set(
          list.map((packet) => `${packet.function} ${packet.device ?? ''} ${packet.linktype}`),
        );
        expect(reader.interfaces.length).toBe(points.size);
        for (const [index, packet] of packets.entries()) {
          const { device, function: name } = list[index] ?? { device: null, function: '' };
          const label = device === null ? name : `${name}@${device}`;
          expect(reader.interfaces[packet.interfaceIndex]?.name).toBe(label);
        }
      }),
    );
  });

  it('cuts a comment that is too long between characters', () => {
    const writer = new PcapngWriter(ORIGIN);
    const reader = new PcapReader();
    const packet = {
      function: 'f',
      device: null,
      linktype: 1,
      ns: 0n,
      bytes: new Uint8Array(1),
      originalLength: 1,
      comments: ['字'.repeat(30000)],
    };
    const [read] = reader.push(concat(writer.start(), writer.packet(packet)));
    expect(read?.comments[0]).toBe('字'.repeat(21845));
  });
});

needs('tshark')('pcapng as tshark reads it', () => {
  it('opens without a warning, with names, times and comments', () => {
    const folder = mkdtempSync(join(tmpdir(), 'skblens-pcapng-'));
    try {
      const writer = new PcapngWriter(ORIGIN);
      const ipv4 = Uint8Array.from(
        '4500001c1234000040 01e4a2c0000209c00002010800e5ca12340001'.replace(' ', '').match(/../g) ?? [],
        (pair) => parseInt(pair, 16),
      );
      const frame = concat(Uint8Array.of(2, 0, 0x5e, 0, 0x53, 1, 2, 0, 0, 0, 0, 1, 8, 0), ipv4);
      const point = { function: 'ip_rcv_core', device: 'tun0' };
      const first = {
        ...point,
        linktype: 1,
        ns: 1_795_000_000_123_456_789n,
        bytes: frame,
        originalLength: 42,
        comments: ['ethernet-where-ip-expected', '应为 IP 头处出现了以太网头'],
      };
      const second = {
        ...first,
        linktype: 101,
        ns: 1_795_000_001_000_000_001n,
        bytes: ipv4,
        originalLength: 28,
        comments: [],
      };
      const file = join(folder, 'events.pcapng');
      writeFileSync(file, concat(writer.start(), writer.packet(first), writer.packet(second), writer.end(0)));
      const fields = ['frame.interface_name', 'frame.time_epoch', 'frame.comment', 'ip.src'];
      const run = spawnSync(
        'tshark',
        ['-r', file, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])],
        {
          encoding: 'utf8',
        },
      );
      const noise = run.stderr
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('Running as user'));
      expect(noise).toEqual([]);
      expect(run.status).toBe(0);
      expect(
        run.stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.trimEnd()),
      ).toEqual([
        'ip_rcv_core@tun0\t1795000000.123456789\tethernet-where-ip-expected,应为 IP 头处出现了以太网头\t192.0.2.9',
        'ip_rcv_core@tun0\t1795000001.000000001\t\t192.0.2.9',
      ]);
      const broken = spawnSync('tshark', ['-r', file, '-Y', '_ws.malformed'], { encoding: 'utf8' });
      expect(broken.stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
