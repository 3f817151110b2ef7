import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { en } from '../../../renderer/texts/en.ts';

/** A text that nothing shows is a text that nobody keeps true. Keys made from parts are taken by their prefix. */
test('every text is used', async () => {
  const root = join(import.meta.dirname, '../../../renderer');
  const files = (await readdir(root, { recursive: true })).filter(
    (file) => /\.(svelte|ts)$/.test(file) && !file.startsWith('texts'),
  );
  const source = (await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')))).join('\n');
  const prefixes = [...source.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? '');
  const unused = Object.keys(en).filter(
    (key) => !source.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
});
