import { findBtf } from '../../shared/btf/elf.ts';
import { defaultBtfLimits } from '../../shared/btf/limits.ts';
import { MAX_PACKED_BTF } from '../../shared/contract/api.ts';
import { Fail } from '../../shared/contract/failure.ts';

export const BTF_ENDINGS = ['.btf', '.btf.raw', '.ko', 'vmlinux'] as const;

/** The magic number 0xeB9F in either byte order, then version 1 (linux/btf.h); or an ELF file, which may have it. */
export function isBtf(head: Uint8Array): boolean {
  const [first, second, version, fourth] = head;
  if (first === 0x7f && second === 0x45 && version === 0x4c && fourth === 0x46) return true;
  return version === 1 && ((first === 0x9f && second === 0xeb) || (first === 0xeb && second === 0x9f));
}

/**
 * The BTF of a file gzipped, in base64, as `openBtf` takes it; of an ELF file its .BTF section alone. Throws
 * `btf-section-missing` and `btf-too-large`; reads nothing of what is over the limit.
 */
export async function packBtf(file: File): Promise<string> {
  const btf = await btfOf(file);
  if (btf.size > defaultBtfLimits.inputBytes)
    throw tooLarge(file.name, btf.size, defaultBtfLimits.inputBytes);
  const packed = btf.stream().pipeThrough(new CompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const limit = Math.floor(MAX_PACKED_BTF / 4) * 3;
  if (bytes.length > limit) throw tooLarge(file.name, bytes.length, limit);
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

async function btfOf(file: File): Promise<Blob> {
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  const place = await findBtf({ read });
  if (place.kind === 'whole') return file;
  if (place.kind === 'none') throw new Fail('btf-section-missing', { file: file.name });
  return file.slice(place.offset, place.offset + place.size);
}

function tooLarge(file: string, bytes: number, limit: number): Fail {
  return new Fail('btf-too-large', { file, bytes, limit });
}
