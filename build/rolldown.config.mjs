// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The bundles that run in Node or Electron. npm packages stay outside, and are loaded from
 * node_modules; Electron's sandbox lets a preload script load nothing, so that one is CommonJS, whole.
 *
 * @typedef {object} Bundle
 * @property {string} entry
 * @property {string} file where it is written
 * @property {readonly string[]} sources the folders it is made from
 * @property {boolean} [tool] a tool of this checkout: its modules keep the addresses of their sources
 */

/** @type {Readonly<Record<'cli' | 'main' | 'utility' | 'preload' | 'lab' | 'bench', Bundle>>} */
export const bundles = {
  cli: {
    entry: 'electron/hosts/cli.ts',
    file: 'dist/electron/cli.mjs',
    sources: ['electron/hosts', 'electron/backend', 'shared'],
  },
  main: { entry: 'electron/main.ts', file: 'dist/electron/main.mjs', sources: ['electron', 'shared'] },
  utility: {
    entry: 'electron/hosts/utility.ts',
    file: 'dist/electron/utility.mjs',
    sources: ['electron/hosts', 'electron/backend', 'shared'],
  },
  preload: {
    entry: 'electron/preload.ts',
    file: 'dist/electron/preload.cjs',
    sources: ['electron', 'shared/contract'],
  },
  lab: {
    entry: 'test/lab/cli.ts',
    file: 'dist/test/lab.mjs',
    sources: ['test/lab', 'test/support', 'electron/backend', 'electron/hosts', 'shared'],
    tool: true,
  },
  bench: {
    entry: 'test/bench/cli.ts',
    file: 'dist/test/bench.mjs',
    sources: ['test/bench', 'test/lab', 'test/support', 'electron/backend', 'electron/hosts', 'shared'],
    tool: true,
  },
};

/**
 * rolldown itself stays unloaded: every start of the command line asks for the list above.
 *
 * @param {Bundle} bundle
 * @param {string} root
 * @returns {import('rolldown').InputOptions & { output: import('rolldown').OutputOptions }}
 */
export function bundleOptions(bundle, root) {
  const commonJs = bundle.file.endsWith('.cjs');
  return {
    input: bundle.entry,
    cwd: root,
    platform: 'node',
    transform: { define: { SKBLENS_VERSION: JSON.stringify(versionOf(root)) } },
    external: commonJs ? ['electron'] : /^(?!\.{0,2}[\\/])(?![a-zA-Z]:[\\/]).+/,
    plugins: bundle.tool ? [sourceAddresses] : [],
    output: {
      file: join(root, bundle.file),
      format: commonJs ? 'cjs' : 'esm',
      sourcemap: !commonJs,
      codeSplitting: false,
    },
  };
}

function versionOf(/** @type {string} */ root) {
  const manifest = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  );
  return manifest.version;
}

/** `import.meta.url`, `.dirname` and `.filename` of a bundled module, as they are without bundling. */
const sourceAddresses = {
  name: 'source-addresses',
  /**
   * @param {string} code
   * @param {string} id
   */
  transform(code, id) {
    if (!code.includes('import.meta.')) return null;
    const directory = id.slice(0, id.lastIndexOf('/'));
    const replaced = code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      .replaceAll('import.meta.dirname', JSON.stringify(directory))
      .replaceAll('import.meta.filename', JSON.stringify(id));
    // Lines stay where they are, so the map of what came before is still true.
    return { code: replaced, map: null };
  },
};
