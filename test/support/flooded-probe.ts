import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { floodGuest } from '../lab/flood.ts';
import type { FloodResult } from '../lab/flood.ts';
import type { Guest } from '../lab/guest.ts';
import type { JsonLine } from './skblens.ts';

const RUN = fileURLToPath(new URL('../../build/bootstrap/run.mjs', import.meta.url));
const EVERY_MS = 500;

export interface FloodedProbe {
  readonly flood: FloodResult;
  readonly status: number | null;
  /** Lines of events that the client printed. */
  readonly events: number;
  /** All its other lines. */
  readonly lines: readonly JsonLine[];
  /** Resident memory of the client in MB while the flood lasted, oldest first. */
  readonly memory: readonly number[];
  readonly stderr: string;
}

/**
 * A probe by the command line, in a process of its own whose memory is watched, while its guest is flooded. Then
 * `after` runs, with the lines so far, and the probe is asked to end, if it has not. Events are counted, not kept.
 */
export async function probeFlood(
  guest: Guest,
  words: readonly string[],
  rate: number,
  seconds: number,
  after: (lines: readonly JsonLine[]) => Promise<void> = async () => undefined,
): Promise<FloodedProbe> {
  const child = spawn(
    process.execPath,
    [RUN, 'skblens', 'probe', guest.name, 'ip_rcv_core', ...words, '--json', '-F', guest.sshConfigPath],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: JsonLine[] = [];
  const memory: number[] = [];
  let [events, rest, stderr] = [0, '', ''];
  let attached: () => void = () => undefined;
  const whenAttached = new Promise<void>((resolve) => {
    attached = resolve;
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      if (part.startsWith('{"type":"event"')) {
        events++;
        continue;
      }
      const line = JSON.parse(part) as JsonLine;
      lines.push(line);
      if (line.type === 'attached') attached();
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-20_000);
  });
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ended = exit.then(() => {
    throw new Error(`the probe ended before the flood: ${JSON.stringify(lines.slice(-2))}\n${stderr}`);
  });
  ended.catch(() => undefined);
  await Promise.race([whenAttached, ended]);
  const watch = setInterval(() => {
    const status = child.exitCode === null ? readFileSync(`/proc/${child.pid}/status`, 'latin1') : '';
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes !== undefined) memory.push(Number(kilobytes) / 1024);
  }, EVERY_MS);
  try {
    const flood = await floodGuest(guest, rate, seconds);
    clearInterval(watch);
    await after(lines);
    child.kill('SIGINT');
    return { flood, status: await exit, events, lines, memory, stderr };
  } finally {
    clearInterval(watch);
    child.kill('SIGTERM');
  }
}
