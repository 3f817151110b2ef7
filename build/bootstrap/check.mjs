// @ts-check
import { spawn } from 'node:child_process';
import { inRoot, root } from './paths.mjs';

/**
 * The gates, the long ones first. Each is a tool of node_modules, run from the project's root; what it
 * takes for a violation ends it with another status than 0.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const gates = {
  eslint: ['eslint/bin/eslint.js', '--config', 'build/eslint.config.mjs', '--max-warnings', '0', '.'],
  'svelte-check': [
    'svelte-check/bin/svelte-check',
    '--workspace',
    'renderer',
    '--tsconfig',
    'tsconfig.json',
    '--fail-on-warnings',
    '--output',
    'human',
  ],
  types: ['typescript/bin/tsc', '-b', 'build/tsconfig.json'],
  prettier: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  imports: [
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    'build/dependency-cruiser.cjs',
    '--output-type',
    'err-long',
    'electron',
    'renderer',
    'shared',
    'build',
    'test',
  ],
  unused: ['knip/bin/knip.js', '--config', 'build/knip.json', '--no-progress'],
};

/** Two at a time: the project's machines have two cores, and no gate uses more than one for long. */
const atOnce = 2;

/**
 * Runs every gate, or those that are named, and prints a line for each as it ends, with what it found
 * below where it failed. The last line is `N passed, N failed`.
 *
 * @param {string[]} names
 */
export async function check(names) {
  const unknown = names.filter((name) => !Object.hasOwn(gates, name));
  if (unknown.length > 0) {
    process.stderr.write(`no gate ${unknown.join(', ')}; there are ${Object.keys(gates).join(', ')}\n`);
    return 2;
  }
  const waiting = names.length > 0 ? names : Object.keys(gates);
  const total = waiting.length;
  let failed = 0;
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const began = performance.now();
      const { status, output } = await runGate(name);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds} s\n`);
      if (status === 0) continue;
      failed += 1;
      process.stdout.write(`${output.trimEnd()}\n\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  process.stdout.write(`${total - failed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

/**
 * @param {string} name
 * @returns {Promise<{ status: number, output: string }>}
 */
function runGate(name) {
  const [tool = '', ...args] = gates[name] ?? [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [inRoot('node_modules', tool), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject).on('close', (code) => resolve({ status: code ?? 1, output }));
  });
}
