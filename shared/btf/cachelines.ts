import type { Layout, LayoutMember } from './layout.ts';

/** Bytes of a cacheline on x86_64 and on most arm64 machines; s390x has 256. */
export const usualCacheline = 64;

/** Those that are told apart. */
export const CACHELINES = [64, 128, 256] as const;
export type Cacheline = (typeof CACHELINES)[number];

/** Bytes of a cacheline on a machine, as `uname -m` calls it (L1_CACHE_SHIFT, arch/X/include/asm/cache.h). */
export function cachelineOfMachine(machine: string): Cacheline {
  if (machine.startsWith('s390')) return 256;
  return machine.startsWith('ppc64') ? 128 : 64;
}

/** How many cachelines a struct touches when it begins on one. */
export function cachelinesOf(layout: Layout, cacheline: number = usualCacheline): number {
  return Math.ceil(layout.size / cacheline);
}

/** First and last cacheline, counted from 0, that a member touches. */
export function cachelinesTouched(
  member: Pick<LayoutMember, 'bitOffset' | 'bits'>,
  cacheline: number = usualCacheline,
): { first: number; last: number } {
  const bits = cacheline * 8;
  return {
    first: Math.floor(member.bitOffset / bits),
    last: Math.floor((member.bitOffset + Math.max(member.bits, 1) - 1) / bits),
  };
}
