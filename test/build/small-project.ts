import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../../build/bootstrap/paths.mjs';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project with our build/ and package.json, and next to nothing in it: what the scripts do, without the time. */
export class SmallProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'skblens-project-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const name of ['build', 'package.json', 'package-lock.json', '.npmrc'])
      cpSync(join(root, name), join(this.folder, name), { recursive: true });
    mkdirSync(join(this.folder, 'node_modules'));
    for (const name of readdirSync(join(root, 'node_modules')))
      if (name !== '.cache')
        symlinkSync(join(root, 'node_modules', name), join(this.folder, 'node_modules', name));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Starts a command in the project's folder; `environment` is added to ours, less what marks a test run. */
  start(words: readonly [string, ...string[]], environment: Record<string, string> = {}): ChildProcess {
    const [command, ...parameters] = words;
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(npm_|INIT_CWD|VITEST|TEST|NODE_ENV|CI$)/.test(name),
    );
    return spawn(command, parameters, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...environment },
    });
  }

  async run(words: readonly [string, ...string[]], environment: Record<string, string> = {}): Promise<Ended> {
    return end(this.start(words, environment));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Its exit status and all that it printed. */
export function end(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject).on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
