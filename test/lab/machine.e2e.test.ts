import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downGuest, upGuest, useGuest } from './guest.ts';
import { ensureImage, type Image } from './image.ts';
import { DEFAULT_MACHINE, endedByItself, findMachine, startMachine } from './machine.ts';
import { labObstacle } from './obstacle.ts';
import { labPaths, type LabPaths } from './paths.ts';
import { closePrivateLab, endAbandonedLabs, openPrivateLab } from './private-lab.ts';

const quiet = () => undefined;

const obstacle = await labObstacle(['bookworm']);
if (obstacle !== null) console.warn(`SKIPPED: ${obstacle}`);

describe.skipIf(obstacle !== null)('a machine', () => {
  const shared = labPaths();
  let paths: LabPaths;
  let image: Image;

  beforeAll(async () => {
    image = await ensureImage(shared, 'bookworm', quiet);
    paths = await openPrivateLab(shared);
  }, 600_000);

  afterAll(async () => {
    await closePrivateLab(paths);
  });

  it('outlives the call that started it, and is ended for certain', async () => {
    const machine = await startMachine(paths, image, DEFAULT_MACHINE, quiet);
    expect(await findMachine(paths, 'bookworm')).toEqual(machine);
    expect((await useGuest('bookworm', paths)).port).toBe(machine.port);
    expect(await downGuest('bookworm', quiet, paths)).toBe(true);
    const server = createServer().listen(machine.port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    expect(await findMachine(paths, 'bookworm')).toBeNull();
    expect(await downGuest('bookworm', quiet, paths)).toBe(false);
  }, 60_000);

  it('keeps its port from run to run, so that ssh configs stay true', async () => {
    const first = await startMachine(paths, image, DEFAULT_MACHINE, quiet);
    await downGuest('bookworm', quiet, paths);
    const second = await startMachine(paths, image, DEFAULT_MACHINE, quiet);
    expect(second.port).toBe(first.port);
    expect(second.pid).not.toBe(first.pid);
    await downGuest('bookworm', quiet, paths);
  }, 60_000);

  it('is noticed when it died', async () => {
    const machine = await startMachine(paths, image, DEFAULT_MACHINE, quiet);
    process.kill(machine.pid, 'SIGKILL');
    for (let round = 0; round < 100 && (await findMachine(paths, 'bookworm')); round++) await delay(50);
    expect(await findMachine(paths, 'bookworm')).toBeNull();
    expect(await endedByItself(paths, 'bookworm')).toBe(true);
    await expect(useGuest('bookworm', paths)).rejects.toMatchObject({ code: 'not-running' });
    expect(await downGuest('bookworm', quiet, paths)).toBe(false);
    expect(await endedByItself(paths, 'bookworm')).toBe(false);
  }, 60_000);

  it('is ended when it does not boot in time, and the failure shows its console', async () => {
    const up = upGuest('bookworm', { paths, progress: quiet, bootSeconds: 1 });
    await expect(up).rejects.toMatchObject({
      code: 'boot-failed',
      message: expect.stringContaining('within 1 s') as string,
      remedy: expect.stringContaining('console.log') as string,
    });
    expect(await findMachine(paths, 'bookworm')).toBeNull();
  }, 60_000);

  it('is booted once more when it dies while it boots', async () => {
    // Killed only once QEMU has detached itself: before that its death is a machine that did not start.
    const said: string[] = [];
    const runs = new EventEmitter<{ pid: [number] }>();
    const up = upGuest('bookworm', {
      paths,
      progress: (line) => {
        said.push(line);
        const pid = /QEMU runs, pid (\d+)/.exec(line)?.[1];
        if (pid !== undefined) runs.emit('pid', Number(pid));
      },
    });
    const [first] = (await once(runs, 'pid')) as [number];
    process.kill(first, 'SIGKILL');
    const guest = await up;
    expect(guest.pid).not.toBe(first);
    expect(said.join('\n')).toContain('booting once more');
    expect((await guest.run('id -u')).stdout.trim()).toBe('0');
    await downGuest('bookworm', quiet, paths);
  }, 400_000);

  it('of a private lab is ended once the owner of that lab is dead', async () => {
    const owner = spawn('true');
    await once(owner, 'close');
    const directory = join(shared.directory, `test-${owner.pid}-abandoned`);
    await mkdir(directory);
    const abandoned = { ...labPaths({ SKBLENS_LAB_DIR: directory }), images: shared.images };
    await startMachine(abandoned, image, DEFAULT_MACHINE, quiet);
    expect(await endAbandonedLabs(shared)).toContain(directory);
    expect(await findMachine(abandoned, 'bookworm')).toBeNull();
    await expect(stat(directory)).rejects.toThrow('ENOENT');
    await expect(stat(paths.directory)).resolves.toBeDefined();
  }, 60_000);
});
