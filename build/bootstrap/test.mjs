// @ts-check
import { build } from './build.mjs';
import { inRoot, root } from './paths.mjs';
import { ensureSystem, hasProgram } from './system.mjs';

const projects = ['unit', 'browser', 'gates', 'lab'];

/**
 * Sets the machine up, builds, and runs the tests. Arguments are names of projects, parts of file
 * names, and options of vitest as `--name=value`. Whatever happens, the last line on stdout is
 * `N passed, N failed, N skipped`, and before it stands every test that was skipped, with its reason.
 *
 * @param {string[]} args
 */
export async function test(args) {
  await ensureSystem();
  const built = await tryBuild();
  const { parseCLI, startVitest } = await import('vitest/node');
  const words = args.filter((word) => !projects.includes(word));
  const { filter, options } = parseCLI(['vitest', 'run', ...words]);
  const wanted = args.filter((word) => projects.includes(word));
  const project = (wanted.length > 0 ? wanted : projects).filter(canRun);
  const vitest = await startVitest('test', filter, {
    ...options,
    root,
    config: inRoot('build/vitest.config.ts'),
    watch: false,
    project,
  });
  const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const brokenFiles = vitest.state.getTestModules().filter((module) => module.errors().length > 0);
  const inState = (/** @type {string} */ state) => tests.filter((one) => one.result().state === state);
  const passed = inState('passed').length;
  const broken = brokenFiles.length + vitest.state.getUnhandledErrors().length + (built ? 0 : 1);
  const failed = inState('failed').length + broken;
  const skipped = [...inState('skipped'), ...inState('pending')];
  await vitest.close();
  const status = Number(process.exitCode ?? 0);
  for (const one of skipped) process.stdout.write(`SKIPPED ${one.module.moduleId}: ${reasonOf(one)}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : status;
}

/** A failed build is one failure more, and the tests that need none of it still tell something. */
async function tryBuild() {
  try {
    await build();
    return true;
  } catch (error) {
    process.stderr.write(`FAILED the build: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** Without Chromium there is no page to test in: loud, and under CI the project runs and so fails. */
function canRun(/** @type {string} */ project) {
  if (project !== 'browser' || hasProgram('chromium') || process.env['CI']) return true;
  process.stderr.write('SKIPPED all browser tests: no chromium here: apt-get install chromium\n');
  return false;
}

/** @param {import('vitest/node').TestCase} one */
function reasonOf(one) {
  const result = one.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note === undefined ? one.fullName : `${one.fullName} (${note})`;
}
