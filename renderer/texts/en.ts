import { shell } from './en/shell.ts';
import { capture } from './en/capture.ts';
import { connect } from './en/connect.ts';
import { target } from './en/target.ts';
import { functions } from './en/functions.ts';
import { structs } from './en/structs.ts';
import { probe } from './en/probe.ts';
import { events } from './en/events.ts';
import { filter } from './en/filter.ts';
import { packet } from './en/packet.ts';
import { counters } from './en/counters.ts';
import { cost } from './en/cost.ts';
import { device } from './en/device.ts';
import { profiles } from './en/profiles.ts';

/** Every text of the page in English, an area a file; zh-CN/ has the same files, keys and blanks. */
export const en = {
  ...shell,
  ...capture,
  ...connect,
  ...target,
  ...functions,
  ...structs,
  ...probe,
  ...events,
  ...filter,
  ...packet,
  ...counters,
  ...device,
  ...cost,
  ...profiles,
} as const;

export type TextKey = keyof typeof en;
