import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallProject } from './small-project.ts';

const electronFiles = Object.fromEntries(
  ['main', 'preload', 'hosts/utility', 'hosts/cli'].map((name) => [`electron/${name}.ts`, 'export {};\n']),
);
const mixed = `
import { describe, expect, test } from 'vitest';
test('good', () => expect(1).toBe(1));
test('bad', () => expect(1).toBe(2));
test('not here', ({ skip }) => skip('no moon tonight'));
describe.skip('oracle (no tshark here: apt-get install tshark)', () => test('agrees', () => {}));
`;
const good = "import { test } from 'vitest';\ntest('good', () => {});\n";
const needing = `
import { needs } from './support/needs.ts';
import { test } from 'vitest';
test('good', () => {});
needs('tshark')('with an oracle', () => test('agrees', () => {}));
`;

let project: SmallProject;
beforeAll(() => {
  project = new SmallProject({
    ...electronFiles,
    'renderer/index.html': '<!doctype html><title>page</title>\n',
    'test/electron/electron-stub.ts': 'export {};\n',
    'test/mixed.test.ts': mixed,
    'test/good.test.ts': good,
    'test/broken.test.ts': "import './nowhere.ts';\n",
  });
});
afterAll(() => project.remove());

const npmTest = async (...words: string[]) => {
  const { status, stdout, stderr } = await project.run(['node', 'build/bootstrap/run.mjs', 'test', ...words]);
  const lines = stdout.trimEnd().split('\n');
  return { status, last: lines.at(-1), skipped: lines.filter((line) => line.startsWith('SKIPPED')), stderr };
};

describe('npm test', () => {
  test('counts, closes on one plain line, and names what was skipped and why', async () => {
    const { status, last, skipped } = await npmTest('test/mixed');
    expect([status, last]).toEqual([1, '1 passed, 1 failed, 2 skipped']);
    expect(skipped.join('\n')).toContain('not here (no moon tonight)');
    expect(skipped.join('\n')).toContain('oracle (no tshark here: apt-get install tshark) > agrees');
  });

  test('succeeds when all that ran passed', async () => {
    expect(await npmTest('unit', 'test/good')).toMatchObject({
      status: 0,
      last: '1 passed, 0 failed, 0 skipped',
    });
  });

  test('a file that cannot be loaded is a failure', async () => {
    expect(await npmTest('unit', 'broken', 'good')).toMatchObject({
      status: 1,
      last: '1 passed, 1 failed, 0 skipped',
    });
  });

  test('no test is no success', async () => {
    expect(await npmTest('unit', 'no-such-file')).toMatchObject({
      status: 1,
      last: '0 passed, 0 failed, 0 skipped',
    });
  });

  test('a failed build is a failure, and the tests run all the same', async () => {
    project.write('electron/main.ts', 'export const = ;\n');
    const { status, last, stderr } = await npmTest('unit', 'good');
    expect([status, last]).toEqual([1, '1 passed, 1 failed, 0 skipped']);
    expect(stderr).toContain('FAILED the build');
    project.write('electron/main.ts', 'export {};\n');
  });
});

describe('what a test needs of the machine', () => {
  const support = 'test/support/needs.ts';
  beforeAll(async () => {
    const { readFileSync } = await import('node:fs');
    const { inRoot } = await import('../../build/bootstrap/paths.mjs');
    project.write(support, readFileSync(inRoot(support), 'utf8'));
    project.write('test/needing.test.ts', needing);
    // A machine without tshark.
    const system = 'build/bootstrap/system.mjs';
    project.write(
      system,
      readFileSync(inRoot(system), 'utf8')
        .replace('return folders.some(', "return program !== 'tshark' && folders.some(")
        .replace('process.getuid?.() !== 0', 'true'),
    );
  });

  test('is skipped loudly where it is missing', async () => {
    const { status, last, skipped, stderr } = await npmTest('unit', 'needing');
    expect([status, last]).toEqual([0, '1 passed, 0 failed, 1 skipped']);
    expect(skipped.join()).toContain('no tshark here: apt-get install tshark');
    expect(stderr).toContain('As root run:\n\n    apt-get install --no-install-recommends tshark\n');
  });

  test('is a failure where it is missing under CI', async () => {
    const { status, stdout } = await project.run(
      ['node', 'build/bootstrap/run.mjs', 'test', 'unit', 'needing'],
      { CI: 'true' },
    );
    expect([status, stdout.trimEnd().split('\n').at(-1)]).toEqual([1, '1 passed, 1 failed, 0 skipped']);
  });
});
