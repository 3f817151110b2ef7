import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completionsAt, memberCompletions, structOf } from '../../../shared/filter/complete.ts';
import type { FilterNames } from '../../../shared/filter/context.ts';
import { nameDoc } from '../../../shared/filter/name-docs.ts';
import { partText } from '../../../shared/filter/part-texts.ts';
import { problemTexts } from '../../../shared/filter/problem-texts.ts';
import { recordFields } from '../../../shared/filter/record-fields.ts';

const names: FilterNames = {
  points: [
    {
      name: 'ip_rcv_core',
      edge: 'entry',
      captures: 'packet',
      expect: 'ipv4',
      pointer: 'data',
      output: false,
      parameters: [
        { name: 'skb', type: 'struct sk_buff *' },
        { name: 'net', type: 'struct net *' },
      ],
    },
  ],
  fields: [],
  reasons: new Map([['IP_INHDR', 10]]),
};

/** The first few completions at `|`. */
function at(text: string): string[] {
  const cursor = text.indexOf('|');
  return completionsAt(text.replace('|', ''), cursor, names)
    .options.slice(0, 3)
    .map((option) => option.text);
}

test.each([
  ['ip.tt|', ['ip.ttl']],
  ['skb.dev.n|', ['skb.dev.name', 'skb.dev.netns']],
  ['ip.ttl < 5 && ver|', ['verdict', 'erspan.version', 'geneve.version']],
  ['verdict == eth|', ['ethernet-where-ip-expected', 'ip-where-ethernet-expected']],
  ['reason == |', ['IP_INHDR']],
  ['function == |', ['"ip_rcv_core"']],
  ['skb.dev.type == ARPHRD_N|', ['ARPHRD_NONE']],
  ['skb.len |', ['==', '!=', '<']],
  ['(ip.ttl < 5) |', ['==', '!=', '<']],
  ['portr|', ['portrange']],
  ['comm == "a|', []],
])('%s', (text, found) => {
  expect(at(text)).toEqual(found);
});

test('behind an argument the members of its struct are asked for', () => {
  const asked = completionsAt('ip && skb->dev->mt', 18, names);
  expect(asked).toEqual({
    from: 16,
    to: 18,
    options: [],
    members: { type: 'struct sk_buff *', steps: ['->dev'], joint: '->', prefix: 'mt' },
  });
  const members = [
    { path: 'name', type: 'char[16]' },
    { path: 'mtu', type: 'unsigned int' },
    { path: 'min_mtu', type: 'unsigned int' },
  ];
  expect(memberCompletions(members, 'mt').map(({ text }) => text)).toEqual(['mtu', 'min_mtu']);
  expect(structOf('const struct net_device *')).toBe('net_device');
  expect(structOf('unsigned int')).toBeNull();
});

test('any text and any cursor have completions inside of it', () => {
  const words = fc.constantFrom(
    'skb',
    '->',
    '.',
    'dev',
    ' ',
    '==',
    '"',
    '(',
    'verdict',
    'ip.',
    '0x',
    '\\',
    'and',
    '字',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), fc.nat(100), (parts, cursor) => {
      const text = parts.join('');
      const place = Math.min(cursor, text.length);
      const { from, to, options } = completionsAt(text, place, names);
      expect(from).toBeLessThanOrEqual(place);
      expect(to).toBeGreaterThanOrEqual(place);
      expect(to).toBeLessThanOrEqual(text.length);
      expect(options.length).toBeLessThanOrEqual(60);
    }),
  );
});

test('every field of an event is documented, every sentence has the same blanks in both languages', () => {
  for (const { name } of recordFields())
    for (const locale of ['en', 'zh-CN'] as const) expect(nameDoc(name, locale), name).not.toBe('');
  const blanks = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort();
  for (const code of Object.keys(problemTexts.en) as (keyof typeof problemTexts.en)[])
    expect(blanks(problemTexts['zh-CN'][code]), code).toEqual(blanks(problemTexts.en[code]));
  expect(partText('kernel-exact', 'zh-CN')).not.toBe(partText('kernel-exact', 'en'));
});
