import type { Layout, LayoutMember } from './layout.ts';

/** Bytes of a cacheline on x86_64 and on most arm64 machines; s390x has 256. */
export const usualCacheline = 64;

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
