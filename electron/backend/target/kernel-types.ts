import { attachability } from '../../../shared/btf/attach/attachability.ts';
import type { Attachability, AttachFacts } from '../../../shared/btf/attach/attachability.ts';
import { parseBlacklist } from '../../../shared/btf/attach/blacklist.ts';
import { parseSymbols } from '../../../shared/btf/attach/symbols.ts';
import { parseTraceable } from '../../../shared/btf/attach/traceable.ts';
import { parseVersion } from '../../../shared/btf/attach/version.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import { typeText } from '../../../shared/btf/declare.ts';
import { FunctionIndex } from '../../../shared/btf/function-index.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { signature } from '../../../shared/btf/functions.ts';
import type { FunctionEntry, TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Signature } from '../../../shared/probe/signature.ts';
import type { KernelFiles } from './btf-download.ts';
import { KernelStructs } from './kernel-structs.ts';

interface Located extends ModuleBtf {
  readonly id: number;
}

/** The types of one kernel: its functions with what can be attached to them, and through `structs` its structs. */
export class KernelTypes {
  /** BTF that could not be read, by name: one damaged module costs only its own functions. */
  readonly damaged: ReadonlyMap<string, string>;
  /** The kernel proper, then its modules. */
  readonly modules: readonly ModuleBtf[];
  readonly structs: KernelStructs;
  readonly #facts: AttachFacts | null;
  #index: FunctionIndex | null = null;

  /** Throws `btf-damaged` if the kernel's own BTF is. `facts` null: a file from disk, of which nothing else is known. */
  constructor(files: KernelFiles, facts: TargetFacts | null, origin: string) {
    const vmlinux = files.btf.get('vmlinux');
    if (vmlinux === undefined) throw new Fail('btf-missing', { host: origin });
    const base = parseOrFail(vmlinux, origin);
    const modules = [{ module: 'vmlinux', btf: base }];
    const damaged = new Map<string, string>();
    for (const [module, bytes] of files.btf) {
      if (module === 'vmlinux' || module.endsWith('.inline')) continue;
      try {
        modules.push({ module, btf: parseBtf(bytes, { base }) });
      } catch (error) {
        damaged.set(module, (error as Error).message);
      }
    }
    this.modules = modules;
    this.structs = new KernelStructs(modules, origin);
    this.damaged = damaged;
    this.#facts = facts && {
      arch: facts.machine,
      kernel: parseVersion(facts.release) ?? { major: 0, minor: 0 },
      bpftrace: facts.bpftrace,
      traceable: files.traceable === null ? null : parseTraceable(files.traceable),
      symbols: files.symbols === null ? null : parseSymbols(files.symbols),
      blacklist: files.blacklist === null ? null : parseBlacklist(files.blacklist),
    };
  }

  /**
   * Functions that fit a search line (shared/btf/query.ts), best first: names before signatures, and names that
   * only spell its words letter by letter where nothing else fits. An empty line gives all, in order of name.
   */
  search(line: string): FunctionEntry[] {
    this.#index ??= new FunctionIndex(this.modules);
    const index = this.#index;
    const limit = index.size;
    const plain = index.search(line, { limit, signatures: line.trim() !== '' });
    const { hits } = plain.total > 0 ? plain : index.search(line, { limit, mode: 'fuzzy' });
    return hits.map(({ entry }) => {
      const found = index.at(entry);
      const { answer, reason } = this.#attach(found, found.name);
      return {
        name: found.name,
        module: found.module,
        signature: signature(found.btf, found.id),
        attachable: answer,
        reason: reason ?? '',
      };
    });
  }

  /** One function as the probe writer takes it, by `name` or `module:name`; null if BTF has no such function. */
  find(name: string): { readonly signature: Signature; readonly attach: Attachability } | null {
    const found = this.#locate(name);
    if (found === null) return null;
    const { btf, id, module } = found;
    const type = btf.type(id);
    const prototype = type.kind === 'func' ? btf.type(type.prototypeId) : type;
    if (prototype.kind !== 'func_proto') return null;
    return {
      attach: this.#attach(found, btf.name(id)),
      signature: {
        name: btf.name(id),
        module,
        parameters: prototype.parameters.map((one) => ({ type: typeText(btf, one.typeId), name: one.name })),
        returns: typeText(btf, prototype.returnId),
      },
    };
  }

  #locate(name: string): Located | null {
    const colon = name.indexOf(':');
    const bare = name.slice(colon + 1);
    for (const { module, btf } of this.modules) {
      if (colon >= 0 && module !== name.slice(0, colon)) continue;
      const id = btf.findAll(bare, 'func').find((one) => btf.owner(one) === btf);
      if (id !== undefined) return { module, btf, id };
    }
    return null;
  }

  #attach({ module, btf, id }: Located, name: string): Attachability {
    if (this.#facts === null) return NO_TARGET;
    return attachability({ name, module, type: { btf, id } }, this.#facts, 'bpftrace');
  }
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

function parseOrFail(bytes: Uint8Array, origin: string): Btf {
  try {
    return parseBtf(bytes);
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    throw new Fail('btf-damaged', { origin, message: error.message }, error.remedy);
  }
}
