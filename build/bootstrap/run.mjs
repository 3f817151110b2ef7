// @ts-check
import { ensureInstalled } from './install.mjs';
import { root } from './paths.mjs';

/**
 * What every script of package.json calls: `run.mjs COMMAND [argument...]`. It sees to it that the npm
 * packages are installed and the bundles current, then runs the command in this same process, so that
 * whoever stops this process stops the work itself.
 *
 * @type {Readonly<Record<string, (args: string[]) => Promise<number | void>>>}
 */
const commands = {
  start: async (args) => (await import('./start.mjs')).start(args),
  dev: async (args) => (await import('./start.mjs')).dev(args),
  build: async () => (await import('./build.mjs')).build(),
  test: async (args) => (await import('./test.mjs')).test(args),
  check: async (args) => (await import('./check.mjs')).check(args),
  skblens: async (args) => {
    // The page it serves is built like the program itself.
    if (args.includes('serve')) await (await import('./build.mjs')).build();
    return runBundle('cli', args);
  },
  lab: (args) => runBundle('lab', args),
  bench: (args) => runBundle('bench', args),
};

/**
 * @param {'cli' | 'lab' | 'bench'} name
 * @param {string[]} args
 */
async function runBundle(name, args) {
  const { ensureBundle } = await import('./bundle.mjs');
  const { runProgram } = await import('./program.mjs');
  return runProgram(await ensureBundle(name), args);
}

const [command = '', ...args] = process.argv.slice(2);
const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
if (!run) {
  process.stderr.write(
    `usage: node build/bootstrap/run.mjs ${Object.keys(commands).join('|')} [argument...]\n`,
  );
  process.exitCode = 2;
} else {
  try {
    process.chdir(command === 'skblens' ? (process.env['INIT_CWD'] ?? '.') : root);
    await ensureInstalled();
    const status = await run(args);
    if (typeof status === 'number') process.exitCode = status;
  } catch (error) {
    process.stderr.write(
      `skblens: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
