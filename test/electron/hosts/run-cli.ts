import { vi } from 'vitest';
import { main } from '../../../electron/hosts/cli.ts';
import type { JsonLine } from '../../support/skblens.ts';

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of stdout as JSON; throws if one is not. */
  lines(): JsonLine[];
}

/** The command line in this process: quick, for what needs no process of its own. */
export async function runCli(...args: readonly string[]): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text, ...more: readonly unknown[]) => {
    stdout += String(text);
    const written = more.at(-1);
    if (typeof written === 'function') (written as () => void)();
    return true;
  });
  const error = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    const status = await main(args);
    return {
      status,
      stdout,
      stderr,
      lines: () =>
        stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as JsonLine),
    };
  } finally {
    out.mockRestore();
    error.mockRestore();
  }
}
