import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';

/**
 * A describe block that needs something of the machine (an oracle, a readable kernel BTF). Missing, it is
 * reported as skipped with the reason on stderr; with CI set it fails, so that a run without oracles never
 * looks like a proof.
 */
export function describeWith(name: string, missing: string | null, body: () => void): void {
  if (missing === null) {
    describe(name, body);
    return;
  }
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') {
    test(name, () => {
      throw new Error(`not checked: ${missing}`);
    });
    return;
  }
  process.stderr.write(`SKIPPED ${name}: ${missing}\n`);
  describe.skip(`${name} (${missing})`, body);
}

/** Why the program cannot be used as an oracle; null when it can. */
export function missingProgram(program: string, debianPackage: string): string | null {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined ? null : `${program} is not installed: apt-get install ${debianPackage}`;
}

/** Why the file cannot be read; null when it can. */
export function unreadable(path: string): string | null {
  const { status } = spawnSync('head', ['-c', '4', path], { stdio: 'ignore' });
  return status === 0 ? null : `${path} cannot be read`;
}
