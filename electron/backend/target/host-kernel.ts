import { createHash } from 'node:crypto';
import type { FunctionEntry } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Asker } from '../ssh/asker.ts';
import type { Target } from '../ssh/command.ts';
import type { HostConfig } from '../ssh/config.ts';
import type { Connection } from '../ssh/connection.ts';
import type { HostRecord, KernelCache } from './btf-cache.ts';
import { identifyKernel } from './btf-download.ts';
import type { KernelIdentity } from './btf-download.ts';
import { keptHost, rememberHost } from './kept-host.ts';
import { kernelOf } from './kernel.ts';
import { KernelTypes } from './kernel-types.ts';
import type { KernelFacts } from './kernel-types.ts';
import { openTarget } from './open.ts';
import { askBpftrace, lookQuickly } from './quick-look.ts';

/** The kernel of a host, asked for its types alone. */
export interface HostKernel {
  /** When the host said that it runs it, milliseconds since 1970. */
  readonly when: number;
  readonly release: string;
  types(): Promise<KernelTypes>;
  /**
   * All its functions, what `KernelFunctions.search` gives for an empty line, as JSON, one a line: kept for the next
   * time. `program` names the build that makes the list, since another may judge otherwise.
   */
  listing(program: string): Promise<string>;
}

/**
 * What the host runs, by as few commands as can tell: for root one, if nothing changed since the last time.
 * Throws `btf-missing`, what `openTarget` throws, and from its methods what a download does.
 */
export async function openHostKernel(
  connection: Connection,
  onCommand: Target['onCommand'],
  asker: Pick<Asker, 'secret' | 'secrets' | 'log'>,
  cache: KernelCache,
): Promise<HostKernel> {
  const { target, identity, facts, bpftraceFile } = await arrive(connection, onCommand, asker, cache);
  const record = await rememberHost(connection.config, identity.key, facts, bpftraceFile, cache);
  return hostKernel(record, cache, () => kernelOf(identity, target, record, cache, () => undefined));
}

/** The same from the cache alone, as the host was when it was last asked. Throws `kernel-not-kept`. */
export async function keptHostKernel(config: HostConfig, cache: KernelCache): Promise<HostKernel> {
  const record = await keptHost(config, cache);
  if (record === null) throw new Fail('kernel-not-kept', { host: config.alias });
  return hostKernel(record, cache, async () => {
    const files = await cache.get(record.key);
    if (files === null) throw new Fail('kernel-not-kept', { host: config.alias });
    return new KernelTypes(files, record, config.alias);
  });
}

async function arrive(
  connection: Connection,
  onCommand: Target['onCommand'],
  asker: Pick<Asker, 'secret' | 'secrets' | 'log'>,
  cache: KernelCache,
): Promise<{
  readonly target: Target;
  readonly identity: KernelIdentity;
  readonly facts: KernelFacts;
  readonly bpftraceFile: string | null;
}> {
  const plain: Target = { connection, sudo: false, onCommand };
  const look = connection.config.user === 'root' ? await lookQuickly(plain) : null;
  if (look === null) {
    const { target, survey } = await openTarget(connection, onCommand, asker);
    return { target, identity: await identifyKernel(target), facts: survey.facts, bpftraceFile: null };
  }
  const { identity, release, machine, bpftraceFile } = look;
  const before = await keptHost(connection.config, cache);
  const bpftrace: KernelFacts['bpftrace'] =
    bpftraceFile === ''
      ? null
      : before?.bpftraceFile === bpftraceFile
        ? before.bpftrace
        : await askBpftrace(plain);
  return { target: plain, identity, facts: { release, machine, bpftrace }, bpftraceFile };
}

function hostKernel(record: HostRecord, cache: KernelCache, load: () => Promise<KernelTypes>): HostKernel {
  const { when, key, release, machine, bpftrace } = record;
  let types: Promise<KernelTypes> | null = null;
  const typesOnce = (): Promise<KernelTypes> => (types ??= load());
  return {
    when,
    release,
    types: typesOnce,
    listing: async (program) => {
      const text = JSON.stringify([key, release, machine, bpftrace, program]);
      const listed = createHash('sha256').update(text).digest('hex').slice(0, 40);
      const kept = await cache.getListing(listed);
      if (kept !== null) return kept;
      const { functions } = await typesOnce();
      const made = functionLines(functions.search(''));
      await cache.putListing(listed, made);
      return made;
    },
  };
}

/** Functions as JSON, one a line. */
export function functionLines(entries: readonly FunctionEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
