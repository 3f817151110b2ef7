import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchSpans } from '../../../shared/btf/match-spans.ts';
import { NameIndex } from '../../../shared/btf/name-index.ts';
import { rankNames } from '../../../shared/btf/rank-names.ts';

function marked(name: string, line: string, spelt = false): string {
  let text = '';
  let at = 0;
  for (const { from, to } of matchSpans(name, line, spelt)) {
    text += `${name.slice(at, from)}[${name.slice(from, to)}]`;
    at = to;
  }
  return text + name.slice(at);
}

describe('matchSpans', () => {
  test('marks each word once, where it ranks best', () => {
    expect(marked('skip_rcv_ip', 'ip')).toBe('skip_rcv_[ip]');
    expect(marked('ip_rcv_core', 'CORE ip')).toBe('[ip]_rcv_[core]');
  });

  test('joins spans that touch or overlap', () => {
    expect(marked('ip_rcv_core', 'ip_rcv rcv_core')).toBe('[ip_rcv_core]');
  });

  test('marks nothing where a word is not found, and no filter', () => {
    expect(marked('ip_rcv', 'zzz')).toBe('ip_rcv');
    expect(marked('bool_rcv', 'rcv ->bool')).toBe('bool_[rcv]');
  });

  test('marks the letters of a word that is only spelt', () => {
    expect(marked('ip_rcv_core', 'iprc', true)).toBe('[ip]_[rc]v_core');
    expect(marked('ip_rcv_core', 'iprc')).toBe('ip_rcv_core');
  });

  test('spans lie in the name, in order, apart', () => {
    const text = fc.stringMatching(/^[a-d_.]{0,12}$/);
    fc.assert(
      fc.property(text, text, fc.boolean(), (name, line, spelt) => {
        let last = -1;
        for (const { from, to } of matchSpans(name, line, spelt)) {
          expect(from).toBeGreaterThan(last);
          expect(to).toBeGreaterThan(from);
          last = to;
        }
        expect(last).toBeLessThanOrEqual(name.length);
      }),
    );
  });
});

describe('rankNames', () => {
  const titles = ['Go to function', 'Show functions', 'Fun', 'Save'];
  const rank = (...words: string[]): string[] =>
    [...rankNames(new NameIndex(titles), words)].map((n) => titles[n] ?? '');

  test('puts the beginning of a word before its middle', () => {
    expect(rank('fun')).toEqual(['Fun', 'Go to function', 'Show functions']);
    expect(rank('to', 'fun')).toEqual(['Go to function']);
    expect(rank('unc')).toEqual(['Go to function', 'Show functions']);
  });

  test('without words gives all in their order', () => {
    expect(rank()).toEqual(titles);
    expect(rank('nothing')).toEqual([]);
  });
});
