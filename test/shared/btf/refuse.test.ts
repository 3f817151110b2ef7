import { describe, expect, test } from 'vitest';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { BtfErrorCode } from '../../../shared/btf/failure.ts';
import { refusal } from './refusal.ts';
import { BtfWriter } from './writer.ts';

/** A small right file: int, pointer to it, a struct, a function. 24-byte header. */
function right(): BtfWriter {
  const w = new BtfWriter();
  w.int('int', 4);
  w.pointer(1);
  w.composite('struct', 's', 8, [{ name: 'p', type: 2, bitOffset: 0 }]);
  w.function('f', w.prototype(1, [['p', 2]]));
  return w;
}

function patched(at: number, value: number, size: 1 | 2 | 4 = 4): Uint8Array {
  const bytes = right().bytes();
  const view = new DataView(bytes.buffer);
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return bytes;
}

const typeBytes = right().wordCount * 4;

const cases: [string, () => Uint8Array, BtfErrorCode, number | undefined][] = [
  ['an empty file', () => new Uint8Array(0), 'E_SHORT', 0],
  ['half a header', () => right().bytes().subarray(0, 20), 'E_SHORT', 20],
  ['an ELF file', () => patched(0, 0x464c457f), 'E_MAGIC', 0],
  ['version 2', () => patched(2, 2, 1), 'E_VERSION', 2],
  ['a header of 16 bytes', () => patched(4, 16), 'E_HDRLEN', 4],
  ['a header longer than the file', () => patched(4, 1_000_000), 'E_HDRLEN', 4],
  ['a type section beyond the end', () => patched(12, 1_000_000), 'E_BOUNDS', 8],
  ['a type section 4 GiB on', () => patched(8, 0xfffffffc), 'E_BOUNDS', 8],
  ['a type section at offset 2', () => patched(8, 2), 'E_ALIGN', 8],
  ['strings inside the types', () => patched(16, 8), 'E_BOUNDS', 16],
  ['strings beyond the end', () => patched(20, 1_000_000), 'E_BOUNDS', 16],
  ['no strings', () => patched(20, 0), 'E_STRS', 20],
  ['a type section with 3 bytes too many', () => patched(12, typeBytes - 1), 'E_TRUNC', 24 + typeBytes - 1],
  ['a type section cut inside a type', () => patched(12, typeBytes - 4), 'E_TRUNC', 24 + typeBytes - 12],
  ['a struct with 16 million members', () => patched(24 + 28 + 4, 0x04ffffff), 'E_TRUNC', 24 + 28],
  ['kind 0', () => patched(24 + 4, 0), 'E_KIND', 24],
  ['kind 127', () => patched(24 + 4, 0x7f000000), 'E_KIND', 24],
  ['a pointer to type 99', () => patched(24 + 16 + 8, 99), 'E_TYPEID', 24 + 16 + 8],
  ['a member of type 99', () => patched(24 + 28 + 16, 99), 'E_TYPEID', 24 + 28 + 16],
  ['a name beyond the strings', () => patched(24, 4000), 'E_STROFF', 24],
  ['a member name beyond the strings', () => patched(24 + 28 + 12, 4000), 'E_STROFF', 24 + 28 + 12],
  ['a return type that is none', () => patched(24 + 52 + 8, 77), 'E_TYPEID', 24 + 52 + 8],
  ['a function that is an int', () => patched(24 + typeBytes - 4, 1), 'E_FUNCPROTO', 24 + typeBytes - 4],
  ['a function that is void', () => patched(24 + typeBytes - 4, 0), 'E_FUNCPROTO', 24 + typeBytes - 4],
];

describe('a damaged file is refused', () => {
  test('the right one is not', () => {
    expect(parseBtf(right().bytes()).typeCount).toBe(6);
  });

  test.each(cases)('%s', (_name, bytes, code, offset) => {
    const failure = refusal(() => parseBtf(bytes()));
    expect(failure).toMatchObject({ code, offset });
    expect(failure.message).toMatch(/\d/);
    expect(failure.remedy).not.toBe('');
  });

  test('strings that do not end', () => {
    const bytes = right().bytes();
    bytes[bytes.length - 1] = 65;
    expect(refusal(() => parseBtf(bytes))).toMatchObject({ code: 'E_STRS', offset: bytes.length - 1 });
  });

  test('more bytes than the limit', () => {
    expect(refusal(() => parseBtf(right().bytes(), { limits: { inputBytes: 50 } })).code).toBe('E_LIMIT');
  });
});

describe('a wrong layout section', () => {
  test('sizes no multiple of 4', () => {
    const w = new BtfWriter({
      layout: [
        [0, 0],
        [3, 0],
      ],
    });
    expect(refusal(() => parseBtf(w.bytes()))).toMatchObject({ code: 'E_LAYOUT', offset: 36 });
  });

  test.each([
    ['offset 2', 24, 2, 'E_ALIGN'],
    ['length 3', 28, 3, 'E_LAYOUT'],
    ['over the strings', 28, 12, 'E_BOUNDS'],
    ['over the types', 24, 0, 'E_BOUNDS'],
  ] as const)('%s', (_name, at, value, code) => {
    const w = new BtfWriter({
      layout: [
        [0, 0],
        [4, 0],
      ],
    });
    w.int('some long name, so that there are bytes behind the layout', 4);
    const bytes = w.bytes();
    new DataView(bytes.buffer).setUint32(at, value, true);
    expect(refusal(() => parseBtf(bytes)).code).toBe(code);
  });
});

describe('a wrong base', () => {
  const base = parseBtf(right().bytes());
  const split = new BtfWriter({ base });
  split.typedef('of_module', 5);

  test('none', () => {
    expect(refusal(() => parseBtf(split.bytes())).code).toBe('E_NEEDBASE');
  });

  test('of the other byte order', () => {
    const w = new BtfWriter({ base, endian: 'big' });
    expect(refusal(() => parseBtf(w.bytes(), { base })).code).toBe('E_ENDIAN');
  });

  test('too small', () => {
    const small = parseBtf(new BtfWriter().bytes());
    expect(refusal(() => parseBtf(split.bytes(), { base: small })).code).toBe('E_STROFF');
  });

  test('a superfluous one is warned of', () => {
    expect(parseBtf(new BtfWriter().bytes(), { base }).warnings).toHaveLength(1);
  });

  test('a chain without end', () => {
    let top = base;
    const grow = (): void => {
      top = parseBtf(new BtfWriter({ base: top }).bytes(), { base: top });
    };
    for (let i = 1; i < 8; i++) grow();
    expect(refusal(grow).code).toBe('E_LIMIT');
  });
});
