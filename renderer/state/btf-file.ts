import { defaultBtfLimits } from '../../shared/btf/limits.ts';
import { MAX_PACKED_BTF } from '../../shared/contract/api.ts';
import { Fail } from '../../shared/contract/failure.ts';

export const BTF_ENDINGS = ['.btf', '.btf.raw'] as const;

/** The magic number 0xeB9F in either byte order, then version 1 (linux/btf.h). */
export function isBtf(head: Uint8Array): boolean {
  const [first, second, version] = head;
  return version === 1 && ((first === 0x9f && second === 0xeb) || (first === 0xeb && second === 0x9f));
}

/** The file gzipped, in base64, as `openBtf` takes it. Throws `btf-too-large`; reads nothing of a file over the limit. */
export async function packBtf(file: File): Promise<string> {
  if (file.size > defaultBtfLimits.inputBytes)
    throw tooLarge(file.name, file.size, defaultBtfLimits.inputBytes);
  const packed = file.stream().pipeThrough(new CompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const limit = Math.floor(MAX_PACKED_BTF / 4) * 3;
  if (bytes.length > limit) throw tooLarge(file.name, bytes.length, limit);
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function tooLarge(file: string, bytes: number, limit: number): Fail {
  return new Fail('btf-too-large', { file, bytes, limit });
}
