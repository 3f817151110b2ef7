import type { Target } from '../ssh/command.ts';
import type { KernelCache } from './btf-cache.ts';
import { downloadKernel, identifyKernel } from './btf-download.ts';
import type { KernelIdentity } from './btf-download.ts';
import { rememberHost } from './kept-host.ts';
import { KernelTypes } from './kernel-types.ts';
import type { KernelFacts } from './kernel-types.ts';

type Progress = (done: number, total: number) => void;

/**
 * The types of the target's kernel: from the cache when some host had this kernel before, else downloaded. `remember`: the
 * host is one to be asked again, or about while it is away.
 */
export async function loadKernel(
  target: Target,
  facts: KernelFacts,
  cache: KernelCache,
  remember: boolean,
  onProgress: Progress,
): Promise<KernelTypes> {
  const identity = await identifyKernel(target);
  const types = await kernelOf(identity, target, facts, cache, onProgress);
  if (remember) await rememberHost(target.connection.config, identity.key, facts, null, cache);
  return types;
}

/** The same of a kernel whose identity is known. */
export async function kernelOf(
  identity: KernelIdentity,
  target: Target,
  facts: KernelFacts,
  cache: KernelCache,
  onProgress: Progress,
): Promise<KernelTypes> {
  let files = await cache.get(identity.key);
  if (files === null) {
    files = await downloadKernel(target, identity, onProgress);
    await cache.put(identity.key, files);
  }
  return new KernelTypes(files, facts, target.connection.config.alias);
}
