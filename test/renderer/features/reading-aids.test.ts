import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventLine } from '../../../renderer/features/events/event-line.ts';
import { targetTime } from '../../../renderer/features/events/target-time.ts';
import { signatureParts } from '../../../renderer/features/functions/signature-text.ts';
import { cTokens } from '../../../renderer/features/structs/c-text.ts';
import { scriptTokens } from '../../../renderer/features/probe/script-text.ts';
import { plainRecord } from '../state/record-bytes.ts';

describe('scriptTokens', () => {
  test('loses no character of any script', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'"/*\\\n$@ {}k0x9:aprintf', 'kfunc:') }), (script) => {
        expect(
          scriptTokens(script)
            .map((token) => token.text)
            .join(''),
        ).toBe(script);
      }),
    );
  });

  test('tells probe, string, comment and variable apart', () => {
    const kinds = scriptTokens('kfunc:vmlinux:ip_rcv { /* $x */ $s = "kfunc"; @n = 0x1f }')
      .filter((token) => token.kind !== 'plain')
      .map((token) => [token.kind, token.text]);
    expect(kinds).toEqual([
      ['probe', 'kfunc:vmlinux:ip_rcv'],
      ['comment', '/* $x */'],
      ['variable', '$s'],
      ['string', '"kfunc"'],
      ['variable', '@n'],
      ['number', '0x1f'],
    ]);
  });
});

describe('cTokens', () => {
  const text = 'struct sk_buff *f(struct net *net, union x y); /* struct no, 4 */ unsigned int a:3;';

  test('finds structs that can be looked at, but not in comments', () => {
    const names = cTokens(text).filter((token) => token.kind === 'composite');
    expect(names.map((token) => token.text)).toEqual(['sk_buff', 'net', 'x']);
  });

  test('finds enums and typedefs, and no names of members', () => {
    const c =
      'enum drop_reason why(gfp_t flags, u32 *p, bool);\nstruct x {\n  __be16 type; /* at 4 */\n  A = 1\n';
    const of = (kind: string) =>
      cTokens(c)
        .filter((token) => token.kind === kind)
        .map((token) => token.text);
    expect(of('enum')).toEqual(['drop_reason']);
    expect(of('typedef')).toEqual(['gfp_t', 'u32', '__be16']);
    expect(cTokens('gfp_t ').map(({ kind }) => kind)).toEqual(['typedef', 'plain']);
  });

  test('loses no character of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'/* \n_a4{};', 'struct ', 'union', 'int') }),
        (any) => {
          expect(
            cTokens(any)
              .map((token) => token.text)
              .join(''),
          ).toBe(any);
        },
      ),
    );
  });
});

describe('signatureParts', () => {
  test('finds the function and the names of its parameters', () => {
    const parts = signatureParts('struct sk_buff *ip_rcv_core(struct sk_buff *skb, struct net *net)');
    expect(parts.filter((part) => part.kind === 'function').map((part) => part.text)).toEqual([
      'ip_rcv_core',
    ]);
    expect(parts.filter((part) => part.kind === 'name').map((part) => part.text)).toEqual(['skb', 'net']);
  });

  test.each([
    'int f(void)',
    'void g(void (*done)(int, char *), long x)',
    'f',
    'int broken(',
    '',
    'unsigned long long h()',
  ])('keeps %j whole', (prototype) => {
    expect(
      signatureParts(prototype)
        .map((part) => part.text)
        .join(''),
    ).toBe(prototype);
  });
});

describe('eventLine', () => {
  const record = plainRecord(12, 0);

  test('columns begin at the same place whatever is in them', () => {
    const lines = [
      eventLine(record, null, 'SUMMARY'),
      eventLine(
        { ...record, comm: 'a-name-as-long-', pid: 4_194_304, device: 'enp3s0f0np0.100', len: 65_535 },
        null,
        'SUMMARY',
      ),
      eventLine({ ...record, comm: 'tab\tline\n\x1b[31m', device: '' }, null, 'SUMMARY'),
    ];
    expect(new Set(lines.map((line) => line.indexOf('SUMMARY'))).size).toBe(1);
    expect(lines[2]).toContain('tab?line??[31m/1');
  });

  test('a record of arguments has no length and no device', () => {
    expect(eventLine({ ...record, flags: 8 }, null, '0x1')).toMatch(/ping\/1 +- +- {2}0x1$/);
  });
});

describe('targetTime', () => {
  test('is seconds since boot while the clocks are not known', () => {
    expect(targetTime(81_230_000_123_456n, null)).toBe('81230.000123');
  });

  test('is the wall clock to the microsecond when they are', () => {
    const offset = BigInt(new Date(2026, 10, 22, 16, 18, 26).getTime()) * 1_000_000n - 5_000_000_000n;
    expect(targetTime(5_000_001_999n, offset)).toBe('16:18:26.000001');
  });

  test('keeps its form for any clock a hostile target can claim', () => {
    expect(targetTime(2n ** 64n - 1n, 10n ** 20n - 1n)).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
  });
});
