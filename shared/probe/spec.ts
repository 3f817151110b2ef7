import { z } from 'zod';
import { EXPECTATIONS as LAYERS } from '../packet/verdict-kinds.ts';
import { parsePoint } from './point.ts';

/** The header a probe expects at its pointer; `default` takes it from the table in expects.ts. */
export const EXPECTATIONS = ['default', ...LAYERS] as const;

/** Filters that are compiled into the kernel side of a probe. See filters.ts for what each tests. */
export const FILTERS = ['none', 'bad-ip-header', 'misfit'] as const;
export type FilterName = (typeof FILTERS)[number];

export const ENGINES = ['auto', 'bpftrace', 'tracefs'] as const;
export const EDGES = ['entry', 'return', 'both'] as const;

/** Points of one probe beyond the first: more would attach for minutes, and cost every packet. */
const MAX_ALSO = 99;
/** Values that a record can carry beside the packet (shared/capture/record.ts). */
export const MAX_FIELDS = 12;

/** A way to a value in C, from an argument on: `skb->dev->mtu`, `net`, `skb->cb[3]`. */
const FIELD_PATH = /^[A-Za-z_][A-Za-z0-9_]*(?:(?:->|\.)[A-Za-z_][A-Za-z0-9_]*|\[\d{1,5}\]){0,12}$/;

const point = z.string().refine((text) => parsePoint(text) !== null);

/** What to probe and how much of it: everything a probe's program is made from, besides the target's own facts. */
export const probeSpec = z.strictObject({
  /** A function, or another kind of probe point as bpftrace names it: see point.ts. May be a pattern. */
  function: point,
  /** More points of the same run: one ordered stream, packets told apart by their sk_buff. */
  also: z.array(point).max(MAX_ALSO).default([]),
  /** Where in the function: as it is entered, as it returns (with its result), or both. */
  edge: z.enum(EDGES).default('entry'),
  filter: z.enum(FILTERS).default('none'),
  /** An expression over captured fields, or pcap-filter syntax (shared/filter); with `filter` both must hold. */
  where: z.string().max(2000).default(''),
  /** Values to capture beside the packet. */
  fields: z.array(z.string().max(200).regex(FIELD_PATH)).max(MAX_FIELDS).default([]),
  /** The kernel stack of each event. */
  stack: z.boolean().default(false),
  expect: z.enum(EXPECTATIONS).default('default'),
  engine: z.enum(ENGINES).default('auto'),
  /** Stop after so many events; null: until stopped. */
  count: z.number().int().min(1).max(100_000_000).nullable().default(null),
  /** Stop after so many seconds; null: until stopped. */
  seconds: z.number().min(1).max(86_400).nullable().default(null),
  /** Events a second that the target may send, so that a flood costs it little; the rest is counted. */
  perSecond: z.number().int().min(1).max(1_000_000).default(2000),
  /** The script as the user changed it; null: the one that is written from the rest. */
  script: z.string().min(1).max(65_536).nullable().default(null),
  /** Attach everywhere, and detach at once: nothing is recorded. */
  dryRun: z.boolean().default(false),
  /** The user has said twice that a pattern may take more functions than is usually wise. */
  many: z.boolean().default(false),
});
export type ProbeSpec = z.infer<typeof probeSpec>;
