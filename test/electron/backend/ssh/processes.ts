import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of this machine that holds a marker in its command line. */
export interface Found {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Every process but this one whose command line contains one of `markers`; a zombie has none. */
export function processesWith(...markers: readonly string[]): Found[] {
  const found: Found[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (!markers.some((marker) => marker !== '' && command.includes(marker))) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      found.push({ pid, parent, command });
    } catch {
      continue;
    }
  }
  return found;
}

/** Seconds until no process holds a marker; what is still there if that takes longer than `limit`. */
export async function secondsUntilGone(
  limit: number,
  ...markers: readonly string[]
): Promise<number | readonly Found[]> {
  const began = Date.now();
  for (;;) {
    const left = processesWith(...markers);
    const seconds = (Date.now() - began) / 1000;
    if (left.length === 0) return seconds;
    if (seconds > limit) return left;
    await delay(50);
  }
}
