import type { CountersReading } from '../../../shared/contract/api.ts';
import { startLeashed } from '../ssh/leash.ts';
import type { Leash } from '../ssh/leash.ts';
import type { Target } from '../ssh/command.ts';

/** Prints /proc/net/snmp once a second, each reading closed by an empty line. */
const WATCH_SCRIPT = `while cat /proc/net/snmp && echo; do sleep 1; done`;

const MAX_READING = 64 * 1024;

/** Starts to read the protocol counters of the target's initial network namespace once a second; returns its undo. */
export async function watchCounters(
  target: Target,
  onReading: (reading: CountersReading) => void,
  onEnd: (stderr: string) => void,
): Promise<() => void> {
  target.onCommand(WATCH_SCRIPT, 'counters');
  const leash: Leash = await startLeashed(target.connection, {
    command: '/bin/sh',
    input: WATCH_SCRIPT,
    sudo: target.sudo,
  });
  const began = Date.now();
  let text = '';
  let stopped = false;
  leash.onStdout((chunk) => {
    text += chunk.toString('latin1');
    const readings = text.split('\n\n');
    text = readings.pop() ?? '';
    if (text.length > MAX_READING) text = '';
    const last = readings.at(-1);
    if (last !== undefined) onReading({ at: Date.now() - began, values: parseSnmp(last) });
  });
  void leash.exit.then(() => {
    if (!stopped) onEnd(leash.stderr());
  });
  return () => {
    stopped = true;
    leash.interrupt(0);
  };
}

/**
 * /proc/net/snmp (net/ipv4/proc.c, snmp_seq_show): pairs of lines, names then values.
 *
 *     Ip: Forwarding DefaultTTL InReceives InHdrErrors …
 *     Ip: 1 64 1234 0 …
 */
export function parseSnmp(text: string): Record<string, number> {
  const values: Record<string, number> = {};
  const lines = text.split('\n').filter((line) => /^\w+: /.test(line));
  for (let i = 0; i + 1 < lines.length; i++) {
    const [group, ...names] = (lines[i] ?? '').trim().split(/\s+/);
    const [same, ...numbers] = (lines[i + 1] ?? '').trim().split(/\s+/);
    if (group === undefined || group !== same) continue;
    i++;
    for (const [at, name] of names.entries())
      if (/^-?\d{1,20}$/.test(numbers[at] ?? ''))
        values[`${group.slice(0, -1)}.${name}`] = Number(numbers[at]);
  }
  return values;
}
