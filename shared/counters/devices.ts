import type { CounterValues } from './snmp.ts';

/** The columns of /proc/net/dev (net/core/net-procfs.c, dev_seq_printf_stats). */
const COLUMNS = [
  'rx_bytes',
  'rx_packets',
  'rx_errs',
  'rx_drop',
  'rx_fifo',
  'rx_frame',
  'rx_compressed',
  'rx_multicast',
  'tx_bytes',
  'tx_packets',
  'tx_errs',
  'tx_drop',
  'tx_fifo',
  'tx_colls',
  'tx_carrier',
  'tx_compressed',
] as const;

export const MAX_DEVICES = 500;

/**
 * A line of /proc/net/dev as counters `eth0.rx_packets`; false if it is none. A name has no colon and no blank
 * (dev_valid_name), so the first colon ends it.
 *
 *     face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets …
 *       lo:       0       0    0 …
 */
export function readDevice(line: string, values: CounterValues): boolean {
  const [, name, rest] = /^\s*([^\s:/]{1,15}):\s*(\d[\d\s]*)$/.exec(line) ?? [];
  if (name === undefined || rest === undefined) return false;
  const numbers = rest.trim().split(/\s+/);
  if (numbers.length !== COLUMNS.length || numbers.some((number) => number.length > 20)) return false;
  for (const [at, column] of COLUMNS.entries()) values[`Device.${name}.${column}`] = Number(numbers[at]);
  return true;
}
