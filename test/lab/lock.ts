import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabFailure, type Progress } from './failure.ts';

/** Gives a lock back; resolves once another may have it. */
export type Release = () => Promise<void>;

/** Runs `work` while this process alone holds the lock file. Throws as {@link takeLock} does. */
export async function withLock<Result>(
  path: string,
  progress: Progress,
  work: () => Promise<Result>,
  timeoutMilliseconds?: number,
): Promise<Result> {
  const release = await takeLock(path, progress, timeoutMilliseconds);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * Waits until this process alone holds the lock file. flock(1) holds it, in a child that ends with its
 * standard input, so a lab that is killed leaves no lock behind; the pid in the file only tells who holds it.
 * Throws `lock-timeout` after `timeoutMilliseconds` of waiting.
 */
export async function takeLock(
  path: string,
  progress: Progress,
  timeoutMilliseconds = 900_000,
): Promise<Release> {
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn('flock', ['--exclusive', path, 'sh', '-c', 'echo held; cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const release = async () => {
    holder.stdin.end();
    if (holder.pid === undefined) return;
    if (holder.exitCode === null) holder.kill('SIGTERM');
    await ended;
  };
  const waiting = setTimeout(() => {
    void ownerOf(path).then((owner) => progress(`waiting for another lab (${owner}) to release ${path}`));
  }, 1000);
  let limit: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
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
    await writeFile(path, `${process.pid}\n`);
    return release;
  } catch (error) {
    await release();
    throw error;
  } finally {
    clearTimeout(waiting);
    clearTimeout(limit);
  }
}

async function ownerOf(path: string): Promise<string> {
  const owner = (await readFile(path, 'utf8').catch(() => '')).trim();
  return owner === '' ? 'owner unknown' : `process ${owner}`;
}
