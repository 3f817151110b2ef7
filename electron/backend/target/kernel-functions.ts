import { attachability } from '../../../shared/btf/attach/attachability.ts';
import type {
  Attachability,
  AttachFacts,
  AttachTarget,
  ProbeEngine,
} from '../../../shared/btf/attach/attachability.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { typeText } from '../../../shared/btf/declare.ts';
import { shownName } from '../../../shared/btf/escape.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import { groupFunctions } from '../../../shared/btf/function-groups.ts';
import type { FunctionGroup, Pivot } from '../../../shared/btf/function-groups.ts';
import { FunctionIndex } from '../../../shared/btf/function-index.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { signature } from '../../../shared/btf/functions.ts';
import { bpfCallable, glueOf, implicitArgumentFunctions } from '../../../shared/btf/glue.ts';
import type { GlueKind } from '../../../shared/btf/glue.ts';
import { NameIndex } from '../../../shared/btf/name-index.ts';
import { parseQuery } from '../../../shared/btf/query.ts';
import { rankNames } from '../../../shared/btf/rank-names.ts';
import { FunctionStructs } from '../../../shared/btf/function-structs.ts';
import type { StructsOfFunction } from '../../../shared/btf/function-structs.ts';
import type { FunctionEntry } from '../../../shared/contract/api.ts';
import type {
  AttachAnswer,
  FellowFunctions,
  FunctionDetails,
  FunctionMark,
  FunctionMatches,
  FunctionTable,
} from '../../../shared/contract/kernel-functions.ts';
import { StructFunctions } from './fellow-functions.ts';

/** A function by name and module; `type` null when BTF does not describe it. */
type Located = Pick<AttachTarget, 'name' | 'module' | 'type'>;

/**
 * The functions of one kernel and its modules. Entries are numbered: those of BTF as FunctionIndex has them, then what
 * ftrace lists beside. Everything beyond the index is made when it is first asked for.
 */
export class KernelFunctions {
  readonly #modules: readonly ModuleBtf[];
  readonly #facts: AttachFacts | null;
  readonly #groups = new Map<Pivot, FunctionGroup[]>();
  readonly #structNames = new Map<Btf, FunctionStructs>();
  readonly #callable = new Map<Btf, ReadonlySet<number>>();
  readonly #implicit = new Map<Btf, ReadonlySet<number>>();
  #index: FunctionIndex | null = null;
  #bare: readonly { readonly name: string; readonly module: string }[] | null = null;
  #bareIndex: NameIndex | null = null;
  #table: FunctionTable | null = null;
  #structFunctions: StructFunctions | null = null;

  /** `facts` null: a file from disk, of which nothing else is known. */
  constructor(modules: readonly ModuleBtf[], facts: AttachFacts | null) {
    this.#modules = modules;
    this.#facts = facts;
  }

  get #described(): FunctionIndex {
    return (this.#index ??= new FunctionIndex(this.#modules));
  }

  /** What ftrace lists and BTF does not know, in order of name. */
  get #undescribed(): readonly { readonly name: string; readonly module: string }[] {
    if (this.#bare !== null) return this.#bare;
    const known = new Map(this.#modules.map(({ module, btf }) => [module, new Set(btf.functionNames())]));
    const listed = [...(this.#facts?.traceable?.listed() ?? [])];
    this.#bare = listed
      .filter(({ name, module }) => known.get(module)?.has(name) !== true)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.module < b.module ? -1 : 1));
    return this.#bare;
  }

  get size(): number {
    return this.#described.size + this.#undescribed.length;
  }

  /**
   * Functions of BTF that fit a search line (shared/btf/query.ts), best first: names before signatures, and names
   * that only spell its words letter by letter where nothing else fits. An empty line gives all, in order of name.
   */
  search(line: string): FunctionEntry[] {
    const limit = this.#described.size;
    const plain = this.#described.search(line, { limit, signatures: line.trim() !== '' });
    const entries = plain.total > 0 ? plain.hits.map(({ entry }) => entry) : this.#spelt(line, limit).entries;
    return entries.map((entry) => {
      const located = this.#locate(entry);
      const { answer, reason } = this.#attach(located, 'bpftrace');
      return {
        name: located.name,
        module: located.module,
        signature: this.signature(entry),
        attachable: answer,
        reason: reason ?? '',
      };
    });
  }

  /** As `search`, by number; names that BTF does not know come behind all that it does, and before mere spellings. */
  match(line: string, limit: number): FunctionMatches {
    const described = this.#described.search(line, { limit, signatures: line.trim() !== '' });
    const bare = this.#matchBare(line);
    if (described.total + bare.length === 0) return this.#spelt(line, limit);
    const entries = described.hits.map(({ entry }) => entry);
    for (const n of bare.slice(0, Math.max(0, limit - entries.length)))
      entries.push(n + this.#described.size);
    return { total: described.total + bare.length, entries, spelt: false };
  }

  /** Which of the undescribed fit a line; types they have none. */
  #matchBare(line: string): readonly number[] {
    const { words, returns, takes, modules } = parseQuery(line);
    if (returns.length + takes.length > 0) return [];
    this.#bareIndex ??= new NameIndex(this.#undescribed.map(({ name }) => name));
    return [...rankNames(this.#bareIndex, words)].filter(
      (n) => modules.length === 0 || modules.some((one) => this.#undescribed[n]?.module.startsWith(one)),
    );
  }

  #spelt(line: string, limit: number): FunctionMatches {
    const { total, hits } = this.#described.search(line, { limit, mode: 'fuzzy' });
    return { total, entries: hits.map(({ entry }) => entry), spelt: true };
  }

  /** Makes what the first search needs, so that it is as quick as the others. */
  prepareSearch(): void {
    this.#described.prepareSignatures();
  }

  /** Everything a tree of all functions needs. Computed once. */
  table(): FunctionTable {
    if (this.#table !== null) return this.#table;
    const modules = new Map<string, number>();
    const marks = new Map<string, { readonly number: number; readonly mark: FunctionMark }>();
    const [names, moduleOf, markOf]: [string[], number[], number[]] = [[], [], []];
    for (let entry = 0; entry < this.size; entry++) {
      const located = this.#locate(entry);
      const mark = this.#mark(located);
      const key = `${mark.attachable} ${mark.reason} ${mark.glue} ${mark.callable} ${mark.useKprobe}`;
      const known = marks.get(key) ?? { number: marks.size, mark };
      marks.set(key, known);
      const module = modules.get(located.module) ?? modules.size;
      modules.set(located.module, module);
      names.push(shownName(located.name));
      moduleOf.push(module);
      markOf.push(known.number);
    }
    this.#table = {
      names,
      modules: [...modules.keys()],
      moduleOf,
      marks: [...marks.values()].map(({ mark }) => mark),
      markOf,
    };
    return this.#table;
  }

  /** The functions divided by a pivot; computed once each. */
  groups(pivot: Pivot): FunctionGroup[] {
    const known = this.#groups.get(pivot);
    if (known !== undefined) return known;
    const { modules, moduleOf, marks, markOf, names } = this.table();
    const markAt = (entry: number): FunctionMark | undefined => marks[markOf[entry] ?? 0];
    const groups = groupFunctions(
      {
        size: this.size,
        name: (entry) => names[entry] ?? '',
        module: (entry) => modules[moduleOf[entry] ?? 0] ?? '',
        glue: (entry) => markAt(entry)?.glue ?? null,
        callable: (entry) => markAt(entry)?.callable === true,
        described: (entry) => entry < this.#described.size,
        firstStruct: (entry) => shownName(this.#structs(entry).first),
        structs: (entry) => this.#structs(entry).taken.map(shownName),
      },
      pivot,
    );
    this.#groups.set(pivot, groups);
    return groups;
  }

  /** The C prototype of an entry, '' when BTF does not describe it. */
  signature(entry: number): string {
    const { type } = this.#locate(entry);
    return type === null ? '' : signature(type.btf, type.id);
  }

  /** Everything known of one function, by `name` or `module:name`; null if there is none. */
  details(name: string): FunctionDetails | null {
    const located = this.#named(name);
    if (located === null) return null;
    const { type, module } = located;
    const parts = type === null ? null : prototypeParts(type.btf, type.id);
    return {
      name: shownName(located.name),
      module,
      signature: type === null ? '' : signature(type.btf, type.id),
      returns: parts?.returns ?? '',
      parameters: parts?.parameters ?? [],
      mark: this.#mark(located),
      attach: (['bpftrace', 'tracefs'] as const).flatMap((engine) =>
        bothEnds(this.#attach(located, engine), engine),
      ),
      warnings: this.#attach(located, 'bpftrace').warnings,
      symbols: this.#facts?.symbols?.counts.count(located.name, module) ?? null,
      clones: (this.#facts?.symbols?.clones.get(located.name) ?? []).slice(0, 8).map(shownName),
    };
  }

  /** Who else takes and returns the structs that a function takes; [] for one that takes none, or that there is not. */
  fellows(name: string): readonly FellowFunctions[] {
    const located = this.#named(name);
    if (located === null) return [];
    const entry = this.#entryOf(located);
    if (entry < 0 || entry >= this.#described.size) return [];
    this.#structFunctions ??= new StructFunctions(this.#described.size, (one) => this.#structs(one));
    return this.#structFunctions.fellows(
      entry,
      this.#structs(entry).taken,
      (one) => this.#described.at(one).name,
    );
  }

  #locate(entry: number): Located {
    const bare = this.#undescribed[entry - this.#described.size];
    if (bare !== undefined) return { ...bare, type: null };
    const { name, module, btf, id } = this.#described.at(entry);
    return { name, module, type: { btf, id } };
  }

  #named(name: string): Located | null {
    const colon = name.indexOf(':');
    const bare = name.slice(colon + 1);
    const fits = (module: string): boolean => colon < 0 || module === name.slice(0, colon);
    for (const { module, btf } of this.#modules) {
      if (!fits(module)) continue;
      const id = btf.findAll(bare, 'func').find((one) => btf.owner(one) === btf);
      if (id !== undefined) return { name: bare, module, type: { btf, id } };
    }
    const listed = this.#undescribed.find((one) => one.name === bare && fits(one.module));
    return listed === undefined ? null : { ...listed, type: null };
  }

  #entryOf({ name, module, type }: Located): number {
    if (type !== null)
      return this.#described.named(name).find((one) => this.#described.at(one).module === module) ?? -1;
    const n = this.#undescribed.findIndex((one) => one.name === name && one.module === module);
    return n < 0 ? -1 : n + this.#described.size;
  }

  #attach(located: Located, engine: ProbeEngine): Attachability {
    if (this.#facts === null) return NO_TARGET;
    const { type } = located;
    const implicitArguments =
      type !== null && kept(this.#implicit, type.btf, implicitArgumentFunctions).has(type.id);
    return attachability({ ...located, implicitArguments }, this.#facts, engine);
  }

  #mark(located: Located): FunctionMark {
    const { answer, reason } = this.#attach(located, 'bpftrace');
    const { type, name } = located;
    const useKprobe =
      answer === 'no' && ['yes', 'entry-only'].includes(this.#attach(located, 'tracefs').answer);
    return {
      attachable: answer,
      reason: reason ?? '',
      callable: type !== null && kept(this.#callable, type.btf, bpfCallable).has(type.id),
      glue: type === null ? null : glueOrNull(type.btf, type.id, name),
      useKprobe,
    };
  }

  #structs(entry: number): StructsOfFunction {
    if (entry < 0 || entry >= this.#described.size) return { first: '', taken: [], returned: '' };
    const { btf, id } = this.#described.at(entry);
    return this.#structNamesOf(btf).ofFunction(id);
  }

  #structNamesOf(btf: Btf): FunctionStructs {
    const known = this.#structNames.get(btf);
    if (known !== undefined) return known;
    const names = new FunctionStructs(btf, btf.base === null ? null : this.#structNamesOf(btf.base));
    this.#structNames.set(btf, names);
    return names;
  }
}

function kept<Value>(cache: Map<Btf, Value>, btf: Btf, make: (btf: Btf) => Value): Value {
  const known = cache.get(btf);
  if (known !== undefined) return known;
  const value = make(btf);
  cache.set(btf, value);
  return value;
}

function glueOrNull(btf: Btf, id: number, name: string): GlueKind | null {
  try {
    return glueOf(btf, id, name);
  } catch (failure) {
    if (failure instanceof BtfError) return null;
    throw failure;
  }
}

/** Null for a function whose prototype is none, or has no end. */
function prototypeParts(btf: Btf, id: number): Pick<FunctionDetails, 'parameters' | 'returns'> | null {
  const type = btf.type(id);
  const prototype = type.kind === 'func' ? btf.type(type.prototypeId) : type;
  if (prototype.kind !== 'func_proto') return null;
  return {
    parameters: prototype.parameters.map((one) => ({ type: typeText(btf, one.typeId), name: one.name })),
    returns: typeText(btf, prototype.returnId),
  };
}

function bothEnds(attach: Attachability, engine: ProbeEngine): AttachAnswer[] {
  const { answer, sentence } = attach;
  const reason = attach.reason ?? '';
  if (answer === 'entry-only')
    return [
      { engine, edge: 'entry', answer: 'yes', reason: '', sentence: '' },
      { engine, edge: 'return', answer: 'no', reason, sentence },
    ];
  return (['entry', 'return'] as const).map((edge) => ({ engine, edge, answer, reason, sentence }));
}

/** A BTF file says which functions were compiled, not what a running kernel lets one attach to. */
const NO_TARGET: Attachability = {
  answer: 'unknown',
  reason: null,
  sentence: 'Only a running kernel can tell.',
  detail: null,
  instances: 1,
  useKprobe: false,
  warnings: [],
};
