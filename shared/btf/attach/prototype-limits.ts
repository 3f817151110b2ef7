import type { Btf } from '../decoder.ts';
import { sizeOf, underlying } from '../resolve.ts';
import type { FunctionPrototypeType } from '../types.ts';
import { isAtLeast } from './version.ts';
import type { Version } from './version.ts';

/** Why a BPF trampoline cannot call for a function of this prototype. */
export interface PrototypeObstacle {
  readonly reason:
    | 'VARARGS'
    | 'RET_STRUCT'
    | 'ARG_STRUCT'
    | 'ARG_STRUCT_GT16'
    | 'ARG_UNION'
    | 'FLOAT'
    | 'ARG_TYPE'
    | 'ARGS_GT_n';
  readonly sentence: string;
  /** Not known to be an obstacle on this machine, only not known to be none. */
  readonly unsure?: boolean;
}

const functionArguments = 12;

/**
 * Registers' worth of arguments a trampoline can pass; `sure` false where this table does not know the
 * architecture.
 */
function argumentSlots(arch: string, kernel: Version): { slots: number; sure: boolean } {
  switch (arch) {
    case 'x86_64':
      return { slots: isAtLeast(kernel, 6, 6) ? 12 : 6, sure: true };
    case 'aarch64':
      return { slots: isAtLeast(kernel, 6, 18) ? 12 : 8, sure: true };
    default:
      return { slots: 5, sure: false };
  }
}

/**
 * The first rule of the kernel's that the prototype breaks, null when it breaks none (btf_distill_func_proto,
 * kernel/bpf/btf.c; arch_prepare_bpf_trampoline of the architecture). Throws BtfError for a file with endless
 * types.
 */
export function prototypeObstacle(
  btf: Btf,
  prototype: FunctionPrototypeType,
  arch: string,
  kernel: Version,
): PrototypeObstacle | null {
  if (prototype.variadic) return { reason: 'VARARGS', sentence: 'It takes a variable number of arguments.' };
  const returned = btf.kind(underlying(btf, prototype.returnId));
  if (returned === 'struct' || returned === 'union') {
    return { reason: 'RET_STRUCT', sentence: `It returns a ${returned} by value.` };
  }
  if (returned === 'float') return { reason: 'FLOAT', sentence: 'It returns a floating point number.' };
  let slots = 0;
  for (const [index, parameter] of prototype.parameters.entries()) {
    const typeId = underlying(btf, parameter.typeId);
    const size = sizeOf(btf, typeId) ?? 0;
    const obstacle = argumentObstacle(btf, typeId, size, index + 1, kernel);
    if (obstacle !== null) return obstacle;
    slots += Math.max(1, Math.ceil(size / 8));
  }
  return countObstacle(prototype.parameters.length, slots, arch, kernel);
}

function argumentObstacle(
  btf: Btf,
  typeId: number,
  size: number,
  place: number,
  kernel: Version,
): PrototypeObstacle | null {
  const kind = btf.kind(typeId);
  switch (kind) {
    case 'int':
    case 'ptr':
    case 'enum':
    case 'enum64':
      return null;
    case 'struct':
    case 'union':
      if (size > 16) {
        return {
          reason: 'ARG_STRUCT_GT16',
          sentence: `Argument ${place} is a ${kind} of ${size} bytes by value; 16 can be passed.`,
        };
      }
      if (kind === 'union' && !isAtLeast(kernel, 7, 2)) {
        const sentence = `Argument ${place} is a union by value: refused up to Linux 6.12, accepted from 7.2 on.`;
        return { reason: 'ARG_UNION', sentence, unsure: isAtLeast(kernel, 6, 13) };
      }
      if (!isAtLeast(kernel, 6, 1)) {
        return {
          reason: 'ARG_STRUCT',
          sentence: `Argument ${place} is a struct by value, which needs Linux 6.1.`,
        };
      }
      return null;
    case 'float':
      return { reason: 'FLOAT', sentence: `Argument ${place} is a floating point number.` };
    default:
      return {
        reason: 'ARG_TYPE',
        sentence: `Argument ${place} is a ${kind}, which a trampoline does not know.`,
      };
  }
}

function countObstacle(
  count: number,
  slots: number,
  arch: string,
  kernel: Version,
): PrototypeObstacle | null {
  if (count > functionArguments) {
    return { reason: 'ARGS_GT_n', sentence: `It takes ${count} arguments; BPF passes ${functionArguments}.` };
  }
  const limit = argumentSlots(arch, kernel);
  if (slots <= limit.slots) return null;
  const sentence = `Its arguments fill ${slots} registers; ${limit.slots} can be passed on ${arch} with this kernel.`;
  return limit.sure
    ? { reason: 'ARGS_GT_n', sentence }
    : {
        reason: 'ARGS_GT_n',
        sentence: `Its arguments fill ${slots} registers; what ${arch} can pass is not known here.`,
        unsure: true,
      };
}
