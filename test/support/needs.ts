import { describe, test } from 'vitest';
import { hasProgram, programs } from '../../build/bootstrap/system.mjs';
import type { ProgramName } from '../../build/bootstrap/system.mjs';

/** Why tests that run these programs cannot run here, with the command that mends it; null when they can. */
export function whyMissing(...names: readonly ProgramName[]): string | null {
  const missing = names.filter((name) => !hasProgram(name));
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map((name) => programs[name]))];
  return `no ${missing.join(', ')} here: apt-get install ${packages.join(' ')}`;
}

/**
 * `describe` for tests that run programs of this machine: `needs('tshark')('as tshark reads it', () => …)`.
 * Where one is missing the block is skipped, its reason in its name, so that the list of skipped tests
 * tells it; with CI set it fails instead, so that a run without its oracles never looks like a proof.
 */
export function needs(...names: readonly ProgramName[]): (title: string, body: () => void) => void {
  return (title, body) => describeUnless(whyMissing(...names), title, body);
}

/** The same for any other reason; null runs the block. */
export function describeUnless(reason: string | null, title: string, body: () => void): void {
  if (reason === null) describe(title, body);
  else if (process.env['CI'])
    test(title, () => {
      throw new Error(`not run, which CI does not accept: ${reason}`);
    });
  else describe.skip(`${title} (${reason})`, body);
}
