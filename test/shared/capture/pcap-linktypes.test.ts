import { expect, test } from 'vitest';
import { claimOfLinktype } from '../../../shared/capture/pcap-linktypes.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

test('a cooked capture claims what its pseudo header says, behind it', () => {
  expect(claimOfLinktype(113, bytes('00000001000602005e10000100000800' + '45'))).toEqual({
    expect: 'ipv4',
    at: 16,
  });
  expect(claimOfLinktype(113, bytes('00000001000602005e100001000086dd' + '60'))).toEqual({
    expect: 'ipv6',
    at: 16,
  });
  expect(claimOfLinktype(113, bytes('00000001000602005e10000100000806'))).toEqual({ expect: 'arp', at: 16 });
  expect(claimOfLinktype(276, bytes('0800'.padEnd(40, '0')))).toEqual({ expect: 'ipv4', at: 20 });
  expect(claimOfLinktype(113, new Uint8Array(3))).toEqual({ expect: 'auto', at: 16 });
});

test('NULL names its family in either byte order', () => {
  expect(claimOfLinktype(0, bytes('0200000045'))).toEqual({ expect: 'ipv4', at: 4 });
  expect(claimOfLinktype(0, bytes('0000000245'))).toEqual({ expect: 'ipv4', at: 4 });
  expect(claimOfLinktype(0, bytes('1e00000060'))).toEqual({ expect: 'ipv6', at: 4 });
});

test('other link types claim their own first header', () => {
  expect(claimOfLinktype(1, bytes('00'))).toEqual({ expect: 'ethernet', at: 0 });
  expect(claimOfLinktype(101, bytes('45'))).toEqual({ expect: 'ip', at: 0 });
  expect(claimOfLinktype(9999, bytes('45'))).toEqual({ expect: 'auto', at: 0 });
});
