import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inRoot } from '../../build/bootstrap/paths.mjs';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skblens-lock-'));
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    cpSync(inRoot(name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `npm ci` up to where it would download: it compares package.json and lock, for every system. A silent npm around us is not asked. */
const npmCi = () =>
  spawnSync('npm', ['ci', '--dry-run', '--loglevel=notice'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });

describe('package-lock.json', () => {
  test('is one that npm ci takes in an empty folder', () => {
    const { status, stderr } = npmCi();
    expect(status, stderr).toBe(0);
  });

  test('is refused when package.json asks for something else', () => {
    const path = join(folder, 'package.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"zod": "[^"]+"/, '"zod": "4.0.0"'));
    const { status, stderr } = npmCi();
    expect(status).not.toBe(0);
    expect(stderr).toContain('zod');
  });

  test('names no registry, so that the one npm is set up with is asked', () => {
    expect(readFileSync(inRoot('package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});

test('package.json pins every package exactly', () => {
  const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as Manifest;
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
