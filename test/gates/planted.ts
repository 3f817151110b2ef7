import type { ScratchTree } from './scratch-tree.ts';

/** A file with one violation, and what its gate must say of it. */
export interface Planted {
  readonly what: string;
  readonly path: string;
  /** The file's text, or what to make of the text that it has. */
  readonly text: string | ((before: string) => string);
  readonly says: RegExp;
  /** Other files in which the same violation shows. */
  readonly also?: readonly string[];
}

/** Files with nothing wrong in them, for others to import where they must not. */
export const leaves: readonly string[] = [
  'electron/backend/planted-leaf.ts',
  'electron/hosts/planted-leaf.ts',
];

/** Plants all of them, so that one run of the tool is asked about every rule. */
export function plantAll(tree: ScratchTree, planted: readonly Planted[]): void {
  for (const leaf of leaves) tree.plant(leaf, 'export type Leaf = 1;\n');
  for (const { path, text } of planted)
    tree.plant(path, typeof text === 'string' ? text : text(tree.read(path)));
}

/** An edit of a file that is there; one that finds nothing to edit is a broken test. */
const replacing =
  (from: string | RegExp, to: string) =>
  (before: string): string => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`nothing to replace: ${from}`);
    return after;
  };

const svelte = (script: string, markup = ''): string =>
  `<script lang="ts">\n${script}\n</script>\n${markup}\n`;
const importing = (from: string): string => `import '${from}';\n`;
const typeFrom = (name: string, from: string): string =>
  `import type { ${name} } from '${from}';\nexport type Planted = ${name};\n`;

/** The compiler: flags, and what each folder may see of the world and of the other folders. */
export const forTypes: readonly Planted[] = [
  {
    what: 'shared sees no node',
    path: 'shared/planted/node.ts',
    text: "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x');\n",
    says: /shared\/planted\/node\.ts.*TS2591|shared\/planted\/node\.ts.*TS2307/,
  },
  ...[
    'document.title',
    'console.log(1)',
    'setTimeout(() => 1, 1)',
    'new TextDecoder()',
    'process.pid',
    'Buffer.alloc(1)',
  ].map((code, index) => ({
    what: `shared has no ${code}`,
    path: `shared/planted/global${index}.ts`,
    text: `export const planted = ${code};\n`,
    says: new RegExp(`shared/planted/global${index}\\.ts.*(TS2304|TS2580|TS2584|TS2591)`),
  })),
  {
    what: 'strict',
    path: 'shared/planted/strict.ts',
    text: 'export const first = (value) => value;\n',
    says: /shared\/planted\/strict\.ts.*TS7006/,
  },
  {
    what: 'noUncheckedIndexedAccess',
    path: 'shared/planted/indexed.ts',
    text: 'export const first = (bytes: Uint8Array): number => bytes[0];\n',
    says: /shared\/planted\/indexed\.ts.*TS2322/,
  },
  {
    what: 'exactOptionalPropertyTypes',
    path: 'shared/planted/optional.ts',
    text: 'export const value: { a?: number } = { a: undefined };\n',
    says: /shared\/planted\/optional\.ts.*TS2375/,
  },
  {
    what: 'noImplicitOverride',
    path: 'shared/planted/override.ts',
    text: 'class A {\n  name() {}\n}\nexport class B extends A {\n  name() {}\n}\n',
    says: /shared\/planted\/override\.ts.*TS4114/,
  },
  {
    what: 'noFallthroughCasesInSwitch',
    path: 'shared/planted/fallthrough.ts',
    text: 'export function f(n: number): number {\n  let m = 0;\n  switch (n) {\n    case 1:\n      m = 1;\n    default:\n      m += 1;\n  }\n  return m;\n}\n',
    says: /shared\/planted\/fallthrough\.ts.*TS7029/,
  },
  {
    what: 'noUnusedLocals',
    path: 'shared/planted/unused.ts',
    text: 'const unused = 1;\nexport const used = 2;\n',
    says: /shared\/planted\/unused\.ts.*TS6133/,
  },
  {
    what: 'verbatimModuleSyntax',
    path: 'shared/planted/verbatim.ts',
    text: "import { Transport } from '../contract/transport.ts';\nexport type T = Transport;\n",
    says: /shared\/planted\/verbatim\.ts.*TS1484/,
  },
  {
    what: 'erasableSyntaxOnly',
    path: 'shared/planted/enum.ts',
    text: 'export enum Colour {\n  Red,\n}\n',
    says: /shared\/planted\/enum\.ts.*TS1294/,
  },
  {
    what: 'shared sees no other folder',
    path: 'shared/planted/layer.ts',
    text: typeFrom('Leaf', '../../electron/backend/planted-leaf.ts'),
    says: /shared\/planted\/layer\.ts.*TS6307/,
  },
  {
    what: 'the backend sees no host',
    path: 'electron/backend/planted-layer.ts',
    text: typeFrom('Leaf', '../hosts/planted-leaf.ts'),
    says: /electron\/backend\/planted-layer\.ts.*TS6307/,
  },
  {
    what: 'main sees no backend',
    path: 'electron/planted-layer.ts',
    text: typeFrom('Leaf', './backend/planted-leaf.ts'),
    says: /electron\/planted-layer\.ts.*TS6307/,
  },
  {
    what: 'the renderer sees no backend',
    path: 'renderer/planted-layer.ts',
    text: typeFrom('Leaf', '../electron/backend/planted-leaf.ts'),
    says: /renderer\/planted-layer\.ts.*TS6307/,
  },
  {
    what: 'the renderer sees no node',
    path: 'renderer/planted-node.ts',
    text: 'export const planted = process.pid;\n',
    says: /renderer\/planted-node\.ts.*(TS2591|TS2580|TS2304)/,
  },
  {
    what: 'tests are checked',
    path: 'test/planted.test.ts',
    text: "export const planted: number = 'x';\n",
    says: /test\/planted\.test\.ts.*TS2322/,
  },
  {
    what: "the stub of Electron is held against Electron's own types",
    path: 'test/electron/electron-stub.ts',
    text: replacing('isPackaged: false', 'isPackedUp: false'),
    says: /electron-stub\.ts.*isPackedUp/,
  },
  {
    what: 'a text that is missing in a language',
    path: 'renderer/texts/zh-CN/shell.ts',
    text: replacing(/^ *'app\.reload'.*\n/m, ''),
    also: ['renderer/state/locale.svelte.ts', 'test/renderer/texts/texts.test.ts'],
    says: /zh-CN\/shell\.ts.*app\.reload|zh-CN\/shell\.ts.*TS2741/,
  },
  {
    what: 'scripts in JavaScript are checked',
    path: 'build/bootstrap/planted.mjs',
    text: '// @ts-check\n/** @type {number} */\nexport const planted = String(1);\n',
    says: /build\/bootstrap\/planted\.mjs.*TS2322/,
  },
];

export const forSvelte: readonly Planted[] = [
  {
    what: 'a type error in a component (the canary)',
    path: 'renderer/planted/Canary.svelte',
    text: svelte("const planted: number = 'x';", '{planted}'),
    says: /Canary\.svelte[\s\S]*?Type 'string' is not assignable to type 'number'/,
  },
  {
    what: 'a type-only import of the backend',
    path: 'renderer/planted/Layer.svelte',
    text: svelte(
      "import type { Leaf } from '../../electron/backend/planted-leaf.ts';\nconst leaf: Leaf = 1;",
      '{leaf}',
    ),
    says: /Layer\.svelte[\s\S]*?not listed within the file list/,
  },
  {
    what: 'a wrong property of a component',
    path: 'renderer/planted/Property.svelte',
    text: svelte("import Canary from './Canary.svelte';", '<Canary colour="red" />'),
    says: /Property\.svelte[\s\S]*?not assignable to type 'never'/,
  },
  {
    what: 'a warning',
    path: 'renderer/planted/Warning.svelte',
    text: '<img src="./icon.svg" />\n',
    says: /Warning\.svelte[\s\S]*?a11y_missing_attribute/,
  },
];

const union = "type Kind = 'a' | 'b';\n";

export const forEslint: readonly Planted[] = [
  {
    what: 'a floating promise',
    path: 'electron/backend/planted/floating.ts',
    text: 'export function f(work: () => Promise<void>): void {\n  work();\n}\n',
    says: /no-floating-promises/,
  },
  {
    what: 'a promise where none is awaited',
    path: 'electron/backend/planted/misused.ts',
    text: 'export function f(work: () => Promise<boolean>): number {\n  return work() ? 1 : 2;\n}\n',
    says: /no-misused-promises/,
  },
  {
    what: 'any',
    path: 'shared/planted/any.ts',
    text: 'export type Planted = any;\n',
    says: /no-explicit-any/,
  },
  {
    what: 'a non-null assertion',
    path: 'shared/planted/assertion.ts',
    text: 'export const f = (a: number | null): number => a!;\n',
    says: /no-non-null-assertion/,
  },
  {
    what: 'a type by import()',
    path: 'shared/planted/import-type.ts',
    text: "export type Planted = import('../contract/transport.ts').Transport;\n",
    says: /consistent-type-imports/,
  },
  {
    what: 'a switch that leaves a kind out',
    path: 'shared/planted/switch.ts',
    text: `${union}export function f(kind: Kind): number {\n  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n`,
    says: /switch-exhaustiveness-check/,
  },
  {
    what: '== ',
    path: 'shared/planted/equal.ts',
    text: 'export const f = (a: number): boolean => a == 1;\n',
    says: /eqeqeq/,
  },
  {
    what: 'console in the backend',
    path: 'electron/backend/planted/console.ts',
    text: 'console.log(1);\nexport const planted = 1;\n',
    says: /no-console/,
  },
  {
    what: 'console in the renderer',
    path: 'renderer/planted/console.ts',
    text: 'console.log(1);\nexport const planted = 1;\n',
    says: /no-console/,
  },
  {
    what: 'an I prefix',
    path: 'shared/planted/prefix.ts',
    text: 'export interface IThing {\n  a: number;\n}\n',
    says: /naming-convention/,
  },
  {
    what: 'a type in small letters',
    path: 'shared/planted/small.ts',
    text: 'export type thing = number;\n',
    says: /naming-convention/,
  },
  {
    what: 'utils',
    path: 'shared/planted/utils.ts',
    text: 'export const planted = 1;\n',
    says: /telling-file-name/,
  },
  {
    what: 'a barrel',
    path: 'shared/planted/barrel.ts',
    text: "export { Fail } from '../contract/failure.ts';\nexport * from '../contract/transport.ts';\n",
    says: /no-barrel/,
  },
  {
    what: 'a file of more than 500 lines',
    path: 'shared/planted/long.ts',
    text: Array.from({ length: 501 }, (_, index) => `export const planted${index} = ${index};\n`).join(''),
    says: /max-lines/,
  },
  {
    what: 'a needless eslint-disable',
    path: 'shared/planted/disable.ts',
    text: '// eslint-disable-next-line no-console\nexport const planted = 1;\n',
    says: /Unused eslint-disable directive/,
  },
  ...['Date.now()', 'new Date()', 'Math.random()'].map((code, index) => ({
    what: `${code} in shared`,
    path: `shared/planted/clock${index}.ts`,
    text: `export const planted = (): unknown => ${code};\n`,
    says: /no-restricted-syntax/,
  })),
  ...(
    [
      ['shared', 'shared/planted/a1.ts', '../../electron/main.ts'],
      ['shared', 'shared/planted/a2.ts', '../../renderer/bridge.ts'],
      ['shared', 'shared/planted/a3.ts', '../../test/lab/cases.ts'],
      ['shared', 'shared/planted/a4.ts', 'node:fs'],
      ['shared', 'shared/planted/a5.ts', 'ws'],
      ['the backend', 'electron/backend/planted/a1.ts', '../../hosts/cli.ts'],
      ['the backend', 'electron/backend/planted/a2.ts', '../../main.ts'],
      ['the backend', 'electron/backend/planted/a3.ts', '../../../renderer/bridge.ts'],
      ['the backend', 'electron/backend/planted/a4.ts', 'electron'],
      ['the backend', 'electron/backend/planted/a5.ts', 'ws'],
      ['the backend outside connection.ts', 'electron/backend/ssh/planted.ts', 'ssh2'],
      ['the backend', 'electron/backend/planted/a6.ts', '../../../test/lab/cases.ts'],
      ['a host', 'electron/hosts/planted/a1.ts', 'ssh2'],
      ['a host other than loopback', 'electron/hosts/planted/a2.ts', 'ws'],
      ['a host other than utility', 'electron/hosts/planted/a3.ts', 'electron'],
      ['a host', 'electron/hosts/planted/a4.ts', '../../../renderer/bridge.ts'],
      ['a host', 'electron/hosts/planted/a5.ts', '../../main.ts'],
      ['the shell', 'electron/planted-a1.ts', './backend/index.ts'],
      ['the shell', 'electron/planted-a2.ts', './hosts/utility.ts'],
      ['the shell', 'electron/planted-a3.ts', '../renderer/bridge.ts'],
      ['the shell', 'electron/planted-a4.ts', '../shared/packet/verdict.ts'],
      ['the shell', 'electron/planted-a5.ts', 'ws'],
      ['the renderer', 'renderer/planted/a1.ts', '../../electron/main.ts'],
      ['the renderer', 'renderer/planted/a2.svelte.ts', '../../electron/backend/index.ts'],
      ['the renderer', 'renderer/planted/a3.ts', 'node:fs'],
      ['the renderer', 'renderer/planted/a4.ts', 'electron'],
      ['the renderer', 'renderer/planted/a5.ts', '../../test/lab/cases.ts'],
      ['the renderer', 'renderer/planted/a6.ts', '@lucide/svelte'],
      ['the renderer', 'renderer/planted/a7.ts', 'codemirror'],
    ] as const
  ).map(([who, path, from]) => ({
    what: `${who} importing ${from}`,
    path,
    text: importing(from),
    says: /no-restricted-imports/,
  })),
  {
    what: 'a type-only import of the backend in a component',
    path: 'renderer/planted/Type.svelte',
    text: svelte(
      "import type { BackendClient } from '../../electron/backend/index.ts';\nlet client: BackendClient | null = null;",
      '{client}',
    ),
    says: /no-restricted-imports/,
  },
  {
    what: 'a type-only import of the backend in a .svelte.ts',
    path: 'renderer/planted/type.svelte.ts',
    text: typeFrom('BackendClient', '../../electron/backend/index.ts'),
    says: /no-restricted-imports/,
  },
  ...(
    [
      ['new WebSocket("ws://x")', 'socket.ts'],
      ['new window.WebSocket("ws://x")', 'window-socket.ts'],
      ['new globalThis.MessageChannel()', 'channel.ts'],
      ['fetch("/x")', 'fetch.ts'],
      ['(port: MessagePort) => port', 'port-type.ts'],
    ] as const
  ).map(([code, name]) => ({
    what: `${code} in the renderer`,
    path: `renderer/planted/${name}`,
    text: `export const planted = ${code};\n`,
    says: /no-restricted-globals/,
  })),
  {
    what: 'a socket in a component',
    path: 'renderer/planted/Socket.svelte',
    text: svelte('const planted = new WebSocket("ws://x");', '{planted.url}'),
    says: /no-restricted-globals/,
  },
  {
    what: 'a floating promise in a component',
    path: 'renderer/planted/Floating.svelte',
    text: svelte('function f(work: () => Promise<void>): void {\n  work();\n}\nf(async () => undefined);'),
    says: /no-floating-promises/,
  },
  {
    what: 'HTML made of text',
    path: 'renderer/planted/Html.svelte',
    text: svelte('const { text }: { text: string } = $props();', '{@html text}'),
    says: /svelte\/no-at-html-tags/,
  },
];

const edge = (rule: string, path: string, to: string): RegExp =>
  new RegExp(`error ${rule}: ${path.replaceAll('.', '\\.')} [→-]+>? ?[^\\n]*${to.replaceAll('.', '\\.')}`);

export const forImports: readonly Planted[] = (
  [
    ['no-unresolved', 'shared/planted/unresolved.ts', './nowhere.ts', 'nowhere.ts'],
    ['shared-is-pure', 'shared/planted/b1.ts', '../../electron/app-page.ts', 'electron/app-page.ts'],
    ['shared-packages', 'shared/planted/b2.ts', 'svelte', 'svelte'],
    ['shared-packages', 'shared/planted/b3.ts', 'node:fs', 'fs'],
    [
      'backend-knows-no-host',
      'electron/backend/planted/b1.ts',
      '../../hosts/cli.ts',
      'electron/hosts/cli.ts',
    ],
    ['backend-knows-no-host', 'electron/backend/planted/b2.ts', '../../main.ts', 'electron/main.ts'],
    ['hosts-know-no-shell', 'electron/hosts/planted/b1.ts', '../../main.ts', 'electron/main.ts'],
    ['shell-knows-no-backend', 'electron/planted-b1.ts', './backend/index.ts', 'electron/backend/index.ts'],
    [
      'shell-knows-no-backend',
      'electron/planted-b2.ts',
      '../shared/packet/verdict.ts',
      'shared/packet/verdict.ts',
    ],
    [
      'renderer-imports-shared',
      'renderer/planted/b1.ts',
      '../../electron/app-page.ts',
      'electron/app-page.ts',
    ],
    [
      'renderer-imports-shared',
      'renderer/planted/b2.svelte.ts',
      '../../electron/app-page.ts',
      'electron/app-page.ts',
    ],
    [
      'nobody-imports-tests',
      'electron/hosts/planted/b2.ts',
      '../../../test/lab/cases.ts',
      'test/lab/cases.ts',
    ],
    ['nobody-imports-tests', 'build/planted-b1.ts', '../test/lab/cases.ts', 'test/lab/cases.ts'],
    ['ssh2-in-one-file', 'electron/backend/ssh/planted.ts', 'ssh2', 'ssh2'],
    ['ws-in-one-file', 'electron/hosts/planted/b3.ts', 'ws', 'ws'],
    ['electron-in-its-own-files', 'electron/backend/planted/b3.ts', 'electron', 'electron'],
  ] as const
).flatMap(([rule, path, from, to]) => {
  const dynamic = path.replace(/([^/.]+)(\.[^/]+)$/, '$1-dynamic$2');
  return [
    { what: `${rule}: ${path}`, path, text: importing(from), says: edge(rule, path, to) },
    {
      what: `${rule}, by import(): ${path}`,
      path: dynamic,
      text: `export const load = (): Promise<unknown> => import('${from}');\n`,
      says: edge(rule, dynamic, to),
    },
  ];
});

export const cycle: readonly Planted[] = [
  {
    what: 'a cycle of types',
    path: 'shared/planted/cycle-a.ts',
    text: "import type { B } from './cycle-b.ts';\nexport type A = B | 1;\n",
    says: /error no-cycles: shared\/planted\/cycle-[ab]\.ts/,
  },
  {
    what: 'its other half',
    path: 'shared/planted/cycle-b.ts',
    text: "import type { A } from './cycle-a.ts';\nexport type B = A | 2;\n",
    says: /cycle-b\.ts/,
  },
];

export const forUnused: readonly Planted[] = [
  {
    what: 'a file that nothing imports',
    path: 'shared/planted/alone.ts',
    text: 'export const planted = 1;\n',
    says: /Unused files[\s\S]*shared\/planted\/alone\.ts/,
  },
  {
    what: 'an export that nothing imports',
    path: 'shared/planted/half-used.ts',
    text: 'export const used = 1;\nexport const plantedUnused = 2;\n',
    says: /Unused exports[\s\S]*plantedUnused/,
  },
  {
    what: 'an exported type that nothing imports',
    path: 'shared/planted/half-typed.ts',
    text: 'export const typed = 1;\nexport type PlantedUnused = 2;\n',
    says: /Unused exported types[\s\S]*PlantedUnused/,
  },
  {
    what: 'a package that nothing uses',
    path: 'package.json',
    text: replacing('"devDependencies": {', '"devDependencies": {\n    "planted-package": "1.0.0",'),
    says: /Unused devDependencies[\s\S]*planted-package/,
  },
  {
    what: 'a package that package.json does not name',
    path: 'test/planted.test.ts',
    text: "import '../shared/planted/half-used.ts';\nimport { used } from '../shared/planted/half-used.ts';\nimport { typed } from '../shared/planted/half-typed.ts';\nimport acorn from 'acorn';\nexport default [used, typed, acorn];\n",
    says: /Unlisted dependencies[\s\S]*acorn\s+test\/planted\.test\.ts/,
  },
];
