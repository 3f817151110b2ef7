import { isTracepointGlue } from './attach/special.ts';
import type { Btf } from './decoder.ts';
import { KIND_DECL_TAG, KIND_STRUCT } from './kinds.ts';
import { sizeOrType, subject } from './resolve.ts';

/** Functions nobody looks for: made by macros, hundreds of them alike. */
export type GlueKind = 'syscall-wrapper' | 'attribute' | 'tracepoint' | 'bpf-lsm';

/**
 * What kind of glue a function is, null for a real function. `attribute`: the show and store functions of
 * sysfs and configfs files, told by their arguments (a seq_file's show is none).
 */
export function glueOf(btf: Btf, id: number, name: string = btf.name(id)): GlueKind | null {
  if (
    /^__(?:x64|ia32|ia32_compat|arm64|s390x?|riscv|do|se|do_compat|se_compat)_(?:compat_)?sys_/.test(name)
  ) {
    return 'syscall-wrapper';
  }
  if (isTracepointGlue(name)) return 'tracepoint';
  if (name.startsWith('bpf_lsm_')) return 'bpf-lsm';
  if ((name.endsWith('_show') || name.endsWith('_store')) && takesAttribute(btf, id)) return 'attribute';
  return null;
}

function takesAttribute(btf: Btf, id: number): boolean {
  const prototype = btf.type(sizeOrType(btf, id));
  if (prototype.kind !== 'func_proto') return false;
  return prototype.parameters.some(({ typeId }) => {
    const about = subject(btf, typeId);
    if (btf.kindNumber(about) !== KIND_STRUCT) return false;
    const struct = btf.name(about);
    return struct.endsWith('attribute') || struct === 'config_item';
  });
}

/** The part of a name that groups it: up to the first `_` behind leading ones: `__tcp_push` -> `tcp`. */
export function namePrefix(name: string): string {
  const match = /^_*([^_.]+)/.exec(name);
  return match?.[1] ?? name;
}

/**
 * Ids of the functions of this file that BPF programs may call: those with the declaration tag `bpf_kfunc`
 * (pahole 1.26 and later).
 */
export function bpfCallable(btf: Btf): Set<number> {
  const callable = new Set<number>();
  const { kinds } = btf.types;
  for (let n = 0; n < kinds.length; n++) {
    if (kinds[n] !== KIND_DECL_TAG) continue;
    const id = btf.startId + n;
    if (btf.name(id) === 'bpf_kfunc') callable.add(sizeOrType(btf, id));
  }
  return callable;
}

/**
 * Ids of those BPF-callable functions whose machine code takes more than BTF says: a kfunc with KF_IMPLICIT_ARGS has its real
 * prototype under the name `NAME_impl`.
 */
export function implicitArgumentFunctions(btf: Btf): Set<number> {
  const names = new Set(btf.functionNames());
  return new Set([...bpfCallable(btf)].filter((id) => names.has(`${btf.name(id)}_impl`)));
}
