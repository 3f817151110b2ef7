// @ts-check
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import { houseRules } from './eslint-rules.mjs';

const root = new URL('..', import.meta.url).pathname;
const scripts = ['**/*.ts', '**/*.mjs', '**/*.cjs'];
const everything = [...scripts, '**/*.svelte'];

/** The same for every file: a difference makes the parser load all projects again at each change of kind. */
const parserOptions = { projectService: true, tsconfigRootDir: root, extraFileExtensions: ['.svelte'] };

/**
 * Rules on imports (ARCHITECTURE.md has the table). A folder is named by the paths that lead out of the
 * importing one, so a pattern needs a `../` in front; a package is anything that is not a path.
 */
const outOf = (/** @type {string} */ folder, /** @type {string} */ message) => ({
  regex: `^(\\.\\./)+(${folder})/`,
  message,
});
const packagesOtherThan = (/** @type {string} */ allowed, /** @type {string} */ message) => ({
  regex: `^(?!\\.{1,2}/)(?!(${allowed})(/|$))`,
  message,
});

const imports = {
  shared: [
    outOf('electron|renderer|build|test', 'shared imports only shared.'),
    packagesOtherThan('zod|birpc', 'shared imports no package but zod and birpc.'),
  ],
  backend: [
    outOf('renderer|build|test', 'The backend imports shared, node and ssh2.'),
    outOf('hosts', 'The backend does not know its hosts.'),
    { regex: '^(\\.\\./)+(main|preload)\\.ts$', message: 'The backend does not know its hosts.' },
    packagesOtherThan('node:.*|ssh2|zod', 'The backend imports shared, node and ssh2: no Electron, no ws.'),
  ],
  hosts: [
    outOf('renderer|build|test', 'A host imports the backend, shared and node.'),
    { regex: '^(\\.\\./)+(main|preload)\\.ts$', message: 'A host imports the backend, shared and node.' },
    packagesOtherThan('node:.*|ws|electron', 'A host imports the backend, shared and node.'),
  ],
  shell: [
    outOf('renderer|build|test', 'main and preload import electron, node and shared/contract.'),
    {
      regex: '^\\./(backend|hosts)/',
      message: 'main and preload never import the backend: utility.ts runs it.',
    },
    {
      regex: '^\\.\\./shared/(?!contract/)',
      message: 'main and preload import only shared/contract of shared.',
    },
    packagesOtherThan('node:.*|electron', 'main and preload import electron, node and shared/contract.'),
  ],
  renderer: [
    outOf('electron|build|test', 'The renderer imports shared.'),
    {
      regex: '^(node:.*|electron|ssh2|ws)(/|$)',
      message: 'The renderer runs in a page: shared only.',
    },
    { regex: '^@lucide/svelte$', message: 'Import an icon by its path: the index has 4,937 modules.' },
    { regex: '^codemirror$', message: 'Resolves to CodeMirror 5: use the @codemirror packages.' },
  ],
};

const ssh2Only = {
  regex: '^ssh2(/|$)',
  message: 'ssh2 is imported by electron/backend/ssh/connection.ts and electron/backend/demo only.',
};
const wsOnly = { regex: '^ws(/|$)', message: 'ws is imported by electron/hosts/loopback.ts only.' };
const electronOnly = {
  regex: '^electron(/|$)',
  message: 'electron is imported by main.ts, preload.ts and the utility process only.',
};

/** @returns {import('eslint').Linter.RuleEntry} */
const rule = (/** @type {object} */ options) => ['error', options];

/**
 * @param {string[]} files
 * @param {{ regex: string, message: string }[]} patterns
 * @param {string[]} [ignores]
 */
const importRule = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': rule({ patterns }) },
});

const wires = ['MessagePort', 'MessageChannel', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'fetch'];

export default defineConfig(
  { ignores: ['**/node_modules/', '**/dist/', 'test/fixtures/', '**/.skblens-cache/'] },
  {
    files: scripts,
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [ts.configs.recommendedTypeChecked, svelte.configs.recommended],
    languageOptions: {
      parserOptions: { ...parserOptions, parser: ts.parser },
      globals: globals.browser,
    },
    rules: {
      'svelte/prefer-svelte-reactivity': 'off',
      // There are no stores here, and looking for them takes a fifth of the time.
      'svelte/require-store-reactive-access': 'off',
    },
  },
  {
    // The parser knows no types of snippets' parameters and takes them for `any`; svelte-check knows them.
    files: ['**/*.svelte'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: everything,
    plugins: { skblens: houseRules },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'skblens/telling-file-name': 'error',
      'skblens/no-barrel': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-control-regex': 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z][a-z]', match: false },
        },
      ],
    },
  },
  {
    files: ['shared/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'shared has no clock: take the time as a value.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'shared has no clock: take the time as a value.',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'shared is deterministic: take chance as a value.',
        },
      ],
    },
  },
  importRule(['shared/**/*.ts'], imports.shared),
  importRule(
    ['electron/backend/**/*.ts'],
    [...imports.backend, ssh2Only],
    ['electron/backend/ssh/connection.ts', 'electron/backend/demo/**'],
  ),
  importRule(['electron/backend/ssh/connection.ts', 'electron/backend/demo/**/*.ts'], imports.backend),
  importRule(
    ['electron/hosts/**/*.ts'],
    [...imports.hosts, wsOnly, electronOnly],
    ['electron/hosts/loopback.ts', 'electron/hosts/utility.ts', 'electron/hosts/port-transport.ts'],
  ),
  importRule(['electron/hosts/loopback.ts'], [...imports.hosts, electronOnly]),
  importRule(['electron/hosts/utility.ts', 'electron/hosts/port-transport.ts'], [...imports.hosts, wsOnly]),
  importRule(['electron/*.ts'], imports.shell),
  importRule(['renderer/**/*.ts', 'renderer/**/*.svelte'], imports.renderer),
  {
    files: ['renderer/**/*.ts', 'renderer/**/*.svelte'],
    ignores: ['renderer/bridge.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        {
          globals: wires.map((name) => ({ name, message: 'Only renderer/bridge.ts knows port or socket.' })),
          checkGlobalObject: true,
        },
      ],
    },
  },
  {
    files: ['build/**/*.mjs', 'build/**/*.cjs', 'build/**/*.ts', 'test/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // Plain JavaScript has no cast that the rules see; tsc checks these files with checkJs.
    files: ['**/*.mjs', '**/*.cjs'],
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);
