import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SmallProject } from './small-project.ts';

const address = 'http://127.0.0.1:4321/?ticket=abc';
const cli = `
export async function main(argv: readonly string[]): Promise<number> {
  console.log('starting');
  console.log('${address}');
  console.log(JSON.stringify(argv));
  await new Promise((resolve) => setTimeout(resolve, 300));
  return 5;
}
`;
/** Stands in for a program that is not here: writes its parameters into a file, and ends with 4. */
const recorder = (name: string) => `#!/bin/sh\necho "$@" > "${name}.called"\nexit 4\n`;

let project: SmallProject;
const withDisplay = (): Record<string, string> => ({
  DISPLAY: ':4242',
  PATH: `${join(project.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
});
const start = (environment: Record<string, string>) =>
  project.run(['node', 'build/bootstrap/run.mjs', 'start'], {
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
    ...environment,
  });
const calledWith = (name: string) => readFileSync(join(project.folder, `${name}.called`), 'utf8').trim();

beforeAll(() => {
  project = new SmallProject({
    'electron/hosts/cli.ts': cli,
    'electron/hosts/utility.ts': 'export {};\n',
    'electron/main.ts': 'export {};\n',
    'electron/preload.ts': 'export {};\n',
    'renderer/index.html': '<!doctype html><title>page</title>\n',
    'bin/xdg-open': recorder('xdg-open'),
    'shell/electron': recorder('electron'),
  });
  chmodSync(join(project.folder, 'bin/xdg-open'), 0o755);
  chmodSync(join(project.folder, 'shell/electron'), 0o755);
});
afterAll(() => project.remove());

describe('npm start', () => {
  test('without Electron and display serves, says why, prints the address, and opens nothing', async () => {
    const { status, stdout } = await start({});
    expect(status).toBe(5);
    const [why, ...rest] = stdout.trimEnd().split('\n');
    expect(why).toMatch(/no Electron window, because .*binary is not installed.* and there is no display/);
    expect(rest).toEqual(['starting', address, '["serve"]']);
    expect(() => calledWith('xdg-open')).toThrow();
  });

  test('with a display opens the address in the browser', async () => {
    const { stdout } = await start(withDisplay());
    expect(stdout).toContain('binary is not installed');
    expect(stdout).not.toContain('no display');
    await vi.waitFor(() => expect(calledWith('xdg-open')).toBe(address));
  });

  test('with a display and a binary runs that, with the project as its application', async () => {
    const shell = { ELECTRON_OVERRIDE_DIST_PATH: join(project.folder, 'shell') };
    const { status, stdout } = await start({ ...withDisplay(), ...shell });
    expect([status, stdout]).toEqual([4, '']);
    expect(calledWith('electron')).toBe(project.folder);
  });

  test('with a binary and no display serves', async () => {
    const { stdout } = await start({ ELECTRON_OVERRIDE_DIST_PATH: join(project.folder, 'shell') });
    expect(stdout).toMatch(/because there is no display/);
    expect(stdout).toContain(address);
  });
});
