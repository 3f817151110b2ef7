import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cycle, forEslint, forImports, forSvelte, forTypes, forUnused, leaves, plantAll } from './planted.ts';
import { forPrettier } from './planted-style.ts';
import type { Planted } from './planted.ts';
import { copyTree } from './scratch-tree.ts';
import type { ScratchTree } from './scratch-tree.ts';

const pathOfProject =
  /(?:^|\s)((?:electron|renderer|shared|build|test)\/[\w./-]+\.(?:svelte\.ts|[a-z]+)|package\.json)/;
const headOfSection = /^(Unused|Unlisted|Unresolved) .*\(\d+\)$/;

/** What a gate said of each file. A line that names one begins its part; knip's headlines go with each line below. */
function partsByFile(output: string, folder: string): Map<string, string> {
  const parts = new Map<string, string>();
  let file = '';
  let section = '';
  for (const line of output.split('\n')) {
    const relative = line.replaceAll(`${folder}/`, '');
    if (headOfSection.test(relative)) {
      section = `${relative}\n`;
      file = '';
      continue;
    }
    const found = /^\s/.test(line) ? undefined : pathOfProject.exec(relative)?.[1];
    if (found !== undefined) file = found;
    if (file !== '') parts.set(file, `${parts.get(file) ?? ''}${section}${relative}\n`);
  }
  return parts;
}

/**
 * Runs a gate once over everything planted for it. Each violation must be reported, and nothing else:
 * so the same run shows that the tree without them passes.
 */
function gateSuite(gate: string, planted: readonly Planted[]): void {
  describe(`the gate ${gate}`, () => {
    let tree: ScratchTree;
    let result: Awaited<ReturnType<ScratchTree['check']>>;
    let parts: Map<string, string>;
    beforeAll(async () => {
      tree = copyTree();
      plantAll(tree, planted);
      result = await tree.check(gate);
      parts = partsByFile(result.output, tree.folder);
    });
    afterAll(() => tree.remove());

    test('fails', () => {
      expect(result.status, result.output).toBe(1);
      expect(result.output).toMatch(new RegExp(`^FAILED ${gate} `, 'm'));
      expect(result.output).toMatch(/^0 passed, 1 failed$/m);
    });

    test.each(planted)('reports $what', ({ path, says }) => {
      expect(parts.get(path) ?? `nothing of ${path} in:\n${result.output}`).toMatch(says);
    });

    test('reports nothing but what was planted', () => {
      const known = new Set([...planted.flatMap(({ path, also = [] }) => [path, ...also]), ...leaves]);
      const others = [...parts].filter(([file]) => !known.has(file));
      expect(Object.fromEntries(others)).toEqual({});
    });
  });
}

gateSuite('types', forTypes);
gateSuite('svelte-check', forSvelte);
gateSuite('eslint', forEslint);
gateSuite('imports', [...forImports, ...cycle]);
gateSuite('unused', forUnused);
gateSuite('prettier', forPrettier);
