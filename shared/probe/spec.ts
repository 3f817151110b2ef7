import { z } from 'zod';

/** The header a probe expects at its pointer; `default` takes it from the table in expects.ts. */
export const EXPECTATIONS = ['default', 'ethernet', 'ipv4', 'ipv6', 'ip', 'auto'] as const;

/** Filters that are compiled into the kernel side of a probe. See filters.ts for what each tests. */
export const FILTERS = ['none', 'bad-ip-header', 'misfit'] as const;
export type FilterName = (typeof FILTERS)[number];

export const ENGINES = ['auto', 'bpftrace'] as const;

/** A kernel symbol, optionally `module:function`; dots occur in clones (`foo.isra.0`). */
export const FUNCTION_NAME = /^(?:[A-Za-z0-9_]+:)?[A-Za-z_][A-Za-z0-9_.]{0,127}$/;

/** What to probe and how much of it: everything a probe's program is made from, besides the target's own facts. */
export const probeSpec = z.strictObject({
  function: z.string().regex(FUNCTION_NAME),
  filter: z.enum(FILTERS).default('none'),
  expect: z.enum(EXPECTATIONS).default('default'),
  engine: z.enum(ENGINES).default('auto'),
  /** Stop after so many events; null: until stopped. */
  count: z.number().int().min(1).max(100_000_000).nullable().default(null),
  /** Stop after so many seconds; null: until stopped. */
  seconds: z.number().min(1).max(86_400).nullable().default(null),
  /** Events a second that the target may send, so that a flood costs it little; the rest is counted. */
  perSecond: z.number().int().min(1).max(1_000_000).default(2000),
});
export type ProbeSpec = z.infer<typeof probeSpec>;
