/** Seconds from a command line to the functions of a real target, first with an empty cache, then with a filled one, then without asking. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GuestName } from '../lab/guest-names.ts';
import { upGuest } from '../lab/guest.ts';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';

const RUN = fileURLToPath(new URL('../../build/bootstrap/run.mjs', import.meta.url));
const ROUNDS = 3;

/** Milliseconds of a command that must end well and write many lines. */
function time(command: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(command, words, {
    env: { ...process.env, ...environment },
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  const milliseconds = performance.now() - begin;
  const lines = stdout.toString('latin1').split('\n');
  if (status !== 0 || lines.length < 20_000)
    throw new Error(
      `${command} ended with ${status} after ${lines.length} lines: ${lines.slice(0, 3).join('\n')}\n${stderr.toString('utf8')}`,
    );
  return milliseconds;
}

/** The peer lists what it can attach, with arguments, on the same guest over ssh. Interleaved; medians. */
export async function run(name: GuestName = 'bookworm'): Promise<BenchLine[]> {
  const guest = await upGuest(name);
  const directory = mkdtempSync(join(tmpdir(), 'skblens-bench-'));
  const [cold, cached, offline, peer]: number[][] = [[], [], [], []];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const words = [RUN, 'skblens', 'functions', guest.name, '--json', '-F', guest.sshConfigPath];
      const environment = { XDG_CACHE_HOME: join(directory, `${round}`) };
      cold?.push(time(process.execPath, words, environment));
      cached?.push(time(process.execPath, words, environment));
      offline?.push(time(process.execPath, [...words, '--offline'], environment));
      peer?.push(time('ssh', ['-F', guest.sshConfigPath, guest.name, "bpftrace -lv 'kfunc:*'"]));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const theirs = median(peer ?? []);
  const measured = { 'list-cold': cold, 'list-cached': cached, 'list-offline': offline };
  return Object.entries(measured).map(([bench, times]) => {
    const ours = median(times ?? []);
    return {
      bench,
      ours: Math.round(ours),
      peer: Math.round(theirs),
      peerName: "ssh HOST bpftrace -lv 'kfunc:*'",
      ratio: theirs / ours,
      unit: 'ms',
    };
  });
}
