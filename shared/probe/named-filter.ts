import type { FunctionExpectation } from './expects.ts';
import type { FilterName } from './spec.ts';

/**
 * The kernel-side test of a filter on `$p`, the expected header, or null for none.
 * `bad-ip-header` is the kernel's own test at the head of ip_rcv_core (net/ipv4/ip_input.c): `ihl < 5 ||
 * version != 4`. `misfit` also takes what passes that test and still is no IP header at this place:
 * an EtherType at 12 followed by an IP version nibble (a destination MAC may begin with 0x45), lengths that do
 * not fit.
 */
export function filterCondition(
  filter: FilterName,
  layer: FunctionExpectation['layer'] | null,
): string | null {
  const badIpv4 = '((*$p >> 4) != 4 || (*$p & 15) < 5)';
  const badIpv6 = '((*$p >> 4) != 6)';
  const badEither = '(((*$p >> 4) != 4 || (*$p & 15) < 5) && (*$p >> 4) != 6)';
  const bad = layer === 'ipv6' ? badIpv6 : layer === 'ip' || layer === 'auto' ? badEither : badIpv4;
  switch (filter) {
    case 'none':
      return null;
    case 'bad-ip-header':
      return bad;
    case 'misfit': {
      const frame = [
        '(*(uint16 *)($p + 12) == 0x8 && (*($p + 14) >> 4) == 4)',
        '(*(uint16 *)($p + 12) == 0xdd86 && (*($p + 14) >> 4) == 6)',
        '*(uint16 *)($p + 12) == 0x81',
        '*(uint16 *)($p + 12) == 0xa888',
      ];
      const length =
        layer === 'ipv6' ? [] : ['(bswap(*(uint16 *)($p + 2)) > $n || bswap(*(uint16 *)($p + 2)) < 20)'];
      return `(${[bad, ...frame, ...length].join(' || ')})`;
    }
  }
}
