import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { findBtf } from '../../../shared/btf/elf.ts';
import type { ByteSource } from '../../../shared/btf/elf.ts';
import { defaultBtfLimits } from '../../../shared/btf/limits.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { KernelTypes } from '../../backend/target/kernel-types.ts';
import { typesOfFiles } from '../../backend/target/opened-btf.ts';

/**
 * Raw BTF files, such as a copy of /sys/kernel/btf/vmlinux, or ELF files with a .BTF section: a kernel, and modules of
 * it. Nothing else is known, so nothing is called attachable. Throws `file-unreadable`, `btf-section-missing`, `btf-damaged`.
 */
export async function readBtfFiles(files: readonly string[]): Promise<KernelTypes> {
  const read = new Map<string, Uint8Array>();
  for (const file of files) {
    const name = basename(file);
    // Two kernels' modules of one name lie in two folders.
    read.set(read.has(name) ? file : name, await readBtfBytes(file));
  }
  return typesOfFiles(read);
}

async function readBtfBytes(file: string): Promise<Uint8Array> {
  const unreadable = (error: unknown): Fail =>
    new Fail('file-unreadable', { file, message: (error as Error).message });
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw unreadable(error);
  });
  try {
    const read = await readerOf(handle);
    const place = await findBtf({ read });
    if (place.kind === 'none') throw new Fail('btf-section-missing', { file });
    // One byte above the limit is enough for the parser to refuse it by name.
    const most = defaultBtfLimits.inputBytes + 1;
    return place.kind === 'section'
      ? await read(place.offset, Math.min(place.size, most))
      : await read(0, most);
  } catch (error) {
    throw error instanceof Fail ? error : unreadable(error);
  } finally {
    await handle.close();
  }
}

/** Reads parts of a file; a pipe (`--btf <(zcat FILE)`) has no parts and is read whole. */
async function readerOf(handle: FileHandle): Promise<ByteSource['read']> {
  const found = await handle.stat();
  if (found.isFile()) return async (offset, length) => readAt(handle, found.size, offset, length);
  const whole = new Uint8Array(await handle.readFile());
  return async (offset, length) => whole.subarray(offset, offset + length);
}

/** Up to `length` bytes; nothing where no file reaches. */
async function readAt(handle: FileHandle, size: number, offset: number, length: number): Promise<Uint8Array> {
  if (!Number.isSafeInteger(offset + length)) return new Uint8Array();
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
