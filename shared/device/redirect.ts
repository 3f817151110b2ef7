import { kernelVersion } from '../packet/kernel-release.ts';

/** What a kernel does with the Ethernet header when a tc program redirects a packet into a device of a type. */
export type RedirectAnswer = 'removed' | 'kept' | 'depends' | 'unknown';

/** ARPHRD_* of devices without a link-layer header, and the first kernel (major * 1000 + minor) that knows it of them. */
const WITHOUT_HEADER: ReadonlyMap<number, number> = new Map([
  [768, 0], // TUNNEL
  [769, 0], // TUNNEL6
  [776, 0], // SIT
  [778, 0], // IPGRE
  [65535, 0], // VOID
  [65534, 0], // NONE
  [823, 5014], // IP6GRE, a3fa449ffcf5
  [779, 5018], // PIMREG, 4ee06de7729d
  [512, 6006], // PPP, August 2023
]);

/** Fixes that went into stable kernels too: before that version it depends on the distribution. */
const CARRIED_BACK = new Set([779, 512]);

/**
 * bpf_redirect() from tc (net/core/filter.c, __bpf_redirect): dev_is_mac_header_xmit() of include/linux/if_arp.h decides
 * whether the MAC header is removed before the packet goes into the device. The redirect of generic XDP
 * (net/core/dev.c, generic_xdp_tx) does not ask it: the frame always goes in whole.
 */
export function redirectByTc(arphrd: number, release: string | null): RedirectAnswer {
  const since = WITHOUT_HEADER.get(arphrd);
  if (since === undefined) return arphrd === 1 ? 'kept' : 'unknown';
  if (since === 0) return 'removed';
  const version = kernelVersion(release);
  if (version === null) return 'unknown';
  if (version >= since) return 'removed';
  return CARRIED_BACK.has(arphrd) ? 'depends' : 'kept';
}
