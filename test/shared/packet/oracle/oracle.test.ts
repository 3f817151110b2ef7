import { describe, expect, it } from 'vitest';
import { needs } from '../../../support/needs.ts';
import type { InspectStart } from '../../../../shared/packet/inspect.ts';
import { concat } from '../../capture/capture-bytes.ts';
import { ethernet, randomIpv4Packet, randomIpv6Packet, sourceMac, words16 } from '../generator/build.ts';
import type { Bytes } from '../generator/build.ts';
import { Random } from '../generator/random.ts';
import { compare } from './compare.ts';
import { dissect } from './pdml.ts';
import { goodIpv4, STACKS } from './stacks.ts';

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_PPP = 9;
const LINKTYPE_RAW = 101;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_LINUX_SLL2 = 276;
const PACKETS = 60;

function many(seed: number, make: (random: Random) => Bytes): Bytes[] {
  const random = new Random(seed);
  return Array.from({ length: PACKETS }, () => make(random));
}

function agree(packets: readonly Bytes[], start: InspectStart, linktype: number): Map<string, number> {
  const { agreed, disagreed } = compare(packets, start, dissect(packets, linktype));
  expect(disagreed.length, disagreed.slice(0, 12).join('\n')).toBe(0);
  return agreed;
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

needs('tshark')('fields as tshark reads them', () => {
  describe('under LINKTYPE_ETHERNET', () => {
    it.each(Object.entries(STACKS))('%s', (name, make) => {
      expect(total(agree(many(name.length, make), 'ethernet', LINKTYPE_ETHERNET))).toBeGreaterThan(
        PACKETS * 5,
      );
    });

    it('with one byte of each packet changed', () => {
      const random = new Random(99);
      const packets = many(98, (source) => {
        const packet = ethernet(source.bytes(6), sourceMac(source), [], 0x0800, goodIpv4(source, 30), false);
        const at = random.between(18, packet.length - 1);
        if (at !== 23) packet[at] = (packet[at] ?? 0) ^ (1 << random.below(8));
        return packet;
      }).filter((packet) => packet[14] === 0x45 && packet[16] === 0 && ((packet[20] ?? 0) & 0xbf) === 0);
      const { agreed, disagreed } = compare(packets, 'ethernet', dissect(packets, LINKTYPE_ETHERNET));
      const checksums = disagreed.filter((one) => /\.checksum /.test(one));
      expect(checksums, checksums.join('\n')).toEqual([]);
      expect(agreed.get('ip.checksum')).toBe(packets.length);
    });
  });

  it('bare IP under LINKTYPE_RAW', () => {
    const four = agree(
      many(1, (random) => goodIpv4(random, 20)),
      'ip',
      LINKTYPE_RAW,
    );
    const six = agree(
      many(2, (random) => randomIpv6Packet(random, 20)),
      'ip',
      LINKTYPE_RAW,
    );
    expect(four.get('ip.src')).toBe(PACKETS);
    expect(six.get('ipv6.src')).toBe(PACKETS);
  });

  it('an Ethernet frame relabelled LINKTYPE_RAW: the same wrong IPv4 header', () => {
    const packets = many(3, (random) => {
      const destination = random.bytes(6);
      destination.set([0x45, 0, 0, 60]);
      return ethernet(destination, sourceMac(random), [], 0x0800, randomIpv4Packet(random, 40), false);
    });
    const theirs = dissect(packets, LINKTYPE_RAW);
    const { agreed, disagreed } = compare(packets, 'ip', theirs);
    const outer = disagreed.filter((one) => one.startsWith('ipv4 '));
    expect(outer, outer.slice(0, 5).join('\n')).toEqual([]);
    expect(agreed.get('ip.checksum')).toBeGreaterThanOrEqual(PACKETS);
  });

  it('PPP, and cooked captures of any device', () => {
    const ppp = many(4, (random) => concat(Uint8Array.of(0xff, 3, 0, 0x21), goodIpv4(random, 20)));
    expect(agree(ppp, 'ppp', LINKTYPE_PPP).get('ppp.protocol')).toBe(PACKETS);
    const sll = many(5, (random) =>
      concat(words16(random.below(5), 1, 6), sourceMac(random), words16(0, 0x0800), goodIpv4(random, 20)),
    );
    expect(agree(sll, 'linux-sll', LINKTYPE_LINUX_SLL).get('sll.src.eth')).toBe(PACKETS);
    const sll2 = many(6, (random) =>
      concat(
        words16(0x0800, 0, 0, 7, 1),
        Uint8Array.of(random.below(5), 6),
        sourceMac(random),
        words16(0),
        goodIpv4(random, 20),
      ),
    );
    expect(agree(sll2, 'linux-sll2', LINKTYPE_LINUX_SLL2).get('sll.ifindex')).toBe(PACKETS);
  });
});
