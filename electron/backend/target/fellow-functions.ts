import type { FellowFunctions } from '../../../shared/contract/kernel-functions.ts';
import type { StructsOfFunction } from '../../../shared/btf/function-structs.ts';

/** As many of each struct's functions are told. */
const TOLD = 60;

/** Which functions take and return each struct. */
export class StructFunctions {
  readonly #takers = new Map<string, number[]>();
  readonly #givers = new Map<string, number[]>();

  /** `structsOf(n)` for n from 0 to size - 1. */
  constructor(size: number, structsOf: (entry: number) => StructsOfFunction) {
    for (let entry = 0; entry < size; entry++) {
      const { taken, returned } = structsOf(entry);
      for (const name of taken) append(this.#takers, name, entry);
      if (returned !== '') append(this.#givers, returned, entry);
    }
  }

  /** Who else takes what `entry` takes, and who makes it: those whose names begin alike first. */
  fellows(
    entry: number,
    taken: readonly string[],
    nameOf: (entry: number) => string,
  ): readonly FellowFunctions[] {
    const own = bare(nameOf(entry));
    const fellows: FellowFunctions[] = [];
    for (const struct of taken) {
      for (const how of ['takes', 'returns'] as const) {
        const all = (how === 'takes' ? this.#takers : this.#givers).get(struct) ?? [];
        const others = all.filter((other) => other !== entry);
        if (others.length === 0) continue;
        const near = others.map((other) => [sharedBeginning(own, bare(nameOf(other))), other] as const);
        near.sort(([a, first], [b, second]) => b - a || first - second);
        fellows.push({
          struct,
          how,
          total: others.length,
          entries: near.slice(0, TOLD).map(([, other]) => other),
        });
      }
    }
    return fellows;
  }
}

function append(map: Map<string, number[]>, key: string, entry: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}

function bare(name: string): string {
  return name.replace(/^_+/, '');
}

/** Characters that both begin with. */
function sharedBeginning(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}
