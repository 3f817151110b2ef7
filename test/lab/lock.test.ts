import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skblens-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('withLock', () => {
  it('lets one work at a time, and names its owner', async () => {
    const path = join(folder, 'locks', 'one');
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside++;
      most = Math.max(most, inside);
      expect(await readFile(path, 'utf8')).toBe(`${process.pid}\n`);
      await delay(30);
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(path, () => undefined, work)));
    expect(most).toBe(1);
  });

  it('is released when the work fails', async () => {
    const path = join(folder, 'fails');
    const failing = withLock(
      path,
      () => undefined,
      async () => await Promise.reject(new Error('no')),
    );
    await expect(failing).rejects.toThrow('no');
    expect(
      await withLock(
        path,
        () => undefined,
        async () => await Promise.resolve('yes'),
      ),
    ).toBe('yes');
  });

  it('gives up, with the owner, when another process holds it; and gets it once that one is killed', async () => {
    const path = join(folder, 'held');
    const owner = spawn('flock', [path, 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    const said: string[] = [];
    const never = async () => await Promise.resolve('entered');
    await expect(withLock(path, (line) => said.push(line), never, 1500)).rejects.toMatchObject({
      code: 'lock-timeout',
    });
    expect(said.join()).toContain('waiting');
    const waiting = withLock(path, () => undefined, never, 20_000);
    await delay(200);
    owner.stdin.end();
    owner.kill('SIGKILL');
    expect(await waiting).toBe('entered');
  });
});
