import { readFileSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { end, SmallProject } from './small-project.ts';

const program = `
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { word } from '../../shared/word.ts';
declare const SKBLENS_VERSION: string;
export async function main(argv: readonly string[]): Promise<number> {
  process.on('SIGTERM', () => { console.error('told to end'); process.exit(7); });
  process.on('SIGINT', () => { console.error('interrupted'); process.exit(8); });
  console.log(JSON.stringify({ argv, word, cwd: process.cwd(), pid: process.pid, version: SKBLENS_VERSION, zod: typeof z.string }));
  if (argv[0] === 'read') console.log(readFileSync(argv[1]!, 'utf8'));
  if (argv[0] === 'throw') throw new Error('planted');
  if (argv[0] === 'wait') await new Promise((resolve) => setTimeout(resolve, 60_000));
  return argv[0] === 'status' ? 3 : 0;
}
`;

let project: SmallProject;
beforeAll(() => {
  project = new SmallProject({
    'electron/hosts/cli.ts': program,
    'shared/word.ts': "export const word = 'first';\n",
    'test/lab/cli.ts':
      'console.log(JSON.stringify([import.meta.url, import.meta.dirname, process.argv.slice(2)]));\n',
  });
});
afterAll(() => project.remove());

const skblens = (...words: string[]) => project.run(['npm', 'run', '-s', 'skblens', '--', ...words]);
const said = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>;
const bundle = () => join(project.folder, 'dist/electron/cli.mjs');

describe('npm run -s skblens', () => {
  test('builds, and leaves stdout to the program', async () => {
    const { status, stdout, stderr } = await skblens('probe', '--json', 'a b', '--');
    expect(status, stderr).toBe(0);
    expect(said(stdout)).toMatchObject({
      argv: ['probe', '--json', 'a b', '--'],
      word: 'first',
      cwd: project.folder,
      version: '0.1.0',
      zod: 'function',
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('started by several at once builds one bundle, and every one runs', async () => {
    rmSync(join(project.folder, 'dist'), { recursive: true });
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((word) => skblens(word)));
    expect(all.map(({ stdout }) => said(stdout)['argv'])).toEqual([['a'], ['b'], ['c'], ['d']]);
    expect(readdirSync(join(project.folder, 'dist/electron')).sort()).toEqual(['cli.mjs', 'cli.mjs.map']);
  });

  test('builds again when a source changed, or was removed, and not otherwise', async () => {
    await skblens();
    const built = statSync(bundle()).mtimeMs;
    await skblens();
    expect(statSync(bundle()).mtimeMs).toBe(built);
    project.write('shared/word.ts', "export const word = 'second';\n");
    expect(said((await skblens()).stdout)['word']).toBe('second');
    project.write('shared/other.ts', 'export {};\n');
    await skblens();
    const before = statSync(bundle()).ino;
    rmSync(join(project.folder, 'shared/other.ts'));
    await skblens();
    expect(statSync(bundle()).ino).not.toBe(before);
  });

  test('a source that does not compile leaves the last bundle, and says so', async () => {
    const before = readFileSync(bundle(), 'utf8');
    project.write('shared/word.ts', 'export const word = ;\n');
    const { status, stdout, stderr } = await skblens();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('shared/word.ts');
    expect(readFileSync(bundle(), 'utf8')).toBe(before);
    project.write('shared/word.ts', "export const word = 'third';\n");
  });

  test('hands on the exit status, and an error with the line of its source', async () => {
    expect((await skblens('status')).status).toBe(3);
    const thrown = await skblens('throw');
    expect(thrown.status).toBe(1);
    expect(thrown.stderr).toMatch(/Error: planted[\s\S]*electron\/hosts\/cli\.ts:\d+/);
  });

  test('a file is looked for where npm was called', async () => {
    project.write('sub/folder/text', 'found it');
    const { stdout } = await project.run(['sh', '-c', 'cd sub/folder && npm run -s skblens -- read text']);
    expect(stdout).toContain('found it');
  });
});

/** Whether the process is there and not a zombie that its new parent has yet to look at. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('stopping npm stops the program', () => {
  test.each([
    ['SIGTERM', 7, 'told to end'],
    ['SIGINT', 8, 'interrupted'],
    ['SIGKILL', null, 'told to end'],
  ] as const)('%s', async (signal, status, last) => {
    const npm = project.start(['npm', 'run', '-s', 'skblens', '--', 'wait']);
    const ended = end(npm);
    const line = await new Promise<string>((resolve) =>
      npm.stdout?.once('data', (data) => resolve(String(data))),
    );
    const pid = Number(said(line)['pid']);
    expect(isRunning(pid)).toBe(true);
    npm.kill(signal);
    const result = await ended;
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(last);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
  });
});

test('a tool of the checkout keeps the addresses of its sources', async () => {
  const { stdout } = await project.run(['npm', 'run', '-s', 'lab', '--', 'up']);
  expect(JSON.parse(stdout)).toEqual([
    `file://${project.folder}/test/lab/cli.ts`,
    join(project.folder, 'test/lab'),
    ['up'],
  ]);
});

test('an unknown command is a usage error', async () => {
  const { status, stderr } = await project.run(['node', 'build/bootstrap/run.mjs', 'nonsense']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('start|dev|build|test|check')]);
});

test('packages that are not what the lock says are installed first', async () => {
  const fake = new SmallProject({ 'electron/hosts/cli.ts': "console.log('ran');\n" });
  try {
    // Instead of npm, something that tells how it was called and does what `npm ci` would.
    fake.write(
      'bin/npm',
      `#!/bin/sh\necho "called with $*"\nrm node_modules/.package-lock.json\ncp package-lock.json node_modules/.package-lock.json\n`,
    );
    await fake.run(['chmod', '755', 'bin/npm']);
    const lock = join(fake.folder, 'package-lock.json');
    fake.write(
      'package-lock.json',
      readFileSync(lock, 'utf8').replace('"version": "4.6.7"', '"version": "4.6.8"'),
    );
    const path = `${join(fake.folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    const both = await Promise.all(
      [1, 2].map(() => fake.run(['node', 'build/bootstrap/run.mjs', 'skblens'], { PATH: path })),
    );
    expect(both.map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, 'ran\n'],
      [0, 'ran\n'],
    ]);
    expect(
      both
        .map(({ stderr }) => stderr)
        .join('')
        .match(/called with ci --no-progress/g),
    ).toHaveLength(1);
    utimesSync(lock, new Date(), new Date());
    const again = await fake.run(['node', 'build/bootstrap/run.mjs', 'skblens'], { PATH: path });
    expect([again.stdout, again.stderr]).toEqual(['ran\n', '']);
  } finally {
    fake.remove();
  }
});
