import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KernelCache } from '../../../../electron/backend/target/btf-cache.ts';
import type { KernelFiles } from '../../../../electron/backend/target/btf-download.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-cache-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Bytes that do not shrink: xorshift32. */
function noise(bytes: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: bytes }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

function kernel(fill: number, bytes = 64): KernelFiles {
  return {
    btf: new Map([['vmlinux', noise(bytes, fill)]]),
    traceable: 'ip_rcv\n',
    symbols: null,
    blacklist: '',
  };
}

const pathOf = (key: string): string => join(directory, `${key}.kernel.gz`);

/** A file as the cache writes them, with a right digest over whatever it holds. */
function plant(key: string, body: Buffer): void {
  writeFileSync(pathOf(key), Buffer.concat([createHash('sha256').update(body).digest(), body]));
}

test('what was put is what is got, by another instance too', async () => {
  await new KernelCache(directory).put('ab', kernel(7));
  expect(await new KernelCache(directory).get('ab')).toEqual(kernel(7));
  expect(await new KernelCache(directory).get('cd')).toBeNull();
  expect(statSync(pathOf('ab')).mode & 0o777).toBe(0o600);
});

test('one damaged byte anywhere, or an end that is missing, and the file is removed', async () => {
  const cache = new KernelCache(directory);
  await cache.put('ab', kernel(7));
  const whole = readFileSync(pathOf('ab'));
  for (const damage of [
    ...[0, 31, 32, 60, whole.length - 1].map((at) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    }),
    whole.subarray(0, 20),
    whole.subarray(0, -1),
    Buffer.alloc(0),
  ]) {
    writeFileSync(pathOf('ab'), damage);
    expect(await cache.get('ab')).toBeNull();
    expect(existsSync(pathOf('ab'))).toBe(false);
  }
});

test.each([
  ['no gzip', Buffer.from('text')],
  ['no value', gzipSync('text')],
  [
    'another version',
    gzipSync(serialize({ version: 0, btf: [], traceable: null, symbols: null, blacklist: null })),
  ],
  ['another shape', gzipSync(serialize({ version: 1, btf: { vmlinux: 'text' } }))],
])('%s under a right digest is removed', async (_what, body) => {
  plant('ab', body);
  expect(await new KernelCache(directory).get('ab')).toBeNull();
  expect(existsSync(pathOf('ab'))).toBe(false);
});

test('the least recently used go when all are over the bound', async () => {
  const cache = new KernelCache(directory, 25_000);
  for (const [at, key] of ['a1', 'a2', 'a3'].entries()) {
    await cache.put(key, kernel(at + 1, 8000));
    utimesSync(pathOf(key), 1000 + at, 1000 + at);
  }
  expect(await cache.get('a1')).not.toBeNull();
  await cache.put('a4', kernel(9, 8000));
  expect(readdirSync(directory).sort()).toEqual(['a1', 'a3', 'a4'].map((key) => `${key}.kernel.gz`));
  await cache.put('a5', kernel(10, 60_000));
  expect(readdirSync(directory)).toEqual(['a5.kernel.gz']);
});

test('many who put the same kernel at once leave one whole file', async () => {
  await Promise.all(
    Array.from({ length: 12 }, () => new KernelCache(directory).put('ab', kernel(3, 50_000))),
  );
  expect(readdirSync(directory)).toEqual(['ab.kernel.gz']);
  expect(await new KernelCache(directory).get('ab')).toEqual(kernel(3, 50_000));
});

test('what a process that died left half written is removed, what is being written stays', async () => {
  writeFileSync(join(directory, 'old.tmp'), 'x');
  writeFileSync(join(directory, 'young.tmp'), 'x');
  utimesSync(join(directory, 'old.tmp'), 1000, 1000);
  await new KernelCache(directory).put('ab', kernel(1));
  expect(readdirSync(directory).sort()).toEqual(['ab.kernel.gz', 'young.tmp']);
});

test('a folder that cannot be written is no failure', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const cache = new KernelCache(join(file, 'kernels'));
  await cache.put('ab', kernel(1));
  expect(await cache.get('ab')).toBeNull();
});

test('a key cannot leave the folder', async () => {
  await new KernelCache(join(directory, 'kernels')).put('../../ab', kernel(1));
  expect(readdirSync(join(directory, 'kernels'))).toEqual(['ab.kernel.gz']);
});
