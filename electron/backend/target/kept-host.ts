import type { HostConfig } from '../ssh/config.ts';
import type { HostRecord, KernelCache } from './btf-cache.ts';
import type { KernelFacts } from './kernel-types.ts';

/** What the cache knows of a host; null if it was never asked. */
export async function keptHost(config: HostConfig, cache: KernelCache): Promise<HostRecord | null> {
  return cache.getHost(nameOf(config));
}

/**
 * Notes which kernel a host runs, for the next time and for when it cannot be reached. `bpftraceFile` null: that file was not
 * looked at, and what is known of it stays, as long as the version is the same.
 */
export async function rememberHost(
  config: HostConfig,
  key: string,
  { release, machine, bpftrace }: KernelFacts,
  bpftraceFile: string | null,
  cache: KernelCache,
): Promise<HostRecord> {
  const before = bpftraceFile === null ? await keptHost(config, cache) : null;
  const same = before?.bpftrace?.version === bpftrace?.version;
  const file = bpftraceFile ?? (same ? (before?.bpftraceFile ?? null) : null);
  const record = { key, release, machine, bpftrace, bpftraceFile: file, when: Date.now() };
  await cache.putHost(nameOf(config), record);
  return record;
}

/** Another port or login may be another machine, or see less of it. */
function nameOf({ user, hostName, port }: HostConfig): string {
  return `${user}@${hostName}:${port}`;
}
