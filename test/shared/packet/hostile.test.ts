import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspect } from '../../../shared/packet/inspect.ts';
import type { InspectStart } from '../../../shared/packet/inspect.ts';
import { summary } from '../../../shared/packet/summary.ts';
import {
  describe as say,
  EXPECTATIONS,
  verdict,
  verdictCode,
  VERDICT_KINDS,
} from '../../../shared/packet/verdict.ts';
import type { VerdictInput } from '../../../shared/packet/verdict.ts';
import { GENERATORS, NO_SKB } from './generator/cases.ts';
import { Random } from './generator/random.ts';
import { STACKS } from './oracle/stacks.ts';

const STARTS: readonly InspectStart[] = [
  ...EXPECTATIONS,
  'vlan',
  'llc',
  'snap',
  'ipv6-hop-by-hop',
  'ipv6-routing',
  'ipv6-fragment',
  'ipv6-destination-options',
  'sctp',
  'gre',
  'erspan',
  'vxlan',
  'geneve',
  'gue',
  'gtp-u',
  'mpls',
  'pppoe',
  'ppp',
  'esp',
  'ah',
  'wireguard',
  'tun-pi',
  'virtio-net',
  'linux-sll',
  'linux-sll2',
  'payload',
];

const real = fc
  .record({ seed: fc.nat(), name: fc.constantFrom(...Object.keys(STACKS)) })
  .map(({ seed, name }) => STACKS[name]?.(new Random(seed)) ?? new Uint8Array(0));

const changed = fc
  .record({
    bytes: real,
    changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 4, 0x45, 0x60, 0x7f, 0x80, 0xff)), {
      maxLength: 6,
    }),
    cut: fc.nat(),
  })
  .map(({ bytes, changes, cut }) => {
    const copy = bytes.slice();
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
  });

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), changed);
const anyLength = fc.oneof(fc.constant(null), fc.nat({ max: 400 }), fc.constantFrom(0, 65535, 4294967295));
const anyWindow = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.constantFrom(-100000, 100000));

describe('any bytes at any expectation', () => {
  it('decode without a throw, and no field claims bytes that were not captured', () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.constantFrom(...STARTS),
        anyWindow,
        anyLength,
        (bytes, start, at, packetLength) => {
          const layers = inspect(bytes, { start, at, packetLength });
          expect(layers.length).toBeLessThanOrEqual(64);
          const limit = packetLength === null ? bytes.length : Math.min(bytes.length, at + packetLength);
          let fields = 0;
          for (const layer of layers) {
            for (const field of layer.fields) {
              fields++;
              if (field.coverage === 'captured') {
                expect(field.at).toBeGreaterThanOrEqual(0);
                expect(field.at + field.length).toBeLessThanOrEqual(limit);
                expect(field.raw).not.toBeNull();
              } else {
                expect([field.raw, field.value, field.problem]).toEqual([null, '', null]);
              }
            }
          }
          expect(fields).toBeLessThan(64 + bytes.length * 12);
          expect(typeof summary(layers)).toBe('string');
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('are judged without a throw, the same by both paths', () => {
    const anySkb = fc.constantFrom(
      null,
      NO_SKB,
      {
        ...NO_SKB,
        deviceType: 65534,
        deviceName: 'tun0',
        protocol: 0x0800,
        macHeader: 0,
        len: 100,
        dataLen: 90,
      },
      { ...NO_SKB, deviceType: 778, ifindex: 7, protocol: 0x8847 },
    );
    fc.assert(
      fc.property(
        anyBytes,
        fc.constantFrom(...EXPECTATIONS),
        anyWindow,
        anyLength,
        anySkb,
        fc.boolean(),
        (bytes, wanted, window, packetLength, skb, output) => {
          const input: VerdictInput = { bytes, window, expect: wanted, packetLength, skb, output };
          const whole = verdict(input);
          expect(verdictCode(input)).toEqual({ kind: whole.kind, headerAt: whole.headerAt });
          expect(VERDICT_KINDS).toContain(whole.kind);
          expect(whole.confidence).toBeGreaterThanOrEqual(0);
          expect(whole.confidence).toBeLessThanOrEqual(1);
          for (const item of whole.evidence) {
            expect(item.text).not.toMatch(/\{\w+\}|undefined|NaN|Infinity/);
            expect(say(item, 'zh-CN')).not.toMatch(/\{\w+\}|undefined|NaN/);
            if (item.length > 0) {
              expect(item.at - window).toBeGreaterThanOrEqual(0);
              expect(item.at - window + item.length).toBeLessThanOrEqual(bytes.length);
            }
          }
          expect(whole.title).not.toMatch(/\{\w+\}|null/);
          if (whole.cause !== null) expect(whole.cause.text).not.toMatch(/\{\w+\}/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('say nothing of bytes before the window', () => {
    const bytes = Uint8Array.from(
      Buffer.from(
        '6545e66f4b39882e38b8807786dd600c9f2a00403afffe800000000000000edb7df997e2be0620010db8f7f67e2dccbb04c9034e346a86',
        'hex',
      ),
    );
    const input: VerdictInput = { bytes, window: 1, expect: 'ethernet', packetLength: null, skb: null };
    for (const item of verdict(input).evidence)
      if (item.length > 0) expect(item.at, item.text).toBeGreaterThanOrEqual(1);
  });

  it('quote only bytes of the window, for cases of every kind', () => {
    for (const kind of VERDICT_KINDS) {
      const random = new Random(5);
      for (let run = 0; run < 200; run++) {
        const { input } = GENERATORS[kind](random);
        for (const item of verdict(input).evidence) {
          expect(item.text).not.toMatch(/\{\w+\}|undefined|NaN/);
          if (item.length === 0) continue;
          expect(item.at).toBeGreaterThanOrEqual(input.window);
          expect(item.at + item.length, item.text).toBeLessThanOrEqual(input.window + input.bytes.length);
        }
      }
    }
  });
});
