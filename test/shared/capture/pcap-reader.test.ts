import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcapReader } from '../../../shared/capture/pcap-reader.ts';
import type { CapturedPacket } from '../../../shared/capture/pcap-reader.ts';
import {
  classicPcap,
  concat,
  enhancedPacket,
  interfaceBlock,
  pcapngBlock,
  pcapngOption,
  sectionHeader,
} from './capture-bytes.ts';

function read(file: Uint8Array, chunkSize: number): { packets: CapturedPacket[]; reader: PcapReader } {
  const reader = new PcapReader();
  const packets: CapturedPacket[] = [];
  for (let at = 0; at < file.length; at += chunkSize) {
    packets.push(...reader.push(file.slice(at, at + chunkSize)));
  }
  reader.end();
  return { packets, reader };
}

const packetList = fc.array(
  fc.record({
    ns: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }).map((ns) => ns - (ns % 1000n)),
    bytes: fc.uint8Array({ maxLength: 200 }),
  }),
  { maxLength: 12 },
);

describe('classic pcap', () => {
  it('reads back both byte orders and both resolutions, in chunks of any size', () => {
    fc.assert(
      fc.property(
        packetList,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 300 }),
        (list, little, nanoseconds, chunk) => {
          const file = classicPcap(list, { little, nanoseconds, linktype: 101 });
          const { packets, reader } = read(file, chunk);
          expect(reader.problem).toBeNull();
          for (const { bytes, fileOffset } of packets)
            expect(file.subarray(fileOffset, fileOffset + bytes.length)).toEqual(bytes.slice());
          expect(
            packets.map(({ ns, bytes, linktype, index }) => ({ ns, bytes: [...bytes], linktype, index })),
          ).toEqual(list.map(({ ns, bytes }, index) => ({ ns, bytes: [...bytes], linktype: 101, index })));
        },
      ),
    );
  });

  it('gives what comes before a break, and says where it breaks', () => {
    const list = [1n, 2n, 3n].map((ns) => ({ ns: ns * 1000n, bytes: new Uint8Array(40).fill(Number(ns)) }));
    const file = classicPcap(list, { little: true, nanoseconds: false, linktype: 1 });
    for (let length = 0; length < file.length; length++) {
      const { packets, reader } = read(file.subarray(0, length), 7);
      const whole = Math.max(0, Math.floor((length - 24) / 56));
      expect(packets.length).toBe(whole);
      const atBoundary = length >= 24 && (length - 24) % 56 === 0;
      expect(reader.problem?.code ?? null).toBe(
        atBoundary ? null : length < 4 ? 'not-a-capture' : 'capture-truncated',
      );
    }
  });

  it('stops at a packet of absurd length', () => {
    const good = { ns: 0n, bytes: new Uint8Array(20) };
    const file = classicPcap([good, good], { little: true, nanoseconds: false, linktype: 1 });
    new DataView(file.buffer).setUint32(24 + 36 + 8, 0xffffffff, true);
    const { packets, reader } = read(file, 1000);
    expect(packets.length).toBe(1);
    expect(reader.problem).toMatchObject({ code: 'packet-too-large', offset: 60 });
  });

  it('names what is no capture', () => {
    expect(read(new Uint8Array(0), 1).reader.problem?.code).toBe('not-a-capture');
    expect(read(Uint8Array.of(1, 2, 3, 4, 5), 2).reader.problem?.code).toBe('not-a-capture');
    const zip = read(Uint8Array.of(0x1f, 0x8b, 8, 0), 4).reader.problem;
    expect(zip).toMatchObject({ code: 'compressed-capture' });
    expect(zip?.message).toContain('gzip');
  });
});

describe('pcapng', () => {
  it.each([true, false])('reads interfaces, times and comments (little-endian: %s)', (little) => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const offset = new Uint8Array(8);
    new DataView(offset.buffer).setBigInt64(0, -5n, little);
    const file = concat(
      sectionHeader(little),
      interfaceBlock(little, 1, 0, pcapngOption(little, 2, text('eth0'))),
      pcapngBlock(little, 0x0bad, new Uint8Array(100)),
      interfaceBlock(
        little,
        101,
        96,
        concat(
          pcapngOption(little, 9, Uint8Array.of(9)),
          pcapngOption(little, 14, offset),
          pcapngOption(little, 0, new Uint8Array(0)),
        ),
      ),
      interfaceBlock(little, 228, 0, pcapngOption(little, 9, Uint8Array.of(0x80 | 10))),
      enhancedPacket(little, 0, 1_700_000_000_000_001n, Uint8Array.of(1, 2, 3), new Uint8Array(0)),
      enhancedPacket(
        little,
        1,
        1_700_000_000_000_000_001n,
        Uint8Array.of(4),
        concat(pcapngOption(little, 1, text('erstens')), pcapngOption(little, 1, text('第二'))),
      ),
      enhancedPacket(little, 2, 2048n, new Uint8Array(0), new Uint8Array(0)),
      sectionHeader(!little),
      interfaceBlock(!little, 229, 2, new Uint8Array(0)),
      pcapngBlock(!little, 3, concat(simpleLength(!little, 4), Uint8Array.of(9, 9, 0, 0))),
    );
    for (const chunk of [1, 5, 1000]) {
      const { packets, reader } = read(file, chunk);
      expect(reader.problem).toBeNull();
      for (const { bytes, fileOffset } of packets)
        expect(file.subarray(fileOffset, fileOffset + bytes.length)).toEqual(bytes.slice());
      expect(reader.interfaces.map((described) => described.linktype)).toEqual([1, 101, 228, 229]);
      expect(reader.interfaces[0]?.name).toBe('eth0');
      expect(packets.map(({ ns, linktype, bytes }) => [ns, linktype, [...bytes]])).toEqual([
        [1_700_000_000_000_001_000n, 1, [1, 2, 3]],
        [1_699_999_995_000_000_001n, 101, [4]],
        [2_000_000_000n, 228, []],
        [null, 229, [9, 9]],
      ]);
      expect(packets[1]?.comments).toEqual(['erstens', '第二']);
      expect(packets[3]?.originalLength).toBe(4);
    }
  });

  it('skips blocks of 2^32-4 bytes without holding them', () => {
    const head = new Uint8Array(12);
    const view = new DataView(head.buffer);
    view.setUint32(0, 0x0bad, true);
    view.setUint32(4, 0xfffffffc, true);
    const reader = new PcapReader();
    reader.push(concat(sectionHeader(true), head));
    for (let index = 0; index < 64; index++) expect(reader.push(new Uint8Array(65536))).toEqual([]);
    expect(reader.end()?.code).toBe('capture-truncated');
  });

  it.each([
    ['length not a multiple of 4', 13, 'capture-damaged'],
    ['length below 12', 8, 'capture-damaged'],
    ['length of 2^32-4', 0xfffffffc, 'packet-too-large'],
    ['length of 2^32-1', 0xffffffff, 'capture-damaged'],
  ])('refuses a packet block of %s', (_, length, code) => {
    const packet = enhancedPacket(true, 0, 0n, new Uint8Array(20), new Uint8Array(0));
    new DataView(packet.buffer, packet.byteOffset).setUint32(4, length, true);
    const start = concat(sectionHeader(true), interfaceBlock(true, 1, 0, new Uint8Array(0)));
    const { reader } = read(concat(start, packet), 4096);
    expect(reader.problem).toMatchObject({ code, offset: start.length });
  });

  it('refuses packets of unknown interfaces and lengths beyond their block', () => {
    const start = concat(sectionHeader(true), interfaceBlock(true, 1, 0, new Uint8Array(0)));
    const stray = enhancedPacket(true, 7, 0n, new Uint8Array(4), new Uint8Array(0));
    expect(read(concat(start, stray), 4096).reader.problem?.code).toBe('unknown-interface');
    const long = enhancedPacket(true, 0, 0n, new Uint8Array(4), new Uint8Array(0));
    new DataView(long.buffer, long.byteOffset).setUint32(20, 5, true);
    expect(read(concat(start, long), 4096).reader.problem?.code).toBe('capture-damaged');
  });
});

function simpleLength(little: boolean, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, little);
  return bytes;
}

describe('hostile files', () => {
  const list = Array.from({ length: 6 }, (_, index) => ({ ns: 1000n, bytes: new Uint8Array(30 + index) }));
  const seeds = [
    classicPcap(list, { little: true, nanoseconds: true, linktype: 1 }),
    classicPcap(list, { little: false, nanoseconds: false, linktype: 1 }),
    concat(
      sectionHeader(true),
      interfaceBlock(true, 1, 0, pcapngOption(true, 9, Uint8Array.of(9))),
      ...list.map(({ ns, bytes }) => enhancedPacket(true, 0, ns, bytes, pcapngOption(true, 1, bytes))),
    ),
  ];

  it('never throw, hang or give more bytes than they have', () => {
    const change = fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff) });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { maxLength: 8 }),
        fc.integer({ min: 1, max: 500 }),
        (seed, changes, chunk) => {
          const file = seed.slice();
          for (const { at, value } of changes) file[at % file.length] = value;
          const { packets } = read(file, chunk);
          const given = packets.reduce((sum, packet) => sum + packet.bytes.length, 0);
          expect(given).toBeLessThanOrEqual(file.length);
        },
      ),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        read(noise, 64);
        read(concat(sectionHeader(true), noise), 64);
      }),
      { numRuns: 500 },
    );
  });

  it('reads one large packet in small chunks in linear time', () => {
    const file = classicPcap([{ ns: 0n, bytes: new Uint8Array(8 << 20) }], {
      little: true,
      nanoseconds: true,
      linktype: 1,
    });
    const started = performance.now();
    const { packets } = read(file, 512);
    expect(packets.length).toBe(1);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
