/** The primitives of pcap-filter(7) against tcpdump itself, on packets whose headers are where they should be. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLAG_SKB, PACKET_BYTES, emptyRecord } from '../../../shared/capture/record.ts';
import { compileDisplay } from '../../../shared/filter/compile.ts';
import type { FilterPoint } from '../../../shared/filter/context.ts';
import { ipv4Text, ipv6Text, macText } from '../../../shared/packet/cursor.ts';
import { classicPcap } from '../capture/capture-bytes.ts';
import { Random } from '../packet/generator/random.ts';
import { STACKS } from '../packet/oracle/stacks.ts';
import { needs } from '../../support/needs.ts';

const point: FilterPoint = {
  name: 'eth_type_trans',
  edge: 'entry',
  captures: 'packet',
  expect: 'ethernet',
  pointer: 'data',
  output: false,
  parameters: [{ name: 'skb', type: 'struct sk_buff *' }],
};

interface Packet {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** tcpdump sees behind no tag unless told, and no IPv6 extension header; an LLC header it takes as we do not. */
const STRANGERS = new Set(['vlan', 'llc and snap', 'ipv6 extension headers', 'neighbour discovery']);

function packetsOf(names: readonly string[], each: number): Packet[] {
  return names.flatMap((name, seed) => {
    const random = new Random(seed + 1);
    return Array.from({ length: each }, () => {
      const whole = STACKS[name]?.(random) ?? new Uint8Array(0);
      return { bytes: whole.subarray(0, PACKET_BYTES), length: whole.length };
    });
  });
}

const packets = packetsOf(
  Object.keys(STACKS).filter((name) => !STRANGERS.has(name)),
  40,
);
const tagged = packetsOf(['vlan'], 60);

/** Indexes of the packets that tcpdump lets through. */
function byTcpdump(file: string, filter: string): number[] {
  const { stdout, stderr, status } = spawnSync('tcpdump', ['-r', file, '-nn', '-q', '-tt', filter], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`${filter}: ${stderr}`);
  return [...stdout.matchAll(/^(\d+)\.\d+ /gm)].map((line) => Number(line[1]) - 1000);
}

function byOurs(sample: readonly Packet[], filter: string): number[] {
  const fits = compileDisplay(filter, { points: [point], fields: [] });
  return sample.flatMap(({ bytes, length }, at) => {
    const record = { ...emptyRecord(Uint8Array.from(bytes)), flags: FLAG_SKB, len: length };
    return fits?.(record) === true ? [at] : [];
  });
}

/** Filters with the addresses and ports that occur. */
function filters(): readonly string[] {
  const random = new Random(7);
  const hosts: string[] = [];
  const ports: number[] = [];
  const macs: string[] = [];
  for (let i = 0; i < 12; i++) {
    const { bytes } = random.pick(packets);
    macs.push(macText(bytes, random.pick([0, 6])));
    const type = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
    if (type === 0x0800) {
      hosts.push(ipv4Text(bytes, random.pick([26, 30])));
      ports.push(((bytes[34] ?? 0) << 8) | (bytes[35] ?? 0), ((bytes[36] ?? 0) << 8) | (bytes[37] ?? 0));
    }
    if (type === 0x86dd) hosts.push(ipv6Text(bytes, random.pick([22, 38])));
  }
  const four = hosts.filter((host) => !host.includes(':'));
  const arp = packets.find(({ bytes }) => bytes[12] === 8 && bytes[13] === 6);
  const arpHost = arp === undefined ? '10.0.0.1' : ipv4Text(arp.bytes, 28);
  // tcpdump's tcp[…] and udp[…] know only IPv4; ours take IPv6 too.
  return [
    'ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'igmp', 'esp', 'ah',
    'ip proto 47', 'ip proto \\tcp', 'ip6 proto 17', 'ip6 proto 58', 'ether proto 0x0800', 'ether proto \\arp',
    'ether broadcast', 'ether multicast', 'ip multicast', 'ip6 multicast', 'not ip', 'not (tcp or udp)',
    'portrange 1-1023', 'tcp portrange 1024-65535', 'src portrange 0-30000', 'less 80', 'greater 100',
    'ip[8] < 64', 'ip[0] & 0xf != 5', 'ip[6:2] & 0x1fff != 0', 'ip[2:2] > 60', 'ip[16] >= 224', 'ip6[7] > 64',
    'ether[0] & 1 != 0', 'ether[12:2] = 0x800', 'ip and tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', 'ip and tcp[13] = 0x10',
    'ip and udp[4:2] > 40', 'icmp[icmptype] = icmp-echo', 'icmp[0] != 8 && icmp[0] != 0', 'arp[6:2] = 1', 'ip[12:4] > 0x80000000',
    'net 10', 'net 192.168', 'src net 10.0.0.0/8', 'dst net 128.0.0.0 mask 128.0.0.0', 'net 2001:db8::/32', 'ip6 net fe80::/10',
    `arp host ${arpHost}`, `host ${arpHost}`, `arp and src host ${arpHost}`,
    ...hosts.flatMap((host) => [`host ${host}`, `src host ${host}`, `dst host ${host}`, `not src and dst host ${host}`]),
    ...four.map((host) => `ip host ${host} and not tcp`),
    ...four.slice(1).map((host, at) => `host ${host} or ${four[at] ?? host}`),
    ...ports.flatMap((port) => [`port ${port}`, `src port ${port}`, `udp dst port ${port}`]),
    ...macs.flatMap((mac) => [`ether host ${mac}`, `ether src ${mac} or ether dst ${mac}`]),
  ]; // prettier-ignore
}

needs('tcpdump')('as tcpdump filters', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skblens-filter-'));
  const plain = path.join(folder, 'plain.pcap');
  const behindTags = path.join(folder, 'tagged.pcap');

  beforeAll(() => {
    const write = (file: string, sample: readonly Packet[]): void => {
      const records = sample.map(({ bytes, length }, at) => ({
        ns: BigInt(1000 + at) * 1_000_000_000n,
        bytes,
        originalLength: length,
      }));
      writeFileSync(file, classicPcap(records, { little: true, nanoseconds: false, linktype: 1 }));
    };
    write(plain, packets);
    write(behindTags, tagged);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('every filter lets the same packets through', () => {
    const differing: string[] = [];
    let matched = 0;
    for (const filter of filters()) {
      const theirs = byTcpdump(plain, filter);
      const ours = byOurs(packets, filter);
      matched += theirs.length;
      const only = [
        ...theirs.filter((at) => !ours.includes(at)),
        ...ours.filter((at) => !theirs.includes(at)),
      ];
      if (only.length > 0)
        differing.push(
          `${filter}: theirs ${theirs.length}, ours ${ours.length}, packets ${only.slice(0, 5).join(' ')}`,
        );
    }
    expect(differing).toEqual([]);
    expect(matched).toBeGreaterThan(packets.length * 5);
  });

  test('behind tags, where tcpdump has to be told', () => {
    const id = (((tagged[0]?.bytes[14] ?? 0) & 15) << 8) | (tagged[0]?.bytes[15] ?? 0);
    for (const [theirs, ours] of [
      ['vlan', 'vlan'],
      [`vlan ${id}`, `vlan ${id}`],
    ] as const)
      expect(byOurs(tagged, ours), ours).toEqual(byTcpdump(behindTags, theirs));
    // Ours finds the header behind however many tags there are.
    expect(byOurs(tagged, 'ip').length).toBe(tagged.length);
    expect(byTcpdump(behindTags, 'ip').length).toBeLessThan(tagged.length / 2);
  });
});
