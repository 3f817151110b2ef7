// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withLock } from './lock.mjs';
import { inRoot, root } from './paths.mjs';

/**
 * Makes node_modules what package-lock.json says, by `npm ci`, and only when it is not. Everything
 * npm says goes to stderr: stdout belongs to the program that is started afterwards.
 */
export async function ensureInstalled() {
  if (installedIsCurrent()) return;
  await withLock('install', async () => {
    if (installedIsCurrent()) return;
    process.stderr.write('skblens: installing npm packages (npm ci)\n');
    const status = await run(npmCommand(), ['ci', '--no-progress']);
    if (status !== 0) throw new Error(`npm ci failed with exit status ${status}`);
  });
}

/**
 * npm writes node_modules/.package-lock.json last, so it tells both that an installation was completed
 * and what is in it. Packages for other systems are in our lock only, and marked optional there.
 */
function installedIsCurrent() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const here = installed[path];
    if (path === '') return true;
    if (!here) return entry.optional === true;
    return here.version === entry.version && here.integrity === entry.integrity;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | null}
 */
function readPackages(file) {
  try {
    const lock = /** @type {{ packages: ReturnType<typeof readPackages> }} */ (
      JSON.parse(readFileSync(inRoot(file), 'utf8'))
    );
    return lock.packages;
  } catch {
    return null;
  }
}

function npmCommand() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    child.on('error', reject).on('exit', (code) => resolve(code ?? 1));
  });
}
