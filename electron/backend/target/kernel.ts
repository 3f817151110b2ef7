import type { TargetFacts } from '../../../shared/contract/api.ts';
import type { Target } from '../ssh/command.ts';
import type { KernelCache } from './btf-cache.ts';
import { downloadKernel, identifyKernel } from './btf-download.ts';
import { KernelTypes } from './kernel-types.ts';

/** The types of the target's kernel: from the cache when some host had this kernel before, else downloaded. */
export async function loadKernel(
  target: Target,
  facts: TargetFacts,
  cache: KernelCache,
  onProgress: (done: number, total: number) => void,
): Promise<KernelTypes> {
  const identity = await identifyKernel(target);
  let files = await cache.get(identity.key);
  if (files === null) {
    files = await downloadKernel(target, identity, onProgress);
    await cache.put(identity.key, files);
  }
  return new KernelTypes(files, facts, target.connection.config.alias);
}
