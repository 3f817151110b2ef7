import { expect, test } from 'vitest';
import { globTest } from '../../../shared/probe/glob.ts';

test.each([
  ['ip_rcv', 'ip_rcv', true],
  ['ip_rcv', 'ip_rcv_core', false],
  ['*', '', true],
  ['*', 'x', true],
  ['?', '', false],
  ['ip_*_core', 'ip_rcv_core', true],
  ['ip_*_core', 'ip_core', false],
  ['*rcv', 'rcv_rcv', true],
  ['*a*b?', 'xaybab1', true],
  ['tcp_ack.*', 'tcp_ackxisra', false],
  ['tcp_ack.*', 'tcp_ack.isra.0', true],
  ['skb:*', 'skb:kfree_skb', true],
])('%s: %s %s', (pattern, text, fits) => {
  expect(globTest(pattern)(text)).toBe(fits);
});

test('a pattern of nothing but stars and misses ends', () => {
  expect(globTest(`${'*a'.repeat(60)}b`)('a'.repeat(128))).toBe(false);
});
