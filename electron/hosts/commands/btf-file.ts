import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fail } from '../../../shared/contract/failure.ts';
import type { KernelTypes } from '../../backend/target/kernel-types.ts';
import { typesOfFile } from '../../backend/target/opened-btf.ts';

/**
 * A raw BTF file, such as a copy of /sys/kernel/btf/vmlinux. Nothing else is known, so nothing is called attachable.
 * Throws `file-unreadable`, `btf-damaged`.
 */
export async function readBtfFile(file: string): Promise<KernelTypes> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new Fail('file-unreadable', { file, message: (error as Error).message });
  }
  return typesOfFile(new Uint8Array(bytes), basename(file));
}
