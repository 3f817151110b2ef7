import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mistakesBetween, nearNames } from '../../../shared/probe/near-names.ts';

const NAMES = ['ip_rcv', 'ip_rcv_core', 'ip_rcv_finish', 'ip6_rcv_core', 'icmp_rcv', 'tcp_v4_rcv.isra.0'];

describe('names near to one that is not there', () => {
  test.each([
    ['ip_rcv_cor', ['ip_rcv_core', 'ip6_rcv_core']],
    ['ip_rvc_core', ['ip_rcv_core', 'ip6_rcv_core']],
    ['ip_rcvv', ['ip_rcv']],
    ['tcp_v4_rcv', ['tcp_v4_rcv.isra.0']],
    ['nosuch_function', []],
    ['ip', []],
    ['', []],
  ])('%s', (wanted, near) => {
    expect(nearNames(wanted, NAMES, 3)).toEqual(near);
  });

  test('as many as wanted, nearest first', () => {
    expect(nearNames('ip_rcv_core', NAMES, 1)).toEqual(['ip_rcv_core']);
  });
});

test('mistakes: a distance that counts a swap once, and stops at the bound', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, fc.nat(4), (a, b, most) => {
      expect(mistakesBetween(a, b, most)).toBe(mistakesBetween(b, a, most));
      expect(mistakesBetween(a, b, most)).toBe(Math.min(slowDistance(a, b), most + 1));
    }),
  );
  expect(mistakesBetween('ab', 'ba', 3)).toBe(1);
});

/** The definition (optimal string alignment), written down and not made fast. */
function slowDistance(a: string, b: string, known = new Map<string, number>()): number {
  if (a === '' || b === '') return a.length + b.length;
  const key = `${a.length} ${b.length}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const [lastA, lastB] = [a.slice(-1), b.slice(-1)];
  let least = Math.min(
    slowDistance(a.slice(0, -1), b, known) + 1,
    slowDistance(a, b.slice(0, -1), known) + 1,
    slowDistance(a.slice(0, -1), b.slice(0, -1), known) + (lastA === lastB ? 0 : 1),
  );
  if (a.length > 1 && b.length > 1 && a.slice(-2) === lastB + b.slice(-2, -1))
    least = Math.min(least, slowDistance(a.slice(0, -2), b.slice(0, -2), known) + 1);
  known.set(key, least);
  return least;
}
