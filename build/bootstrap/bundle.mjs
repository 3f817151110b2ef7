// @ts-check
import { mkdirSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { inRoot, root } from './paths.mjs';

const alwaysSources = ['package-lock.json', 'build/rolldown.config.mjs', 'build/tsconfig.base.json'];

/**
 * Makes a bundle of build/rolldown.config.mjs if a source is newer than it.
 *
 * @param {keyof typeof import('../rolldown.config.mjs').bundles} name
 * @returns {Promise<string>} its absolute path
 */
export async function ensureBundle(name) {
  const { bundles, bundleOptions } = await import('../rolldown.config.mjs');
  const bundle = bundles[name];
  const file = inRoot(bundle.file);
  const sources = [...bundle.sources, ...alwaysSources];
  if (isNewerThan(file, sources)) return file;
  return withLock(`bundle-${name}`, async () => {
    if (isNewerThan(file, sources)) return file;
    const began = new Date();
    const { rolldown } = await import('rolldown');
    const { output: outputOptions, ...inputOptions } = bundleOptions(bundle, root);
    const build = await rolldown({ ...inputOptions, logLevel: 'warn', onLog });
    const { output } = await build.generate(/** @type {import('rolldown').OutputOptions} */ (outputOptions));
    await build.close();
    const [chunk] = output;
    const base = file.slice(file.lastIndexOf('/') + 1);
    if (chunk.map) writeWhole(`${file}.map`, chunk.map.toString(), began);
    writeWhole(file, chunk.map ? `${chunk.code}\n//# sourceMappingURL=${base}.map\n` : chunk.code, began);
    return file;
  });
}

/**
 * Whether `file` exists and nothing in `sources` changed after it was begun. A folder's own time
 * tells of files that were removed from it.
 *
 * @param {string} file absolute
 * @param {readonly string[]} sources inside the project; ones that do not exist count as unchanged
 */
export function isNewerThan(file, sources) {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return false;
  return sources.every((source) => newest(inRoot(source)) < made);
}

/** @returns {number} the last change below `path`, milliseconds */
function newest(/** @type {string} */ path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return 0;
  let latest = entry.mtimeMs;
  if (!entry.isDirectory()) return latest;
  for (const name of readdirSync(path)) latest = Math.max(latest, newest(join(path, name)));
  return latest;
}

/** A reader sees the old file or the new one, never a part; its time is when its sources were read. */
function writeWhole(/** @type {string} */ file, /** @type {string} */ text, /** @type {Date} */ began) {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, text);
  utimesSync(fresh, began, began);
  renameSync(fresh, file);
}

/** @type {NonNullable<import('rolldown').InputOptions['onLog']>} */
const onLog = (level, log) => {
  process.stderr.write(`rolldown ${level}: ${log.message}\n`);
};
