import { MAX_DEVICES, readDevice } from './devices.ts';
import { readPairs, readSnmp6 } from './snmp.ts';
import type { CounterValues } from './snmp.ts';
import { addSoftnet } from './softnet.ts';

/** One look at the counter files of a network namespace. */
export interface CounterFiles {
  /** Seconds since boot, sleep included, to 10 ms: the clock of probes (CLOCK_BOOTTIME). Null: not there. */
  readonly uptime: number | null;
  readonly values: CounterValues;
}

/**
 * The files /proc/uptime, snmp, netstat, snmp6, softnet_stat and dev of one namespace, one behind the other, each of
 * which may be missing. Their lines tell themselves apart; names of devices are anybody's choice, so /proc/net/dev comes
 * last and what follows its headline is of devices only.
 */
export function parseCounterFiles(text: string): CounterFiles {
  const values: CounterValues = {};
  const lines = text.split('\n');
  const headline = lines.findIndex((line) => line.startsWith('Inter-|'));
  const before = headline < 0 ? lines : lines.slice(0, headline);
  let uptime: number | null = null;
  const pairs: string[] = [];
  for (const line of before) {
    const clock = /^(\d{1,12}\.\d{1,9}) \d{1,15}\.\d{1,9}$/.exec(line);
    if (clock) uptime ??= Number(clock[1]);
    else if (/^\w+: /.test(line)) pairs.push(line);
    else if (!readSnmp6(line, values)) addSoftnet(line, values);
  }
  readPairs(pairs, values);
  let devices = 0;
  if (headline >= 0)
    for (const line of lines.slice(headline + 1))
      if (devices < MAX_DEVICES && readDevice(line, values)) devices++;
  return { uptime, values };
}
