import { expect, test } from 'vitest';
import { redirectByTc } from '../../../shared/device/redirect.ts';

test.each([
  ['Ethernet', 1, '6.12.0', 'kept'],
  ['ipip', 768, '6.1.0-42-cloud-amd64', 'removed'],
  ['ipip on a kernel of unknown version', 768, null, 'removed'],
  ['tun', 65534, '4.19.0', 'removed'],
  ['ip6gre before 5.14', 823, '5.10.0', 'kept'],
  ['ip6gre since', 823, '5.14.0', 'removed'],
  ['ip6gre on a kernel of unknown version', 823, null, 'unknown'],
  ['ppp on 6.1, where the fix may have come', 512, '6.1.0', 'depends'],
  ['ppp since 6.6', 512, '6.6.1', 'removed'],
  ['pimreg before 5.18', 779, '5.15.0', 'depends'],
  ['InfiniBand', 32, '6.12.0', 'unknown'],
] as const)('%s', (_what, type, release, answer) => {
  expect(redirectByTc(type, release)).toBe(answer);
});
