import type { ReadableArgument } from './field-access.ts';
import type { ResolvedPoint } from './resolved-point.ts';

/** What a program can read at a point. */
export interface PointArguments {
  /** In their order; what does not fit a register (a struct by value) is left out. */
  readonly all: readonly ReadableArgument[];
  readonly skb: ReadableArgument | null;
  readonly sock: ReadableArgument | null;
  /** An `enum skb_drop_reason`. */
  readonly reason: ReadableArgument | null;
  /** Where the caller stands, in skb:kfree_skb. */
  readonly location: ReadableArgument | null;
}

const SK_BUFF = /^(?:const\s+)?struct\s+sk_buff\s*\*$/;
const SOCK = /^(?:const\s+)?struct\s+sock\s*\*$/;
const STRUCT_POINTER = /^(?:const\s+)?(struct\s+\w+)\s*(?:const\s*)?\*$/;
/** Tracepoints pass these as `void *` (include/trace/events/skb.h, net.h, sock.h, tcp.h). */
const UNTYPED: Readonly<Record<string, string>> = {
  skbaddr: 'struct sk_buff *',
  skaddr: 'struct sock *',
  rx_sk: 'struct sock *',
};
/** Registers that hold arguments; on x86-64 the rest lie on the stack, eight bytes each (System V ABI). */
const REGISTERS: Readonly<Record<string, number>> = { x86_64: 6, aarch64: 8 };
/** Numbers whose width the text alone tells; a register may hold anything above it. */
const WIDTHS: Readonly<Record<string, string>> = {
  int: 'int32',
  'unsigned int': 'uint32',
  u32: 'uint32',
  __u32: 'uint32',
  s32: 'int32',
  __be32: 'uint32',
  short: 'int16',
  'short int': 'int16',
  'short unsigned int': 'uint16',
  'unsigned short': 'uint16',
  u16: 'uint16',
  __u16: 'uint16',
  __be16: 'uint16',
  char: 'int8',
  'unsigned char': 'uint8',
  u8: 'uint8',
  __u8: 'uint8',
  bool: 'uint8',
  _Bool: 'uint8',
};

/** The arguments of a point, each as bpftrace 0.17 to 0.27 all write it. */
export function bpftraceArguments(point: ResolvedPoint, machine: string): PointArguments {
  const all = readable(point, machine);
  const find = (test: (argument: ReadableArgument) => boolean): ReadableArgument | null =>
    all.find(test) ?? null;
  return {
    all,
    skb: find(({ type }) => SK_BUFF.test(type)),
    sock: find(({ type }) => SOCK.test(type)),
    reason: find(({ type }) => /^enum skb_drop_reason$/.test(type)),
    location:
      point.kind === 'tracepoint' ? find(({ name, type }) => name === 'location' && /\*$/.test(type)) : null,
  };
}

/** A returned value or the content of a register as a 64-bit number, sign and width from its C type. */
export function asNumber(type: string, expression: string): string {
  const width = /^enum\s/.test(type) ? 'int32' : WIDTHS[type.replace(/^const\s+/, '')];
  return width === undefined ? `(uint64)${expression}` : `(int64)(${width})${expression}`;
}

function readable(point: ResolvedPoint, machine: string): readonly ReadableArgument[] {
  switch (point.kind) {
    case 'function':
      return (point.signature?.parameters ?? [])
        .filter(({ name, type }) => name !== '' && !isByValue(type))
        .map(({ name, type }) => ({ name, type, expression: `args->${name}` }));
    case 'tracepoint':
      return point.tracepointFields
        .filter(({ type, size }) => !/\[/.test(type) && [1, 2, 4, 8].includes(size))
        .map(({ name, type }) => {
          const pointer = UNTYPED[name];
          return pointer === undefined
            ? { name, type, expression: `args->${name}` }
            : { name, type: pointer, expression: `((${pointer})args->${name})` };
        });
    case 'kprobe':
      // Where it returns, its registers hold other things by then.
      return point.edge === 'return' ? [] : inRegisters(point, REGISTERS[machine] ?? 6, machine);
    case 'rawtracepoint':
      return inRegisters(point, 12, '');
  }
}

/** `arg0`, `arg1`… with the type that BTF knows; without BTF the registers themselves, whatever they hold. */
function inRegisters(point: ResolvedPoint, registers: number, machine: string): ReadableArgument[] {
  const parameters = point.signature?.parameters ?? null;
  if (parameters === null)
    return Array.from({ length: registers }, (_, i) => ({
      name: `arg${i}`,
      type: 'unsigned long',
      expression: `arg${i}`,
    }));
  const found: ReadableArgument[] = [];
  for (const [i, { name, type }] of parameters.entries()) {
    // A struct by value moves all that follow to places that only the compiler knows.
    if (isByValue(type)) break;
    if (i >= registers && machine !== 'x86_64') break;
    const register = i < registers ? `arg${i}` : `sarg${i - registers}`;
    const struct = STRUCT_POINTER.exec(type)?.[1];
    const width = WIDTHS[type.replace(/^const\s+/, '')];
    found.push({
      name: name || `arg${i}`,
      type,
      expression:
        struct !== undefined
          ? `((${struct} *)${register})`
          : width !== undefined
            ? `(${width})${register}`
            : register,
    });
  }
  return found;
}

function isByValue(type: string): boolean {
  return !type.includes('*') && /^(?:const\s+)?(?:struct|union)\s/.test(type);
}
