import { z } from 'zod';
import { EXPECTATIONS } from '../packet/verdict-kinds.ts';
import type { Expectation } from '../packet/verdict-kinds.ts';
import type { SkbState } from '../packet/skb.ts';

/**
 * What a probe knew of a packet beside its bytes, as a packet comment of the pcapng file that keeps it: without
 * it a file read again could not say which device a packet came from, or what the function took it for.
 */
export interface Seen {
  readonly function: string;
  readonly expect: Expectation;
  /** The function runs before the IPv4 checksum is written. */
  readonly output: boolean;
  readonly skb: SkbState | null;
}

const PREFIX = 'skblens saw ';
const LONGEST = 4096;

const number = z.number().int().nullable();
const seen = z.object({
  function: z.string().max(200),
  expect: z.enum(EXPECTATIONS),
  output: z.boolean(),
  skb: z
    .object({
      len: number,
      dataLen: number,
      macLen: number,
      protocol: number,
      pktType: number,
      headroom: number,
      macHeader: number,
      networkHeader: number,
      deviceName: z.string().max(64).nullable(),
      ifindex: number,
      deviceType: number,
      hardHeaderLength: number,
      netns: number,
    })
    .nullable(),
});

export function writeSeen(what: Seen): string {
  return `${PREFIX}${JSON.stringify(what)}`;
}

/** Null where no comment of a packet is ours, or the one that looks like it is damaged. */
export function readSeen(comments: readonly string[]): Seen | null {
  const text = comments.find((comment) => comment.startsWith(PREFIX) && comment.length <= LONGEST);
  if (text === undefined) return null;
  try {
    return seen.parse(JSON.parse(text.slice(PREFIX.length)));
  } catch {
    return null;
  }
}
