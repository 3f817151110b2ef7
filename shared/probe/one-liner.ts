import type { Parameter } from './signature.ts';

/** What of a function a command for the clipboard is made from. */
export interface ProbedFunction {
  readonly name: string;
  readonly module: string;
  /** Empty where BTF does not describe it, or where it takes nothing. */
  readonly parameters: readonly Parameter[];
  /** Whether BTF describes it, so that a trampoline can be asked for. */
  readonly described: boolean;
}

const INTEGER =
  /^(?:const\s+)?(?:enum \w+|(?:unsigned |signed |long |short |int |char )*(?:long|short|int|char|unsigned)|_?_?[us](?:8|16|32|64)|__[bl]e(?:16|32|64)|u?int(?:8|16|32|64|ptr)_t|_Bool|bool|s?size_t|loff_t|gfp_t|pid_t|umode_t|sector_t|dma_addr_t|netdev_features_t)$/;
const TEXT = /^(?:const\s+)?char\s*\*$/;

/**
 * A bpftrace command that tells each call of a function with its arguments, for a shell. `fentry:` since bpftrace
 * 0.20, `kfunc:` before; a kprobe where BTF does not describe the function. Arguments that bpftrace has no
 * format for (structs by value) are left out.
 */
export function bpftraceOneLiner(
  probed: ProbedFunction,
  bpftrace: { readonly major: number; readonly minor: number } | null,
): string {
  const formats: string[] = [];
  const values: string[] = [];
  for (const { type, name } of probed.parameters) {
    if (!/^[A-Za-z_]\w*$/.test(name)) continue;
    if (TEXT.test(type)) values.push(`str(args->${name})`);
    else if (type.includes('*') || INTEGER.test(type)) values.push(`args->${name}`);
    else continue;
    formats.push(`${name}=${TEXT.test(type) ? '%s' : type.includes('*') ? '%p' : '%ld'}`);
  }
  const attach = !probed.described
    ? `kprobe:${probed.name}`
    : `${isOld(bpftrace) ? 'kfunc' : 'fentry'}:${probed.module}:${probed.name}`;
  const format = ['%s', '%d', ...formats].join(' ');
  return `bpftrace -e '${attach} { printf("${format}\\n", ${['comm', 'pid', ...values].join(', ')}); }'`;
}

function isOld(version: { readonly major: number; readonly minor: number } | null): boolean {
  return version !== null && version.major === 0 && version.minor < 20;
}
