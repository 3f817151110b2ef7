import { describe, expect, it } from 'vitest';
import { verdict, verdictCode } from '../../../shared/packet/verdict.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const IPV4 =
  '45000054 12344000 40010000 c0000209 c0000201'.replace('40010000', '4001a462') +
  '0800 0000 1234 0001' +
  '00'.repeat(56);

describe('verdict', () => {
  it('smokes', () => {
    const good = hex(IPV4);
    console.log(verdict({ bytes: good, window: 0, expect: 'ipv4', packetLength: 84, skb: null }));
    const frame = hex('4500 5e00 5301 0200 0000 0001 0800' + IPV4);
    const v = verdict({ bytes: frame, window: 0, expect: 'ipv4', packetLength: 98, skb: null });
    console.log(JSON.stringify(v, null, 1));
    expect(verdictCode({ bytes: frame, window: 0, expect: 'ipv4', packetLength: 98, skb: null })).toEqual({
      kind: 'ethernet-where-ip-expected',
      headerAt: 14,
    });
  });
});
