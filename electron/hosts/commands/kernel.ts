import type { FunctionEntry, ProbePoints, StructLayout } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { ListedKind } from '../../../shared/probe/point.ts';
import type { BackendDeps } from '../../backend/index.ts';
import type { KernelTypes } from '../../backend/target/kernel-types.ts';
import { listPoints } from '../../backend/trace/point-list.ts';
import type { PointSources } from '../../backend/trace/point-list.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { readBtfFile } from './btf-file.ts';
import { openLocalClient } from './client.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';
import { tellPacketPath } from './packet-path.ts';

/** A kernel to ask: a target over SSH, or a BTF file of this machine. */
interface Kernel {
  functions(query: string): Promise<readonly FunctionEntry[]>;
  structs(name: string): Promise<readonly StructLayout[]>;
  points(kind: ListedKind, query: string): Promise<ProbePoints>;
}

/**
 * `skblens functions HOST|--btf FILE [QUERY]`: signatures and what can be attached, best match first. A QUERY that
 * begins with `tracepoint:`, `rawtracepoint:` or `kprobe:` lists those.
 */
export async function functionsCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  return withKernel(line, output, deps, signal, async (kernel, query) => {
    if (line.path && query.length > 0) throw usage('functions takes a QUERY or --path, not both');
    const [, kind, rest] = /^(tracepoint|rawtracepoint|kprobe):(.*)$/.exec(queryOf(query)) ?? [];
    const listed = kind === undefined ? null : await kernel.points(kind as ListedKind, rest ?? '');
    const entries = listed?.points ?? (await kernel.functions(queryOf(query)));
    if (line.path) return tellPacketPath(entries, output);
    for (const { name, module, signature, attachable, reason } of entries) {
      output.line({ name, module, signature, attachable, reason });
      const said = [attachable === 'yes' ? '' : attachable, reason].filter((word) => word !== '').join(': ');
      const note = said === '' ? '' : `  [${said}]`;
      const shown =
        listed === null
          ? `${module === 'vmlinux' ? '' : `${module}: `}${signature}`
          : `${name}  ${signature}`.trimEnd();
      output.text(`${printable(shown)}${note}`);
    }
    if (listed !== null && listed.total > listed.points.length)
      output.note(`${listed.points.length} of ${listed.total} are shown: narrow the pattern`);
  });
}

/** `skblens struct HOST|--btf FILE NAME`: the layout of every struct or union of that name. */
export async function structCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  return withKernel(line, output, deps, signal, async (kernel, words) => {
    const name = words.join(' ');
    if (name === '') throw usage('struct takes a HOST, or --btf FILE, and a NAME');
    for (const { name: found, kind, module, size, members, text } of await kernel.structs(name)) {
      output.line({ name: found, kind, module, size, members });
      output.text(printable(text));
    }
  });
}

/** BTF names raw tracepoints; tracepoints and what a kprobe can reach are known to a running kernel alone. */
function pointsOfFile(types: KernelTypes): PointSources {
  return {
    tracepoints: async () => {
      throw new Fail('btf-only');
    },
    types: async () => types,
    bpftrace: undefined,
  };
}

function queryOf(words: readonly string[]): string {
  const query = words.join(' ');
  if (query.length > 256) throw usage(`QUERY takes up to 256 characters, not ${query.length}`);
  return query;
}

async function withKernel(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
  ask: (kernel: Kernel, words: readonly string[]) => Promise<void>,
): Promise<number> {
  if (line.btf !== null) {
    const types = await readBtfFile(line.btf);
    const kernel: Kernel = {
      functions: async (query) => types.functions.search(query),
      structs: async (name) => types.structs.layouts(name),
      points: (kind, query) => listPoints(kind, query, pointsOfFile(types)),
    };
    await ask(kernel, line.positionals);
    return 0;
  }
  const [host, ...words] = line.positionals;
  if (host === undefined) throw usage(`${line.command} takes a HOST, or --btf FILE`);
  const client = openLocalClient(line, output, deps, signal, {}, () => undefined);
  try {
    const { session } = await client.backend.connect({ host });
    const kernel: Kernel = {
      functions: (query) => client.backend.functions({ session, query }),
      structs: (name) => client.backend.structs({ session, name }),
      points: (kind, query) => client.backend.probePoints({ session, kind, query }),
    };
    await ask(kernel, words);
    return 0;
  } finally {
    await client.close();
  }
}
