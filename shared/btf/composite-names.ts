import type { ModuleBtf } from './function-index.ts';
import { NO_MATCH } from './fuzzy.ts';
import { KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { EXACT, NameIndex } from './name-index.ts';
import { pickBest } from './rank.ts';

/** The names of all structs and unions of a kernel and its modules, each once, to be searched. */
export class CompositeNames {
  readonly names: readonly string[];
  readonly #index: NameIndex;

  constructor(modules: readonly ModuleBtf[]) {
    const names = new Set<string>();
    for (const { btf } of modules) {
      const { kinds } = btf.types;
      for (let n = 0; n < kinds.length; n++)
        if (kinds[n] === KIND_STRUCT || kinds[n] === KIND_UNION) names.add(btf.name(btf.startId + n));
    }
    names.delete('');
    this.names = [...names].sort();
    this.#index = new NameIndex(this.names);
  }

  /**
   * Names that hold all words of `line`, best first (exact, beginning, behind a `_`, anywhere); where there is
   * none, those that spell them letter by letter. An empty line finds nothing.
   */
  search(line: string, limit: number): { readonly total: number; readonly names: readonly string[] } {
    const words = line.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return { total: 0, names: [] };
    const plain = this.#pick(words, limit, false);
    return plain.total > 0 ? plain : this.#pick(words, limit, true);
  }

  #pick(words: readonly string[], limit: number, spelling: boolean): ReturnType<CompositeNames['search']> {
    const worst = new Uint8Array(this.names.length).fill(EXACT);
    for (const word of words) {
      const found = this.#index.findWord(word);
      if (spelling) this.#index.addSpelt(word, found);
      for (let n = 0; n < found.length; n++) worst[n] = Math.max(worst[n] ?? 0, found[n] ?? NO_MATCH);
    }
    const { total, picked } = pickBest(worst, (n) => this.#index.length(n), limit);
    return { total, names: Array.from(picked, (n) => this.names[n] ?? '') };
  }
}
