/** 64 MB through a remote command, from connecting to the last byte: ours against the system's ssh on one loopback sshd. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../electron/backend/ssh/connection.ts';
import { startSshd } from '../support/sshd.ts';
import type { Sshd } from '../support/sshd.ts';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';

const ROUNDS = 7;
const BYTES = 64 << 20;

async function ours(sshd: Sshd, file: string): Promise<number> {
  const began = performance.now();
  const connection = await connect(sshd.config(), { hostKey: async () => 'cancel' });
  const channel = await connection.exec(`cat ${file}`);
  let bytes = 0;
  channel.onStdout((chunk) => (bytes += chunk.length));
  channel.onStderr(() => undefined);
  const { code } = await channel.exit;
  const seconds = (performance.now() - began) / 1000;
  connection.close();
  return checked(seconds, code, bytes);
}

/** What it writes goes to /dev/null: no reader is cheaper. */
function theirs(sshd: Sshd, file: string): number {
  const options = [
    `UserKnownHostsFile=${sshd.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'BatchMode=yes',
  ].flatMap((option) => ['-o', option]);
  const words = ['-F', 'none', ...options, '-i', sshd.identity, '-p', String(sshd.port), '127.0.0.1'];
  const began = performance.now();
  const { status } = spawnSync('ssh', [...words, `cat ${file}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  return checked((performance.now() - began) / 1000, status, BYTES);
}

function checked(seconds: number, code: number | null, bytes: number): number {
  if (code !== 0 || bytes !== BYTES) throw new Error(`it ended with ${code} after ${bytes} bytes`);
  return seconds;
}

/** One round of both beforehand; then interleaved, medians, as MB (10^6 bytes) a second. */
export async function run(): Promise<BenchLine[]> {
  const sshd = await startSshd();
  const file = join(sshd.directory, 'bulk');
  writeFileSync(file, randomBytes(BYTES));
  const [own, peer]: number[][] = [[], []];
  try {
    await ours(sshd, file);
    theirs(sshd, file);
    for (let round = 0; round < ROUNDS; round++) {
      own?.push(await ours(sshd, file));
      peer?.push(theirs(sshd, file));
    }
  } finally {
    sshd.stop();
  }
  const speed = (seconds: readonly number[]): number => BYTES / 1e6 / median(seconds);
  const [we, they] = [speed(own ?? []), speed(peer ?? [])];
  return [
    {
      bench: 'ssh-bulk',
      ours: Math.round(we),
      peer: Math.round(they),
      peerName: 'ssh HOST cat FILE >/dev/null',
      ratio: we / they,
      unit: 'MB/s',
    },
  ];
}
