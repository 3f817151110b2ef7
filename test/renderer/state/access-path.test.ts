import { describe, expect, test } from 'vitest';
import { barePath, bpftracePath, offsetOf, rootVariable } from '../../../renderer/state/access-path.ts';

describe('the variable that a struct is reached through', () => {
  const prototype = 'int ip_rcv(struct sk_buff *buff, const struct net_device *in, struct packet_type **all)';

  test('is the parameter of the function that is probed', () => {
    expect(rootVariable('struct', 'sk_buff', prototype)).toEqual({ name: 'buff', ofProbe: true });
    expect(rootVariable('struct', 'net_device', prototype)).toEqual({ name: 'in', ofProbe: true });
  });

  test('is else what such a pointer is usually called, and cannot be captured', () => {
    for (const text of [
      '',
      'int f(void)',
      'struct sk_buff *alloc(int size)',
      'int f(struct sk_buff_head *list)',
    ])
      expect(rootVariable('struct', 'sk_buff', text)).toEqual({ name: 'skb', ofProbe: false });
    expect(rootVariable('struct', 'packet_type', prototype)).toEqual({ name: 'packet_type', ofProbe: false });
    expect(rootVariable('union', 'sk_buff', prototype).ofProbe).toBe(false);
  });

  test('a member is reached in C and in bpftrace', () => {
    const root = rootVariable('struct', 'sk_buff', 'int ip_rcv(struct sk_buff *skb)');
    expect(barePath(root, 'dev->mtu')).toBe('skb->dev->mtu');
    expect(bpftracePath('struct', 'sk_buff', root, 'dev->mtu')).toBe(
      '((struct sk_buff *)args->skb)->dev->mtu',
    );
  });
});

test.each([
  ['112', 112],
  [' 0x70 ', 112],
  ['0XfF', 255],
  ['0', 0],
  ['4294967295', 4294967295],
  ['4294967296', null],
  ['-1', null],
  ['1.5', null],
  ['0x', null],
  ['70h', null],
  ['', null],
  ['1e3', null],
])('the byte "%s" is %s', (text, offset) => {
  expect(offsetOf(text)).toBe(offset);
});
