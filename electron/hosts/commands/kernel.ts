import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { FunctionEntry, ProbePoints, StructLayout } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { ListedKind } from '../../../shared/probe/point.ts';
import type { BackendDeps } from '../../backend/index.ts';
import { functionLines } from '../../backend/target/host-kernel.ts';
import type { HostKernel } from '../../backend/target/host-kernel.ts';
import type { KernelTypes } from '../../backend/target/kernel-types.ts';
import { listPoints } from '../../backend/trace/point-list.ts';
import type { PointSources } from '../../backend/trace/point-list.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { readBtfFiles } from './btf-file.ts';
import { openLocalClient, reasonOf, VERSION } from './client.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';
import { tellPacketPath } from './packet-path.ts';

/** A kernel to ask: a target over SSH, what is kept of one, or a BTF file of this machine. */
interface Kernel {
  /** All its functions, as JSON, one a line. */
  listing(): Promise<string>;
  functions(query: string): Promise<readonly FunctionEntry[]>;
  structs(name: string): Promise<readonly StructLayout[]>;
  points(kind: ListedKind, query: string): Promise<ProbePoints>;
}

/** A query for what is no function, which only a session can answer whole. */
const POINTS = /^(tracepoint|rawtracepoint|kprobe):(.*)$/;

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
    const words = queryOf(query);
    if (output.json && words === '' && !line.path) return output.lines(await kernel.listing());
    const [, kind, rest] = POINTS.exec(words) ?? [];
    const listed = kind === undefined ? null : await kernel.points(kind as ListedKind, rest ?? '');
    const entries = listed?.points ?? (await kernel.functions(words));
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

function kernelOfFile(types: KernelTypes): Kernel {
  return {
    listing: async () => functionLines(types.functions.search('')),
    functions: async (query) => types.functions.search(query),
    structs: async (name) => types.structs.layouts(name),
    points: (kind, query) => listPoints(kind, query, pointsOfFile(types)),
  };
}

function kernelOfHost(host: HostKernel): Kernel {
  const listing = async (): Promise<string> => host.listing(await ownBuild());
  return {
    listing,
    functions: async (query) =>
      query === ''
        ? (await listing())
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as FunctionEntry)
        : (await host.types()).functions.search(query),
    structs: async (name) => (await host.types()).structs.layouts(name),
    points: async () => {
      throw usage('only functions takes such a QUERY');
    },
  };
}

/** This program as it was built: another may list otherwise. */
async function ownBuild(): Promise<string> {
  const { size, mtimeMs } = await stat(fileURLToPath(import.meta.url));
  return `${VERSION} ${size} ${mtimeMs}`;
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
  if (line.btf.length > 0) {
    await ask(kernelOfFile(await readBtfFiles(line.btf)), line.positionals);
    return 0;
  }
  const [host, ...words] = line.positionals;
  if (host === undefined) throw usage(`${line.command} takes a HOST, or --btf FILE`);
  const client = openLocalClient(line, output, deps, signal, {}, () => undefined);
  try {
    if (POINTS.test(queryOf(words))) {
      if (line.offline) throw usage('--offline knows functions and structs, and nothing else');
      const { session } = await client.backend.connect({ host });
      const types = await client.types(session);
      await ask(
        {
          ...kernelOfFile(types),
          points: (kind, query) => client.backend.probePoints({ session, kind, query }),
        },
        words,
      );
      return 0;
    }
    const kept = await client.hostKernel(host, line.offline);
    if (line.offline)
      output.note(
        `skblens: not connected: this is ${host} as it was on ${new Date(kept.when).toISOString()}, with ${kept.release}`,
      );
    await ask(kernelOfHost(kept), words);
    return 0;
  } catch (error) {
    throw reasonOf(error, signal);
  } finally {
    await client.close();
  }
}
