import { expect, test } from 'vitest';
import { prototypeText, skbParameter, sockParameter } from '../../../shared/probe/signature.ts';
import type { Signature } from '../../../shared/probe/signature.ts';

const make = (returns: string, name: string, ...parameters: [type: string, name: string][]): Signature => ({
  module: 'vmlinux',
  name,
  returns,
  parameters: parameters.map(([type, parameter]) => ({ type, name: parameter })),
});

test('a prototype reads as C, however its stars are spaced', () => {
  expect(prototypeText(make('int', 'icmp_rcv', ['struct sk_buff *', 'skb']))).toBe(
    'int icmp_rcv(struct sk_buff *skb)',
  );
  expect(prototypeText(make('struct sk_buff *', 'f', ['void **', 'p'], ['int', '']))).toBe(
    'struct sk_buff *f(void **p, int)',
  );
  expect(prototypeText(make('bool', 'nothing'))).toBe('bool nothing(void)');
});

test('an sk_buff and a sock are found by their type, const or not, and never by value', () => {
  const both = make('void', 'f', ['const struct sk_buff *', 'skb'], ['struct sock *', 'sk']);
  expect(skbParameter(both)).toBe('skb');
  expect(sockParameter(both)).toBe('sk');
  const neither = make(
    'void',
    'f',
    ['struct sk_buff', 'skb'],
    ['struct sock **', 'sk'],
    ['struct sk_buff_head *', 'q'],
  );
  expect(skbParameter(neither)).toBeNull();
  expect(sockParameter(neither)).toBeNull();
});
