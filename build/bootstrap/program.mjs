// @ts-check
import { pathToFileURL } from 'node:url';
import { followParent } from './parent.mjs';

/**
 * Runs a bundle as the program of this process. It runs when it is imported, or, if it exports `main`,
 * when that is called with the arguments; a number that `main` gives is the exit status.
 *
 * @param {string} file absolute
 * @param {string[]} args
 * @returns {Promise<number | void>}
 */
export async function runProgram(file, args) {
  process.argv = [process.execPath, file, ...args];
  process.setSourceMapsEnabled(true);
  followParent();
  const program = /** @type {{ main?: (args: string[]) => Promise<number | void> }} */ (
    await import(pathToFileURL(file).href)
  );
  return program.main?.(args);
}
