import { copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireTools, runCommand } from './commands.ts';
import { LabFailure, type Progress } from './failure.ts';
import type { GuestName } from './guest-names.ts';
import { withLock } from './lock.ts';
import type { LabPaths } from './paths.ts';
import { recipeHash, recipeOf, type Recipe } from './recipe.ts';

/** A built image. It is never written again: guests run on a throw-away overlay. */
export type Image = {
  readonly name: GuestName;
  readonly hash: string;
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly hostKey: string;
};

/** How many images of one guest stay in the cache (checkouts with other recipes may take turns). */
const KEPT_IMAGES = 2;

/** The image of a guest, built unless the cache has one of the very same recipe. Takes about a minute. */
export async function ensureImage(
  paths: LabPaths,
  name: GuestName,
  progress: Progress,
  rebuild = false,
): Promise<Image> {
  const recipe = recipeOf(name, await ensureClientKey(paths, progress));
  const hash = recipeHash(recipe);
  if (!rebuild) {
    const cached = await readImage(paths, name, hash);
    if (cached) return cached;
  }
  return await withLock(join(paths.locks, `image-${name}`), progress, async () => {
    const cached = rebuild ? null : await readImage(paths, name, hash);
    if (cached) return cached;
    await buildImage(paths, recipe, hash, progress);
    await removeOldImages(paths, name, hash);
    const built = await readImage(paths, name, hash);
    if (built) return built;
    throw new LabFailure('image-build-failed', `The image ${name}-${hash} was built but cannot be read.`);
  });
}

/** Whether the cache holds the image of the current recipe, without building or making a key. */
export async function findImage(paths: LabPaths, name: GuestName): Promise<Image | null> {
  const publicKey = await readFile(`${paths.clientKey}.pub`, 'utf8').catch(() => null);
  if (publicKey === null) return null;
  return await readImage(paths, name, recipeHash(recipeOf(name, publicKey)));
}

/** Marks the image as used now, which is what keeps it when others are removed. */
export async function touchImage(image: Image): Promise<void> {
  const now = new Date();
  await utimes(dirname(image.disk), now, now);
}

/** The public half of the key that logs in to every guest, made on first use. */
async function ensureClientKey(paths: LabPaths, progress: Progress): Promise<string> {
  const publicPath = `${paths.clientKey}.pub`;
  const existing = await readFile(publicPath, 'utf8').catch(() => null);
  if (existing !== null) return existing;
  return await withLock(join(paths.locks, 'client-key'), progress, async () => {
    const made = await readFile(publicPath, 'utf8').catch(() => null);
    if (made !== null) return made;
    const folder = dirname(paths.clientKey);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const fresh = join(folder, `fresh-${process.pid}`);
    const keygen = await runCommand('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      'skblens lab',
      '-f',
      fresh,
    ]);
    if (keygen.code !== 0) throw new LabFailure('image-build-failed', `ssh-keygen: ${keygen.stderr.trim()}`);
    await rename(fresh, paths.clientKey);
    await rename(`${fresh}.pub`, publicPath);
    return await readFile(publicPath, 'utf8');
  });
}

async function readImage(paths: LabPaths, name: GuestName, hash: string): Promise<Image | null> {
  const folder = join(paths.images, `${name}-${hash}`);
  const hostKey = await readFile(join(folder, 'host-key.pub'), 'utf8').catch(() => null);
  if (hostKey === null) return null;
  return {
    name,
    hash,
    disk: join(folder, 'disk.img'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
    hostKey: hostKey.trim().split(' ').slice(0, 2).join(' '),
  };
}

async function buildImage(paths: LabPaths, recipe: Recipe, hash: string, progress: Progress): Promise<void> {
  requireTools();
  if (process.getuid?.() !== 0) {
    throw new LabFailure(
      'root-needed',
      `The image ${recipe.name}-${hash} is not in ${paths.images}, and only root can build it.`,
      `Run once: sudo SKBLENS_LAB_DIR=${paths.directory} npm run lab -- build ${recipe.name}; then chown it to yourself.`,
    );
  }
  const started = Date.now();
  progress(`${recipe.name}: building its image with mmdebstrap (about a minute) …`);
  await mkdir(paths.images, { recursive: true });
  await removeAbandonedBuilds(paths);
  const work = join(paths.images, `.building-${recipe.name}-${hash}-${process.pid}`);
  const root = join(work, 'root');
  const result = join(work, 'result');
  await mkdir(result, { recursive: true });
  try {
    await bootstrap(recipe, work, root);
    progress(`${recipe.name}: tree ready after ${seconds(started)} s, writing its ext4 image …`);
    await writeDisk(recipe, root, join(result, 'disk.img'));
    await copyFile(await bootFile(root, 'vmlinuz-'), join(result, 'vmlinuz'));
    await copyFile(await bootFile(root, 'initrd.img-'), join(result, 'initrd.img'));
    await writeFile(join(result, 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`);
    await copyFile(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), join(result, 'host-key.pub'));
    const target = join(paths.images, `${recipe.name}-${hash}`);
    await rm(target, { recursive: true, force: true });
    await rename(result, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  progress(`${recipe.name}: image ${recipe.name}-${hash} built in ${seconds(started)} s`);
}

async function bootstrap(recipe: Recipe, work: string, root: string): Promise<void> {
  const essential = join(work, 'essential.sh');
  const customize = join(work, 'customize.sh');
  await writeFile(essential, recipe.essentialScript);
  await writeFile(customize, recipe.customizeScript);
  const built = await runCommand(
    'mmdebstrap',
    [
      '--quiet',
      '--mode=root',
      '--format=directory',
      '--variant=minbase',
      '--architectures=amd64',
      `--include=${recipe.packages.join(',')}`,
      ...recipe.aptOptions.map((option) => `--aptopt=${option}`),
      `--essential-hook=sh '${essential}' "$1"`,
      `--customize-hook=sh '${customize}' "$1"`,
      recipe.suite,
      root,
      recipe.mirror,
    ],
    { environment: { TMPDIR: work } },
  );
  if (built.code === 0) return;
  throw new LabFailure(
    'image-build-failed',
    `mmdebstrap ${recipe.suite} ended with ${built.code}: ${lastLines(built.stderr, 15)}`,
    `Is ${recipe.mirror} in reach? Another mirror: SKBLENS_DEBIAN_MIRROR=…`,
  );
}

async function writeDisk(recipe: Recipe, root: string, disk: string): Promise<void> {
  const made = await runCommand('mkfs.ext4', [
    '-q',
    '-F',
    '-L',
    'lab',
    '-O',
    '^has_journal',
    '-d',
    root,
    disk,
    `${recipe.diskMegabytes}M`,
  ]);
  if (made.code === 0) return;
  throw new LabFailure(
    'image-build-failed',
    `mkfs.ext4 ended with ${made.code}: ${lastLines(made.stderr, 5)}`,
  );
}

async function bootFile(root: string, prefix: string): Promise<string> {
  const folder = join(root, 'boot');
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix)).sort();
  const newest = names.at(-1);
  if (newest !== undefined) return join(folder, newest);
  throw new LabFailure('image-build-failed', `No ${prefix}* in ${folder}: the kernel package is incomplete.`);
}

async function removeAbandonedBuilds(paths: LabPaths): Promise<void> {
  for (const name of await readdir(paths.images)) {
    const pid = /^\.building-.*-(\d+)$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const alive = await stat(`/proc/${pid}`).then(
      () => true,
      () => false,
    );
    if (!alive) await rm(join(paths.images, name), { recursive: true, force: true });
  }
}

async function removeOldImages(paths: LabPaths, name: GuestName, current: string): Promise<void> {
  const folders: { path: string; used: number }[] = [];
  for (const entry of await readdir(paths.images)) {
    if (!entry.startsWith(`${name}-`) || entry === `${name}-${current}`) continue;
    const path = join(paths.images, entry);
    folders.push({ path, used: (await stat(path)).mtimeMs });
  }
  folders.sort((left, right) => right.used - left.used);
  for (const { path } of folders.slice(KEPT_IMAGES - 1)) await rm(path, { recursive: true, force: true });
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n');
}
