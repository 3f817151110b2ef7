import { parseBlacklist } from '../../../shared/btf/attach/blacklist.ts';
import { parseSymbols } from '../../../shared/btf/attach/symbols.ts';
import { parseTraceable } from '../../../shared/btf/attach/traceable.ts';
import { parseVersion } from '../../../shared/btf/attach/version.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import type { TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { KernelFiles } from './btf-download.ts';
import { KernelFunctions } from './kernel-functions.ts';
import { KernelStructs } from './kernel-structs.ts';

/** What of a target decides, beside its kernel's files, what can be attached. */
export type KernelFacts = Pick<TargetFacts, 'machine' | 'release' | 'bpftrace'>;

/** The types of one kernel: its functions with what can be attached to them, and its structs. */
export class KernelTypes {
  /** BTF that could not be read, by name: one damaged module costs only its own functions. */
  readonly damaged: ReadonlyMap<string, string>;
  /** The kernel proper, then its modules. */
  readonly modules: readonly ModuleBtf[];
  readonly structs: KernelStructs;
  readonly functions: KernelFunctions;

  /** Throws `btf-damaged` if the kernel's own BTF is. `facts` null: a file from disk, of which nothing else is known. */
  constructor(files: KernelFiles, facts: KernelFacts | null, origin: string) {
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
    this.functions = new KernelFunctions(
      modules,
      facts && {
        arch: facts.machine,
        kernel: parseVersion(facts.release) ?? { major: 0, minor: 0 },
        bpftrace: facts.bpftrace,
        traceable: files.traceable === null ? null : parseTraceable(files.traceable),
        symbols: files.symbols === null ? null : parseSymbols(files.symbols),
        blacklist: files.blacklist === null ? null : parseBlacklist(files.blacklist),
      },
    );
  }
}

function parseOrFail(bytes: Uint8Array, origin: string): Btf {
  try {
    return parseBtf(bytes);
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    throw new Fail('btf-damaged', { origin, message: error.message }, error.remedy);
  }
}
