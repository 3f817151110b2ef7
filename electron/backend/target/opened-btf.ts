import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { defaultBtfLimits } from '../../../shared/btf/limits.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { KernelTypes } from './kernel-types.ts';

/**
 * The types of a raw BTF file alone, such as a copy of /sys/kernel/btf/vmlinux. Nothing else is known of that
 * kernel, so nothing is called attachable. `name` is for failures. Throws `btf-damaged`.
 */
export function typesOfFile(bytes: Uint8Array, name: string): KernelTypes {
  const btf = new Map([['vmlinux', bytes]]);
  return new KernelTypes({ btf, traceable: null, symbols: null, blacklist: null }, null, name);
}

/** The same of a file that a page sends, gzipped and in base64. Throws `btf-damaged`. */
export async function typesOfSentFile(
  packed: string,
  name: string,
): Promise<{ readonly types: KernelTypes; readonly bytes: number }> {
  let bytes: Buffer;
  try {
    bytes = await promisify(gunzip)(Buffer.from(packed, 'base64'), {
      maxOutputLength: defaultBtfLimits.inputBytes,
    });
  } catch (error) {
    throw new Fail('btf-damaged', { origin: name, message: (error as Error).message });
  }
  return { types: typesOfFile(new Uint8Array(bytes), name), bytes: bytes.length };
}
