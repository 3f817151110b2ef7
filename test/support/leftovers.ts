import { setTimeout as delay } from 'node:timers/promises';
import type { Guest } from '../lab/guest.ts';

/** What is left on a target of a probe: the tracer, the guard's shells, programs that are still attached. Empty: nothing. */
export async function leftovers(guest: Guest): Promise<string> {
  const look =
    'pgrep -ax bpftrace; pgrep -af "skblens[0-9a-f]" | grep -v pgrep; bpftool prog show | grep -w tracing; true';
  return (await guest.run(look)).stdout.trim();
}

/** Seconds until nothing is left; the last look's findings if something still is after `limit` seconds. */
export async function secondsUntilClean(guest: Guest, limit: number): Promise<number | string> {
  const began = Date.now();
  for (;;) {
    const found = await leftovers(guest);
    if (found === '') return (Date.now() - began) / 1000;
    if ((Date.now() - began) / 1000 > limit) return found;
    await delay(500);
  }
}
