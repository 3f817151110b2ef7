import { describe, expect, it } from 'vitest';
import { faultCommand, parseBreakResult } from './break.ts';
import { DEFAULT_CASE, FAULT_CASES, faultCase, GOOD_IPV4 } from './cases.ts';
import { toHex } from './packets.ts';

function badBytes(name: string): Uint8Array {
  const { source } = faultCase(name);
  if (source.kind !== 'tun' || source.bad === null) throw new Error(`${name} has no bytes of its own`);
  return source.bad;
}

describe('fault cases', () => {
  it('have names of their own, and the default is among them', () => {
    expect(new Set(FAULT_CASES.map(({ name }) => name)).size).toBe(FAULT_CASES.length);
    expect(faultCase(DEFAULT_CASE).source.kind).toBe('xdp');
  });

  it('put the good packet behind the header that is too much', () => {
    const good = toHex(GOOD_IPV4);
    for (const [name, headerAt] of [
      ['ethernet', 14],
      ['vlan', 18],
      ['qinq', 22],
      ['mac45', 14],
      ['double-pi', 4],
      ['virtio-net-header', 10],
      ['shifted', 14],
    ] as const) {
      expect(toHex(badBytes(name).subarray(headerAt)), name).toBe(good);
    }
  });

  it('mac45 passes the test of version and header length, the others of the kind do not', () => {
    expect(badBytes('mac45')[0]).toBe(0x45);
    expect((badBytes('ethernet')[0] ?? 0) >> 4).not.toBe(4);
  });

  it('refuse an unknown name, naming the known ones', () => {
    expect(() => faultCase('nope')).toThrow(/no fault case "nope"/);
  });
});

describe('faultCommand', () => {
  it('hands the packets over in hexadecimal', () => {
    const { command, input } = faultCommand(faultCase('ethernet'), 3, 10);
    expect(command).toBe(`python3 - 3 10 800 ${toHex(badBytes('ethernet'))} ${toHex(GOOD_IPV4)}`);
    expect(input).toContain('/dev/net/tun');
  });

  it('sends only good packets where a case has no bad one', () => {
    expect(faultCommand(faultCase('good'), 1, 0).command).toMatch(/^python3 - 1 0 800 - 45/);
  });

  it('names the tunnel and the receiver', () => {
    expect(faultCommand(faultCase('xdp-namespace'), 2, 50).command).toBe('python3 - ipip namespace 2 50');
  });

  it('refuses counts and intervals that are no whole numbers in range', () => {
    for (const count of [0, -1, 1.5, NaN, 1e9]) {
      expect(() => faultCommand(faultCase('ethernet'), count, 10)).toThrow(/count/);
    }
    expect(() => faultCommand(faultCase('ethernet'), 1, -1)).toThrow(/interval/);
  });
});

describe('parseBreakResult', () => {
  const lines = [
    'namespace\tinitial\t4026531840',
    'sent\tbad\t3',
    'sent\tgood\t4',
    'answered\t2',
    'counter\tInHdrErrors\t10\t13',
    'counter\tInCsumErrors\t0\t0',
    'counter\tIp6InHdrErrors\t1\t1',
  ];

  it('reads what the guest says', () => {
    expect(parseBreakResult('ethernet', lines.join('\n'))).toEqual({
      case: 'ethernet',
      sentBad: 3,
      sentGood: 4,
      answered: 2,
      namespace: 'initial',
      namespaceInode: 4026531840,
      counters: {
        InHdrErrors: { before: 10, after: 13 },
        InCsumErrors: { before: 0, after: 0 },
        Ip6InHdrErrors: { before: 1, after: 1 },
      },
    });
  });

  it('refuses to go on without one of the lines', () => {
    for (let index = 0; index < lines.length; index++) {
      expect(() => parseBreakResult('x', lines.filter((_, at) => at !== index).join('\n'))).toThrow(
        /did not say/,
      );
    }
  });

  it('refuses a figure that is none', () => {
    expect(() => parseBreakResult('x', lines.join('\n').replace('13', 'many'))).toThrow(/no number/);
  });
});
