/** Link types of capture files (https://www.tcpdump.org/linktypes.html) that a kernel on Linux hands out. */
import type { Expectation } from '../packet/verdict-kinds.ts';
import { u16 } from '../packet/cursor.ts';
import { isTagType } from '../packet/ethernet-scan.ts';
import type { InspectStart } from '../packet/inspect.ts';

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_PPP = 9;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

interface Linktype {
  name: string;
  start: InspectStart | null;
  /** What `--expect auto` holds the first bytes to be; null: whatever they look like. */
  expect: Expectation | null;
}

const LINKTYPES: ReadonlyMap<number, Linktype> = new Map<number, Linktype>([
  [LINKTYPE_NULL, { name: 'NULL', start: null, expect: null }],
  [LINKTYPE_ETHERNET, { name: 'EN10MB', start: 'ethernet', expect: 'ethernet' }],
  [LINKTYPE_PPP, { name: 'PPP', start: 'ppp', expect: null }],
  [12, { name: 'RAW', start: 'ip', expect: 'ip' }],
  [14, { name: 'RAW', start: 'ip', expect: 'ip' }],
  [LINKTYPE_RAW, { name: 'RAW', start: 'ip', expect: 'ip' }],
  [LINKTYPE_LOOP, { name: 'LOOP', start: null, expect: null }],
  [LINKTYPE_LINUX_SLL, { name: 'LINUX_SLL', start: 'linux-sll', expect: null }],
  [LINKTYPE_IPV4, { name: 'IPV4', start: 'ipv4', expect: 'ipv4' }],
  [LINKTYPE_IPV6, { name: 'IPV6', start: 'ipv6', expect: 'ipv6' }],
  [LINKTYPE_LINUX_SLL2, { name: 'LINUX_SLL2', start: 'linux-sll2', expect: null }],
]);

export function linktypeName(linktype: number): string {
  return LINKTYPES.get(linktype)?.name ?? `LINKTYPE ${linktype}`;
}

/** Where `inspect()` starts in a packet of this link type; `auto` where there is no decoder for it. */
export function startOfLinktype(linktype: number): InspectStart {
  return LINKTYPES.get(linktype)?.start ?? 'auto';
}

/** What a captured packet claims to hold, and where: behind the pseudo header of a link type that has one. */
export interface Claim {
  readonly expect: Expectation;
  /** Bytes of pseudo header before it. */
  readonly at: number;
}

/**
 * The expectation behind `--expect auto`. Cooked captures (`tcpdump -i any`) begin with 16 bytes of LINUX_SLL
 * (EtherType at 14) or 20 of LINUX_SLL2 (EtherType at 0), then VLAN tags if that is one; NULL with the address family
 * in 4 bytes, in the order of the machine that captured, and LOOP in network order: 2 is IPv4; 10, 24, 28 and 30 are
 * IPv6; PPP with ff 03, which may be left out, and the protocol.
 */
export function claimOfLinktype(linktype: number, bytes: Uint8Array): Claim {
  switch (linktype) {
    case LINKTYPE_LINUX_SLL:
      return claimOfEtherType(bytes, 14, 16);
    case LINKTYPE_LINUX_SLL2:
      return claimOfEtherType(bytes, 0, 20);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP: {
      const family = (bytes[0] ?? 0) | (bytes[3] ?? 0);
      return { expect: family === 2 ? 'ipv4' : [10, 24, 28, 30].includes(family) ? 'ipv6' : 'auto', at: 4 };
    }
    case LINKTYPE_PPP: {
      const framing = u16(bytes, 0) === 0xff03 ? 2 : 0;
      const protocol = u16(bytes, framing);
      if (protocol !== 0x0021 && protocol !== 0x0057) return { expect: 'auto', at: 0 };
      return { expect: protocol === 0x0021 ? 'ipv4' : 'ipv6', at: framing + 2 };
    }
    default:
      return { expect: LINKTYPES.get(linktype)?.expect ?? 'auto', at: 0 };
  }
}

function claimOfEtherType(bytes: Uint8Array, typeAt: number, behind: number): Claim {
  let type = u16(bytes, typeAt);
  let at = behind;
  while (isTagType(type) && at + 4 <= bytes.length) {
    type = u16(bytes, at + 2);
    at += 4;
  }
  const expect = type === 0x0800 ? 'ipv4' : type === 0x86dd ? 'ipv6' : type === 0x0806 ? 'arp' : 'auto';
  return { expect, at };
}

/** The link type under which bytes that begin with this header are written. */
export function linktypeOfExpectation(expect: Expectation): number {
  return expect === 'ethernet' ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
}
