import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findBtf } from '../../../shared/btf/elf.ts';
import type { ByteSource } from '../../../shared/btf/elf.ts';
import { elfFile } from './elf-file.ts';

const CONTENT = new Uint8Array([0x9f, 0xeb, 1, 0, 24]);
const SHAPES = ([1, 2] as const).flatMap((class_) =>
  [true, false].flatMap((little) => [true, false].map((extended) => ({ class: class_, little, extended }))),
);

function sourceOf(file: Uint8Array): ByteSource & { readonly bytesRead: () => number } {
  let bytesRead = 0;
  return {
    read: async (offset, length) => {
      const bytes = file.subarray(offset, offset + length);
      bytesRead += bytes.length;
      return bytes;
    },
    bytesRead: () => bytesRead,
  };
}

describe.each(SHAPES)('an ELF file: %j', (shape) => {
  test('its .BTF section is found among others, and no content is read', async () => {
    const file = elfFile(
      [
        ['.text', 1, new Uint8Array(5000)],
        ['.BTF_ids', 1, new Uint8Array(9)],
        ['.BTF', 1, CONTENT],
        ['.BTF.ext', 1, new Uint8Array(9)],
      ],
      shape,
    );
    const source = sourceOf(file);
    const place = await findBtf(source);
    if (place.kind !== 'section') expect.fail(place.kind);
    expect(file.subarray(place.offset, place.offset + place.size)).toEqual(CONTENT);
    expect(source.bytesRead()).toBeLessThan(700);
  });

  test('without one, or with one that takes no room, there is none', async () => {
    expect(await findBtf(sourceOf(elfFile([['.text', 1, CONTENT]], shape)))).toEqual({ kind: 'none' });
    expect(await findBtf(sourceOf(elfFile([['.BTF', 8, CONTENT]], shape)))).toEqual({ kind: 'none' });
  });

  test('cut or altered anywhere, it answers all the same', async () => {
    const file = elfFile([['.BTF', 1, CONTENT]], shape);
    const mutation = fc.tuple(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length));
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 8 }), async (mutations) => {
        const altered = file.slice();
        for (const [at, value] of mutations) altered[at] = value;
        const cut = altered.subarray(0, mutations[0]?.[2] ?? file.length);
        expect(['whole', 'section', 'none']).toContain((await findBtf(sourceOf(cut))).kind);
      }),
    );
  });
});

test('what is no ELF file is BTF as a whole', async () => {
  expect(await findBtf(sourceOf(CONTENT))).toEqual({ kind: 'whole' });
  expect(await findBtf(sourceOf(new Uint8Array()))).toEqual({ kind: 'whole' });
});
