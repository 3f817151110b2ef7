import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import { defaultBtfLimits } from '../../../shared/btf/limits.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { KernelTypes } from './kernel-types.ts';

/** Raw BTF by the name of its file. */
export type BtfFiles = ReadonlyMap<string, Uint8Array>;

/**
 * The types of raw BTF files alone, such as copies of /sys/kernel/btf/vmlinux and /sys/kernel/btf/veth: a kernel, and modules
 * that count on from it, in any order. Nothing else is known of that kernel, so nothing is called attachable.
 * Throws `btf-damaged`, also for a module without its kernel.
 */
export function typesOfFiles(files: BtfFiles): KernelTypes {
  const all = [...files];
  const [kernel] = all.find(([, bytes]) => !needsBase(bytes)) ?? all[0] ?? ['BTF'];
  const btf = new Map([['vmlinux', files.get(kernel) ?? new Uint8Array()]]);
  for (const [file, bytes] of all) if (file !== kernel) btf.set(moduleOf(file), bytes);
  const types = new KernelTypes({ btf, traceable: null, symbols: null, blacklist: null }, null, kernel);
  for (const [module, message] of types.damaged)
    throw new Fail('btf-damaged', { origin: `${module}, on top of ${kernel}`, message });
  return types;
}

/** One that cannot be read at all needs none: that is told where it is read. */
function needsBase(bytes: Uint8Array): boolean {
  try {
    parseBtf(bytes);
    return false;
  } catch (error) {
    return error instanceof BtfError && error.code === 'E_NEEDBASE';
  }
}

/** `veth` of `veth`, `veth.btf`, `veth.ko`. */
function moduleOf(file: string): string {
  return file.replace(/\.(?:btf|ko|raw)\b.*$/, '');
}

/** Files that a page has sent, as one kernel. */
export interface OpenedBtf {
  readonly types: KernelTypes;
  readonly files: BtfFiles;
}

/**
 * A file that a page sends, gzipped and in base64. One that is a module's continues `base`, if there is
 * such; any other is a kernel by itself. Throws `btf-damaged`.
 */
export async function openSentFile(packed: string, name: string, base: OpenedBtf | null): Promise<OpenedBtf> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(
      await promisify(gunzip)(Buffer.from(packed, 'base64'), {
        maxOutputLength: defaultBtfLimits.inputBytes,
      }),
    );
  } catch (error) {
    throw new Fail('btf-damaged', { origin: name, message: (error as Error).message });
  }
  const files = new Map([...(base !== null && needsBase(bytes) ? base.files : []), [name, bytes]]);
  return { types: typesOfFiles(files), files };
}
