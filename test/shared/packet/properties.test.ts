import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspect } from '../../../shared/packet/inspect.ts';
import type { Field } from '../../../shared/packet/inspect.ts';
import { en, zhCN } from '../../../shared/packet/texts.ts';
import { verdictCode } from '../../../shared/packet/verdict.ts';
import { ethernet, ipv4, ipv6, transport } from './generator/build.ts';
import type { Ipv4Fields, Ipv6Fields } from './generator/build.ts';
import { Random } from './generator/random.ts';

function bytes(length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const byte = fc.nat({ max: 255 });
const options = fc.constantFrom(0, 4, 8, 40).map((length) => new Uint8Array(length).fill(1));

const ipv4Fields: fc.Arbitrary<Ipv4Fields> = fc.record({
  protocol: fc.constantFrom(1, 6, 17, 50, 255),
  source: bytes(4),
  destination: bytes(4),
  tos: byte,
  id: fc.nat({ max: 65535 }),
  fragment: fc.constantFrom(0, 0x4000, 0x2000, 0x0007),
  ttl: byte,
  options,
});

const ipv6Fields: fc.Arbitrary<Ipv6Fields> = fc.record({
  next: fc.constantFrom(6, 17, 58),
  source: bytes(16).filter((address) => address[0] !== 0xff),
  destination: bytes(16),
  trafficClass: byte,
  flow: fc.nat({ max: (1 << 20) - 1 }),
  hopLimit: byte,
});

const seed = fc.nat();
const dataLength = fc.nat({ max: 120 });

function payload(fields: Ipv4Fields, from: number, length: number): Uint8Array {
  return transport(new Random(from), fields.protocol, fields.source, fields.destination, length);
}

describe('for every', () => {
  it('valid IPv4 header, the verdict is as expected', () => {
    fc.assert(
      fc.property(ipv4Fields, seed, dataLength, fc.boolean(), (fields, from, length, known) => {
        const packet = ipv4(fields, payload(fields, from, length));
        const packetLength = known ? packet.length : null;
        const code = verdictCode({ bytes: packet, window: 0, expect: 'ipv4', packetLength, skb: null });
        expect(code).toEqual({ kind: 'as-expected', headerAt: 0 });
      }),
      { numRuns: 3000 },
    );
  });

  it('pair of MAC addresses before a good packet, the Ethernet header is found', () => {
    const mac = fc.oneof(
      bytes(6),
      fc
        .tuple(fc.integer({ min: 0x45, max: 0x4f }), bytes(5))
        .map(([first, rest]) => Uint8Array.of(first, ...rest)),
    );
    fc.assert(
      fc.property(
        mac,
        bytes(6),
        ipv4Fields,
        seed,
        dataLength,
        (destination, source, fields, from, length) => {
          const frame = ethernet(
            destination,
            source,
            [],
            0x0800,
            ipv4(fields, payload(fields, from, length)),
            false,
          );
          for (const expectation of ['ipv4', 'ipv6', 'ip'] as const) {
            const code = verdictCode({
              bytes: frame,
              window: 0,
              expect: expectation,
              packetLength: frame.length,
              skb: null,
            });
            expect(code).toEqual({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
          }
          const wanted = verdictCode({
            bytes: frame,
            window: 0,
            expect: 'ethernet',
            packetLength: frame.length,
            skb: null,
          });
          expect(wanted).toEqual({ kind: 'as-expected', headerAt: 0 });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('packet, decoding gives back what was put in', () => {
    fc.assert(
      fc.property(ipv4Fields, ipv6Fields, seed, dataLength, (four, six, from, length) => {
        const first = inspect(ipv4(four, payload(four, from, length)), {
          start: 'ip',
          at: 0,
          packetLength: null,
        })[0];
        const get = (fields: readonly Field[] | undefined, name: string): unknown =>
          fields?.find((field) => field.name === name)?.raw;
        expect(get(first?.fields, 'ip.ttl')).toBe(four.ttl);
        expect(get(first?.fields, 'ip.id')).toBe(four.id);
        expect(get(first?.fields, 'ip.proto')).toBe(four.protocol);
        expect(get(first?.fields, 'ip.src')).toBe(Buffer.from(four.source).readUInt32BE());
        expect(get(first?.fields, 'ip.dst')).toBe(Buffer.from(four.destination).readUInt32BE());
        expect(get(first?.fields, 'ip.hdr_len')).toBe(5 + four.options.length / 4);
        const packet = ipv6(six, transport(new Random(from), six.next, six.source, six.destination, length));
        const other = inspect(packet, { start: 'ip', at: 0, packetLength: packet.length });
        expect(get(other[0]?.fields, 'ipv6.tclass')).toBe(six.trafficClass);
        expect(get(other[0]?.fields, 'ipv6.flow')).toBe(six.flow);
        expect(get(other[0]?.fields, 'ipv6.src')).toEqual(six.source);
        expect(
          other.flatMap((layer) =>
            layer.fields.filter((field) => /checksum/.test(field.name) && field.problem !== null),
          ),
        ).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the texts', () => {
  it('of both languages take the same values', () => {
    for (const [key, english] of Object.entries(en)) {
      const names = (text: string): string[] =>
        [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
      const chinese = (zhCN as Readonly<Record<string, string>>)[key] ?? '';
      expect(names(chinese), key).toEqual(names(english));
    }
  });
});
