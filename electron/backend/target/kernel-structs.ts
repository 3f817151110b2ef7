import { BtfError } from '../../../shared/btf/failure.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import { findComposites } from '../../../shared/btf/path.ts';
import { printType } from '../../../shared/btf/print.ts';
import type { StructLayout } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';

/** The structs and unions of one kernel and its modules. */
export class KernelStructs {
  readonly #modules: readonly ModuleBtf[];
  /** Host or file, for failures. */
  readonly #origin: string;

  constructor(modules: readonly ModuleBtf[], origin: string) {
    this.#modules = modules;
    this.#origin = origin;
  }

  /** Every struct or union of this name (`sk_buff`, `struct sk_buff`): kernels hold several of one name. Throws `struct-unknown`, `btf-damaged`. */
  layouts(name: string): StructLayout[] {
    const origin = this.#origin;
    const bare = name.trim().replace(/^(?:struct|union)\s+/, '');
    const layouts: StructLayout[] = [];
    try {
      for (const { module, btf } of this.#modules)
        for (const id of findComposites(btf, bare)) {
          if (module !== 'vmlinux' && btf.owner(id) !== btf) continue;
          const layout = layoutOf(btf, id);
          layouts.push({
            name: layout.name,
            kind: layout.kind,
            module,
            size: layout.size,
            text: printType(btf, id),
            members: namedMembers(layout).map(({ path, byteOffset, bitOffset, bits, type, bitfield }) => ({
              path,
              byteOffset,
              bitOffset,
              bits,
              type,
              bitfield,
            })),
          });
        }
    } catch (error) {
      if (error instanceof BtfError && error.code !== 'E_NOTFOUND')
        throw new Fail('btf-damaged', { origin, message: error.message }, error.remedy);
      if (!(error instanceof BtfError)) throw error;
    }
    if (layouts.length === 0) throw new Fail('struct-unknown', { name, origin });
    return layouts;
  }
}
