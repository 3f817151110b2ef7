import type { EventRecord } from '../capture/record.ts';
import type { FilterPoint } from './context.ts';
import type { PacketPlace } from './packet-place.ts';

/** What a test looks at: one object for all records of a filter, so that nothing is allocated for one. */
export interface Subject {
  record: EventRecord;
  point: FilterPoint;
  /** Calls of `place` after the first cost nothing. */
  readonly place: () => PacketPlace;
}

export type Test = (subject: Subject) => boolean;
