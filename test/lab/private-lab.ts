import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GUEST_NAMES } from './guest-names.ts';
import { stopMachine } from './machine.ts';
import { labPaths, type LabPaths } from './paths.ts';

/** Folders of private labs are named `test-PID-…` after the process that owns them. */
const PREFIX = 'test-';

/**
 * A lab of this process's own: guests that nobody else breaks, fixes or ends, with their own ports and ssh
 * config. Only the images and the client key are shared. Pass it as `paths` to upGuest, and close it with
 * {@link closePrivateLab}; what a killed owner left behind is ended by the next one that opens.
 */
export async function openPrivateLab(shared: LabPaths = labPaths()): Promise<LabPaths> {
  await mkdir(shared.directory, { recursive: true });
  await endAbandonedLabs(shared);
  const directory = await mkdtemp(join(shared.directory, `${PREFIX}${process.pid}-`));
  return { ...labPaths({ SKBLENS_LAB_DIR: directory }), images: shared.images, clientKey: shared.clientKey };
}

/** Ends every guest of a private lab and removes its files. */
export async function closePrivateLab(paths: LabPaths): Promise<void> {
  for (const name of GUEST_NAMES) await stopMachine(paths, name);
  await rm(paths.directory, { recursive: true, force: true });
}

/** Ends the private labs whose owner is dead; returns their folders. */
export async function endAbandonedLabs(shared: LabPaths = labPaths()): Promise<string[]> {
  const ended: string[] = [];
  for (const entry of await readdir(shared.directory).catch(() => [])) {
    const owner = /^test-(\d+)-/.exec(entry)?.[1];
    if (owner === undefined || (await exists(`/proc/${owner}`))) continue;
    const directory = join(shared.directory, entry);
    await closePrivateLab(labPaths({ SKBLENS_LAB_DIR: directory }));
    ended.push(directory);
  }
  return ended;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
