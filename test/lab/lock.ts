import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabFailure, type Progress } from './failure.ts';

/**
 * Runs `work` while this process alone holds the lock file. flock(1) holds it, in a child that ends with its
 * standard input, so a lab that is killed leaves no lock behind; the pid in the file only tells who holds it.
 * Throws `lock-timeout` after `timeoutMilliseconds` of waiting.
 */
export async function withLock<Result>(
  path: string,
  progress: Progress,
  work: () => Promise<Result>,
  timeoutMilliseconds = 900_000,
): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn('flock', ['--exclusive', path, 'sh', '-c', 'echo held; cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  let waiting: NodeJS.Timeout | undefined;
  let limit: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      waiting = setTimeout(() => {
        void ownerOf(path).then((owner) => progress(`waiting for another lab (${owner}) to release ${path}`));
      }, 1000);
      limit = setTimeout(() => {
        void ownerOf(path).then((owner) =>
          reject(
            new LabFailure(
              'lock-timeout',
              `${path} was held by ${owner} for ${timeoutMilliseconds / 1000} s.`,
              'Wait for that lab to end, or end it.',
            ),
          ),
        );
      }, timeoutMilliseconds);
      holder.once('error', (error) => reject(new LabFailure('tool-missing', `flock: ${error.message}`)));
      holder.stdout.once('data', () => resolve());
      holder.once('close', (code) =>
        reject(new LabFailure('lock-timeout', `flock ended with ${code} before it held ${path}.`)),
      );
    });
    clearTimeout(waiting);
    clearTimeout(limit);
    await writeFile(path, `${process.pid}\n`);
    return await work();
  } finally {
    clearTimeout(waiting);
    clearTimeout(limit);
    holder.stdin.end();
    if (holder.pid !== undefined) {
      if (holder.exitCode === null) holder.kill('SIGTERM');
      await ended;
    }
  }
}

async function ownerOf(path: string): Promise<string> {
  const owner = (await readFile(path, 'utf8').catch(() => '')).trim();
  return owner === '' ? 'owner unknown' : `process ${owner}`;
}
