import type { Expectation } from './verdict-kinds.ts';

/** Bytes the kernel pulls before it looks at the header that begins with the byte `first`. */
export function leastHeader(expect: Expectation, first: number): number {
  switch (expect) {
    case 'ethernet':
      return 14;
    case 'ipv6':
      return 40;
    case 'ip':
      return first >> 4 === 6 ? 40 : 20;
    case 'tcp':
    case 'ipv4':
      return 20;
    case 'auto':
      return 14;
    case 'arp':
      return 28;
    default:
      return 8;
  }
}
