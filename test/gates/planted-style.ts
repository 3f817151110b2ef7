import type { Planted } from './planted.ts';

export const forPrettier: readonly Planted[] = [
  {
    what: 'TypeScript',
    path: 'shared/planted/style.ts',
    text: 'export const a = "x"\n',
    says: /shared\/planted\/style\.ts/,
  },
  {
    what: 'a component',
    path: 'renderer/planted/Style.svelte',
    text: '<div   class="a"   ></div>\n',
    says: /Style\.svelte/,
  },
  {
    what: 'a style sheet',
    path: 'renderer/planted/style.css',
    text: 'a{color:red}\n',
    says: /planted\/style\.css/,
  },
  {
    what: 'a script',
    path: 'build/planted.mjs',
    text: 'export const a = "x"\n',
    says: /build\/planted\.mjs/,
  },
];
