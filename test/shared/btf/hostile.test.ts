import { describe, expect, test } from 'vitest';
import { membersAtOffset } from '../../../shared/btf/at-offset.ts';
import { typeText } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import { listFunctions, signature } from '../../../shared/btf/functions.ts';
import { resolvePath } from '../../../shared/btf/path.ts';
import { printType } from '../../../shared/btf/print.ts';
import { sizeOf } from '../../../shared/btf/resolve.ts';
import { BtfWriter } from './writer.ts';

/** Numbers from a seed: xorshift32. A failure names the seed, so it can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A file with every kind in it, some nested. */
function everything(endian: 'little' | 'big', base?: Btf): Uint8Array {
  const w = new BtfWriter({ endian, ...(base === undefined ? {} : { base }) });
  const int = w.int('int', 4, 1);
  const word = w.int('long unsigned int', 8);
  const narrow = w.int('narrow', 4, 0, 3, 2);
  const pointer = w.pointer(w.const(w.volatile(w.restrict(w.typedef('t', word)))));
  const unnamed = w.composite('union', '', 8, [
    { name: 'p', type: pointer, bitOffset: 0 },
    { name: 'n', type: narrow, bitOffset: 0 },
  ]);
  const struct = w.composite('struct', 's', 24, [
    { name: 'bits', type: int, bitOffset: 0, bits: 3 },
    { name: '', type: unnamed, bitOffset: 64 },
    { name: 'array', type: w.array(w.array(unnamed, 2), 1), bitOffset: 128 },
  ]);
  const prototype = w.prototype(w.pointer(struct), [
    ['a', w.pointer(w.typeTag('user', struct))],
    ['call', w.pointer(w.prototype(0, [['', 0]]))],
    ['', 0],
  ]);
  const func = w.function('f', prototype);
  w.function('f.isra.0', prototype);
  w.declTag('bpf_kfunc', func);
  w.enum('e', [['A', 1]]);
  w.enum64('e64', [['B', 1n]]);
  w.add(15, '.data', 8, 1, false, [w.add(14, 'v', struct, 0, false, [1]), 0, 8]);
  w.forward('later');
  w.add(16, 'double', 8);
  w.add(20, '', 0, 1, false, [1, 2]);
  w.add(21, '', 0, 1, false, [1]);
  w.add(22, '', 0, 1, false, [1, 2, 3]);
  return w.bytes();
}

/** Asks everything there is to ask; only a BtfError may come out. */
function useUp(btf: Btf): void {
  const attempt = (action: () => unknown): void => {
    try {
      action();
    } catch (failure) {
      if (!(failure instanceof BtfError)) throw failure;
    }
  };
  for (const id of listFunctions(btf).ids) signature(btf, id);
  for (let id = 0; id < btf.typeCount; id++) {
    attempt(() => btf.type(id));
    attempt(() => btf.name(id));
    attempt(() => sizeOf(btf, id));
    attempt(() => typeText(btf, id));
    attempt(() => printType(btf, id, { expand: 'all' }));
    attempt(() => membersAtOffset(btf, id, 9));
  }
  attempt(() => resolvePath(btf, 's.array[0][1].p'));
  attempt(() => resolvePath(btf, 's.n'));
  btf.findAll('f');
}

describe('mutated files', () => {
  for (const endian of ['little', 'big'] as const) {
    test(`no crash, no hang, ${endian}-endian`, { timeout: 120_000 }, () => {
      const base = parseBtf(everything(endian));
      const whole = everything(endian);
      const split = everything(endian, base);
      let accepted = 0;
      let slowest = 0;
      for (let seed = 1; seed <= 4_000; seed++) {
        const random = randomFrom(seed * 2654435761);
        const onTop = seed % 3 === 0;
        const bytes = (onTop ? split : whole).slice();
        for (let n = 1 + random(4); n > 0; n--) mutate(bytes, random);
        const cut = random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
        const start = performance.now();
        try {
          useUp(parseBtf(cut, onTop ? { base } : {}));
          accepted++;
        } catch (failure) {
          if (!(failure instanceof BtfError)) throw new Error(`seed ${seed}`, { cause: failure });
        }
        slowest = Math.max(slowest, performance.now() - start);
      }
      expect(accepted).toBeGreaterThan(200);
      expect(slowest).toBeLessThan(1_000);
    });
  }
});

function mutate(bytes: Uint8Array, random: (below: number) => number): void {
  const at = random(bytes.length);
  const wordAt = 24 + 4 * random(Math.floor((bytes.length - 24) / 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random(5)) {
    case 0:
      bytes[at] = random(256);
      break;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      break;
    case 2:
      view.setUint32(wordAt, random(40), random(2) === 0);
      break;
    case 3:
      view.setUint32(wordAt, [0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0xffffff][random(6)] ?? 0, true);
      break;
    default:
      bytes.copyWithin(at, random(bytes.length), random(bytes.length));
  }
}

describe('memory', () => {
  test('a file of minimal types costs a bounded multiple of its size', () => {
    const w = new BtfWriter();
    w.int('int', 4);
    for (let i = 0; i < 300_000; i++) w.pointer(1);
    const bytes = w.bytes();
    const before = process.memoryUsage();
    const btf = parseBtf(bytes);
    const after = process.memoryUsage();
    expect(btf.typeCount).toBe(300_002);
    const grown = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
    expect(grown).toBeLessThan(bytes.length * 4 + 8_000_000);
  });
});
