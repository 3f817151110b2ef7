// @ts-check
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { build } from './build.mjs';
import { inRoot, root } from './paths.mjs';
import { runProgram } from './program.mjs';

/**
 * Opens skblens: in Electron where its binary and a display are at hand, else in a browser on this
 * machine, and says on stdout why.
 *
 * @param {string[]} args
 */
export async function start(args) {
  await build();
  const electron = electronBinary();
  const why = whyNoWindow(electron);
  if (electron && why === null) return runElectron(electron, args);
  process.stdout.write(
    `skblens: no Electron window, because ${why}; serving the same app on this machine.\n`,
  );
  return serve(args);
}

/**
 * The app on loopback from the page's sources: vite rebuilds what changes, the backend is as it was built.
 *
 * @param {string[]} args
 */
export async function dev(args) {
  await build();
  const { build: viteBuild } = await import('vite');
  const watcher = await viteBuild({
    configFile: inRoot('build/vite.config.ts'),
    logLevel: 'info',
    build: {
      outDir: inRoot('dist/renderer'),
      emptyOutDir: false,
      watch: {},
      rolldownOptions: { checks: { bundlerTimings: false } },
    },
  });
  try {
    return await serve(args);
  } finally {
    if ('close' in watcher) await watcher.close();
  }
}

/** The binary as Electron's own package names it. Loading that package instead would try to download it. */
function electronBinary() {
  const folder = inRoot('node_modules/electron');
  const pathFile = `${folder}/path.txt`;
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : 'electron';
  const binary = `${process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? `${folder}/dist`}/${name}`;
  return existsSync(binary) ? binary : null;
}

/** @param {string | null} electron */
function whyNoWindow(electron) {
  const reasons = [];
  if (!electron) reasons.push("Electron's binary is not installed (npx install-electron downloads it)");
  if (!hasDisplay()) reasons.push('there is no display (DISPLAY and WAYLAND_DISPLAY are not set)');
  return reasons.length > 0 ? reasons.join(' and ') : null;
}

function hasDisplay() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

/**
 * @param {string} binary
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function runElectron(binary, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [root, ...args], { stdio: 'inherit' });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.on(signal, () => child.kill(signal));
    child.on('error', reject).on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 0)));
  });
}

/** @param {string[]} args */
async function serve(args) {
  const command = browserCommand();
  if (command) openWhenServed(command);
  return runProgram(inRoot('dist/electron/cli.mjs'), ['serve', ...args]);
}

/** What opens an address here, or null where there is nobody to see it. */
function browserCommand() {
  if (process.platform === 'darwin') return 'open';
  if (process.platform === 'win32') return 'explorer';
  if (!hasDisplay()) return null;
  return spawnSync('which', ['xdg-open'], { stdio: 'ignore' }).status === 0 ? 'xdg-open' : null;
}

/** `serve` prints the address it is at; the first one on stdout is opened. */
function openWhenServed(/** @type {string} */ command) {
  const write = process.stdout.write;
  /** @type {(...message: any[]) => boolean} */
  const writeAndLook = (...message) => {
    const address = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(String(message[0]))?.[0];
    if (address) {
      process.stdout.write = write;
      spawn(command, [address], { stdio: 'ignore', detached: true })
        .on('error', () => {})
        .unref();
    }
    return /** @type {(...message: any[]) => boolean} */ (write).apply(process.stdout, message);
  };
  process.stdout.write = writeAndLook;
}
