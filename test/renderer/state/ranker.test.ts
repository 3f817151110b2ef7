import { describe, expect, test } from 'vitest';
import { haystackOf, matchSpans, rank } from '../../../renderer/state/ranker.ts';

const names = [
  'skip_rcv',
  'tcp_v4_rcv',
  'ip_rcv_core',
  'ip_rcv',
  '__ip_rcv_x',
  'strip_rcvx',
  'IP_RCV_UPPER',
  'icmp_rcv',
  'ip6_rcv_core',
];
const haystack = haystackOf(names);
const found = (query: string): string[] => [...rank(haystack, query)].map((index) => names[index] ?? '');

describe('rank', () => {
  test('puts exact before prefix before after an underscore before anywhere', () => {
    expect(found('ip_rcv')).toEqual([
      'ip_rcv',
      'ip_rcv_core',
      'IP_RCV_UPPER',
      '__ip_rcv_x',
      'skip_rcv',
      'strip_rcvx',
    ]);
  });

  test('takes the better place when a term occurs twice', () => {
    const twice = haystackOf(['xcore_core', 'xcorex']);
    expect([...rank(twice, 'core')]).toEqual([0, 1]);
  });

  test('finds names with every word, in any order', () => {
    expect(found('core rcv')).toEqual(['ip_rcv_core', 'ip6_rcv_core']);
    expect(found('core nothing')).toEqual([]);
  });

  test('is blind to case in both', () => {
    expect(found('ip_rcv_upper')).toEqual(['IP_RCV_UPPER']);
    expect(found('ICMP_RCV')).toEqual(['icmp_rcv']);
  });

  test('without a query gives all in their own order', () => {
    expect(found('  ')).toEqual(names);
  });

  test('orders 60,000 names of which all match', () => {
    const many = haystackOf(
      Array.from({ length: 60_000 }, (_, index) => `e_${(index * 7919) % 60_000}_function`),
    );
    expect(rank(many, 'e')).toHaveLength(60_000);
  });
});

describe('matchSpans', () => {
  const marked = (name: string, query: string): string => {
    let text = '';
    let at = 0;
    for (const { from, to } of matchSpans(name, query)) {
      text += `${name.slice(at, from)}[${name.slice(from, to)}]`;
      at = to;
    }
    return text + name.slice(at);
  };

  test('marks each word once, where it ranks best', () => {
    expect(marked('skip_rcv_ip', 'ip')).toBe('skip_rcv_[ip]');
    expect(marked('ip_rcv_core', 'CORE ip')).toBe('[ip]_rcv_[core]');
  });

  test('joins spans that touch or overlap', () => {
    expect(marked('ip_rcv_core', 'ip_rcv rcv_core')).toBe('[ip_rcv_core]');
  });

  test('marks nothing where a word is not found', () => {
    expect(marked('ip_rcv', 'zzz')).toBe('ip_rcv');
  });
});
