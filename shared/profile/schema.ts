import { z } from 'zod';
import { probeSpec } from '../probe/spec.ts';

export const PROFILE_VERSION = 1;

/** A saved investigation: which host, which probe, and what its finder wrote down. One JSON file each. */
export const profile = z.strictObject({
  skblens: z.literal('investigation'),
  version: z.literal(PROFILE_VERSION),
  name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,79}$/u),
  /** What `ssh` takes: an alias, or user@host:port. Never a credential. */
  host: z.string().min(1).max(255),
  probe: probeSpec,
  notes: z.string().max(20_000).default(''),
});
export type Profile = z.infer<typeof profile>;
