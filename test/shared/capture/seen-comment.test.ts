import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSeen, writeSeen } from '../../../shared/capture/seen-comment.ts';
import type { Seen } from '../../../shared/capture/seen-comment.ts';
import { EXPECTATIONS } from '../../../shared/packet/verdict-kinds.ts';

const number = fc.option(fc.integer({ min: -65_536, max: 2 ** 32 }));
const seen: fc.Arbitrary<Seen> = fc.record({
  function: fc.string({ maxLength: 100 }),
  expect: fc.constantFrom(...EXPECTATIONS),
  output: fc.boolean(),
  skb: fc.option(
    fc.record({
      len: number,
      dataLen: number,
      macLen: number,
      protocol: number,
      pktType: number,
      headroom: number,
      macHeader: number,
      networkHeader: number,
      deviceName: fc.option(fc.string({ maxLength: 15 })),
      ifindex: number,
      deviceType: number,
      hardHeaderLength: number,
      netns: number,
    }),
  ),
});

test('what a probe knew of a packet reads back from its comment, among others', () => {
  fc.assert(
    fc.property(seen, (what) => {
      expect(readSeen(['Ethernet header', writeSeen(what), 'observed: …'])).toEqual(what);
    }),
  );
});

test('a comment that only looks like ours, is damaged or endless, is none', () => {
  expect(readSeen([])).toBeNull();
  expect(readSeen(['a note of somebody'])).toBeNull();
  const good = writeSeen({ function: 'ip_rcv', expect: 'ipv4', output: false, skb: null });
  expect(readSeen([good.replace('"ipv4"', '"ipx"')])).toBeNull();
  expect(readSeen([`${good}${' '.repeat(5000)}`])).toBeNull();
  fc.assert(
    fc.property(fc.integer({ min: 13, max: good.length - 1 }), (length) => {
      expect(readSeen([good.slice(0, length)])).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => readSeen([`skblens saw ${text}`])).not.toThrow();
    }),
  );
});
