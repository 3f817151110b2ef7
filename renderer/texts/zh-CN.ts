import type { TextKey } from './en.ts';
import { shell } from './zh-CN/shell.ts';
import { capture } from './zh-CN/capture.ts';
import { connect } from './zh-CN/connect.ts';
import { target } from './zh-CN/target.ts';
import { functions } from './zh-CN/functions.ts';
import { structs } from './zh-CN/structs.ts';
import { probe } from './zh-CN/probe.ts';
import { events } from './zh-CN/events.ts';
import { filter } from './zh-CN/filter.ts';
import { packet } from './zh-CN/packet.ts';
import { counters } from './zh-CN/counters.ts';
import { cost } from './zh-CN/cost.ts';
import { device } from './zh-CN/device.ts';
import { profiles } from './zh-CN/profiles.ts';

/** The same texts in simplified Chinese. */
export const zhCN: Readonly<Record<TextKey, string>> = {
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
};
