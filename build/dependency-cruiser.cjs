// @ts-check
const { join } = require('node:path');

/**
 * The import table of ARCHITECTURE.md over resolved files: what ESLint sees by the text of an import
 * statement, this sees by where it leads, `import()` and re-exports included.
 */
const layer = (
  /** @type {string} */ name,
  /** @type {string} */ comment,
  /** @type {string} */ from,
  /** @type {string} */ to,
  /** @type {string | undefined} */ fromNot,
) => ({
  name,
  comment,
  severity: /** @type {const} */ ('error'),
  from: fromNot ? { path: from, pathNot: fromNot } : { path: from },
  to: { path: to },
});

const npm = (/** @type {string} */ name) => `(^|/)node_modules/(@types/)?${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Files that import each other are one file in disguise: move what both need to a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that leads nowhere hides from every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:|^vitest/browser$' },
    },
    layer(
      'shared-is-pure',
      'shared imports only shared.',
      '^shared/',
      '^(electron|renderer|build|test)/',
      undefined,
    ),
    {
      name: 'shared-packages',
      comment: 'shared imports no package but zod and birpc, and nothing of node.',
      severity: 'error',
      from: { path: '^shared/' },
      to: {
        dependencyTypesNot: ['local', 'type-only', 'type-import'],
        pathNot: [npm('zod'), npm('birpc'), '^shared/'],
      },
    },
    layer(
      'backend-knows-no-host',
      'The backend imports shared, node and ssh2.',
      '^electron/backend/',
      '^(renderer|build|test)/|^electron/(hosts/|[^/]+$)',
      undefined,
    ),
    layer(
      'hosts-know-no-shell',
      'A host imports the backend, shared and node.',
      '^electron/hosts/',
      '^(renderer|build|test)/|^electron/[^/]+$',
      undefined,
    ),
    layer(
      'shell-knows-no-backend',
      'main and preload import electron, node and shared/contract.',
      '^electron/[^/]+$',
      '^(renderer|build|test)/|^electron/(backend|hosts)/|^shared/(?!contract/)',
      undefined,
    ),
    layer(
      'renderer-imports-shared',
      'The renderer imports shared.',
      '^renderer/',
      '^(electron|build|test)/',
      undefined,
    ),
    layer(
      'nobody-imports-tests',
      'Nothing imports test.',
      '^(electron|renderer|shared|build)/',
      '^test/',
      undefined,
    ),
    layer(
      'ssh2-in-one-file',
      'ssh2 is imported by electron/backend/ssh/connection.ts and electron/backend/demo only.',
      '^(electron|renderer|shared)/',
      npm('ssh2'),
      '^electron/backend/(ssh/connection\\.ts$|demo/)',
    ),
    layer(
      'ws-in-one-file',
      'ws is imported by electron/hosts/loopback.ts only.',
      '^(electron|renderer|shared)/',
      npm('ws'),
      '^electron/hosts/loopback\\.ts$',
    ),
    layer(
      'electron-in-its-own-files',
      'electron is imported by main.ts, preload.ts and the utility process only.',
      '^(electron|renderer|shared)/',
      npm('electron'),
      '^electron/([^/]+|hosts/(utility|port-transport))\\.ts$',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test/fixtures)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, '../test/tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types', 'svelte'],
      extensions: ['.ts', '.mjs', '.cjs', '.js', '.svelte', '.d.ts'],
    },
  },
};
