// @ts-check
import { existsSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBundle, isNewerThan } from './bundle.mjs';
import { withLock } from './lock.mjs';
import { inRoot } from './paths.mjs';

const rendererConfig = 'build/vite.config.ts';
const rendererSources = ['renderer', 'shared', 'package-lock.json', rendererConfig];

/** Makes whatever of dist/ is not current: the page, and the bundles of both shells and the command line. */
export async function build() {
  for (const name of /** @type {const} */ (['cli', 'utility', 'main', 'preload'])) await ensureBundle(name);
  await buildRenderer();
}

/** The page: dist/renderer, exchanged whole, so that a server of it never sees half of one. */
export async function buildRenderer() {
  const page = inRoot('dist/renderer');
  const fresh = () => isNewerThan(`${page}/index.html`, rendererSources);
  if (fresh()) return;
  await withLock('renderer', async () => {
    if (fresh()) return;
    const began = new Date();
    const making = inRoot(`dist/renderer.${process.pid}.new`);
    const { build: viteBuild } = await import('vite');
    process.stderr.write('skblens: building the page\n');
    await viteBuild({
      configFile: inRoot(rendererConfig),
      logLevel: 'warn',
      customLogger: stderrLogger,
      build: { outDir: making, emptyOutDir: true, rolldownOptions: { checks: { bundlerTimings: false } } },
    });
    utimesSync(join(making, 'index.html'), began, began);
    const old = inRoot(`dist/renderer.${process.pid}.old`);
    if (existsSync(page)) renameSync(page, old);
    renameSync(making, page);
    rmSync(old, { recursive: true, force: true });
  });
}

/** vite's own logger writes to stdout, which belongs to the program. */
const warned = new Set();
const say = (/** @type {string} */ message) => void process.stderr.write(`${message}\n`);
/** @type {import('vite').Logger} */
const stderrLogger = {
  hasWarned: false,
  info: () => {},
  warn: say,
  warnOnce: (message) => {
    if (warned.has(message)) return;
    warned.add(message);
    say(message);
  },
  error: say,
  clearScreen: () => {},
  hasErrorLogged: () => false,
};
