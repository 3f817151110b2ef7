import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretKeeper } from '../../electron/secret-keeper.ts';
import { secretClient } from '../../electron/hosts/secret-client.ts';
import type { SecretStore } from '../../electron/backend/secret-store.ts';
import { world } from './electron-stub.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-secrets-'));
const file = join(directory, 'secrets.json');
const original = { ...world };
const platform = process.platform;

function onPlatform(name: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: name });
}

/** The store as the backend has it, over the messages of the two processes. */
function open(): SecretStore {
  const keeper = new SecretKeeper(() => file);
  const client = secretClient((request) => {
    void keeper.answer(structuredClone(request))?.then((reply) => client.take(structuredClone(reply)));
  });
  return client.store;
}

const key = 'password ada@192.0.2.1:22';
const fileText = (): string => readFileSync(file, 'utf8');

beforeEach(() => {
  onPlatform('linux');
  rmSync(file, { force: true });
});
afterEach(() => void Object.assign(world, original));
afterAll(() => {
  onPlatform(platform);
  rmSync(directory, { recursive: true });
});

describe('with a keychain', () => {
  test('a secret is kept, read by the next start, and forgotten', async () => {
    const store = open();
    expect(await store.available()).toEqual({ kind: 'keychain' });
    expect(await store.read(key)).toBeNull();
    await store.write(key, 'open sesame');
    expect(await open().read(key)).toBe('open sesame');
    expect(await open().count()).toBe(1);
    expect(fileText()).not.toContain('open sesame');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory), 'no temporary file is left').toEqual(['secrets.json']);
    await store.forget(key);
    expect(await open().read(key)).toBeNull();
  });

  test('all are forgotten at once, with the file', async () => {
    const store = open();
    await store.write(key, 'one');
    await store.forgetAll();
    expect(await store.count()).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    await store.forgetAll();
  });

  test('200 at most: those written first go', async () => {
    const store = open();
    await Promise.all(
      Array.from({ length: 201 }, (_, index) => store.write(`sudo u@h:${index}`, `${index}`)),
    );
    expect(await store.count()).toBe(200);
    expect(await store.read('sudo u@h:0')).toBeNull();
    expect(await open().read('sudo u@h:200')).toBe('200');
  });

  test('one that is too long is refused', async () => {
    await expect(open().write(key, 'x'.repeat(1025))).rejects.toThrow('more than 1024 characters');
    expect(await open().count()).toBe(0);
  });

  test('after the key was rotated it is encrypted anew', async () => {
    const store = open();
    await store.write(key, 'one');
    await store.write('sudo a@b:22', 'two');
    world.rotated = true;
    expect(await store.read(key)).toBe('one');
    const { entries } = JSON.parse(fileText()) as { entries: [string, string][] };
    expect(entries.map(([name]) => name)).toEqual(['sudo a@b:22', key]);
  });

  test('one that does not decrypt any more is dropped, the others stay', async () => {
    await open().write('sudo a@b:22', 'two');
    world.prefix = 'v12';
    await open().write(key, 'one');
    expect(await open().read('sudo a@b:22')).toBeNull();
    expect(await open().count()).toBe(1);
    expect(await open().read(key)).toBe('one');
  });
});

describe('where it would be plain text', () => {
  test.each([
    ['no keyring', { backend: 'basic_text' }, 'basic_text'],
    ['not ready', { backend: 'unknown' }, 'unknown'],
    ['not available', { encryption: false }, 'not available'],
    ['a keyring that does not answer: the password of Chromium', { prefix: 'v10' }, 'plain text'],
  ] as const)('%s: nothing is kept or read', async (_what, changes, why) => {
    await open().write(key, 'kept before');
    const before = fileText();
    Object.assign(world, changes);
    const store = open();
    expect(await store.available()).toEqual({ kind: 'refused', why: expect.stringContaining(why) as string });
    await expect(store.write('sudo a@b:22', 'secret')).rejects.toThrow(why);
    expect(await store.read(key)).toBeNull();
    expect(fileText()).toBe(before);
    await store.forgetAll();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('on a Mac v10 is the keychain, and there is no backend to ask for', async () => {
    onPlatform('darwin');
    Object.assign(world, { prefix: 'v10', backend: 'unknown' });
    const store = open();
    await store.write(key, 'open sesame');
    expect(await store.read(key)).toBe('open sesame');
  });
});

describe('a damaged file', () => {
  test.each([
    ['no JSON', '{"version":1,'],
    ['nothing', ''],
    ['null', 'null'],
    ['another version', '{"version":2,"entries":[["k","djEx"]]}'],
    ['no list', '{"version":1,"entries":{"k":"djEx"}}'],
    ['entries that are none', '{"version":1,"entries":[1,null,["k"],["k",2],["a","b","c"]]}'],
    ['too large', `{"version":1,"entries":[["k","${'x'.repeat(5 << 20)}"]]}`],
  ])('%s is dropped, and written anew', async (_what, text) => {
    writeFileSync(file, text);
    const store = open();
    expect(await store.count()).toBe(0);
    expect(await store.read('k')).toBeNull();
    await store.write(key, 'one');
    expect(await open().read(key)).toBe('one');
  });
});

test('a file that cannot be written is said, and the process goes on', async () => {
  writeFileSync(file, '');
  const below = join(file, 'secrets.json');
  const keeper = new SecretKeeper(() => below);
  const request = { kind: 'secret-request', id: 3, call: { what: 'write', key, secret: 'hidden' } };
  const reply = await keeper.answer(request);
  expect(reply).toMatchObject({
    id: 3,
    value: null,
    error: expect.stringContaining(file) as string,
  });
  expect(reply?.error).not.toContain('hidden');
  expect(await keeper.answer({ ...request, call: { what: 'available' } })).toMatchObject({
    value: { kind: 'keychain' },
  });
});

test('what is no request is not answered', () => {
  const keeper = new SecretKeeper(() => file);
  const bad = [null, 1, {}, { kind: 'secret-request', id: 'x', call: { what: 'count' } }];
  for (const message of [...bad, { kind: 'secret-request', id: 1, call: { what: 'write', key } }])
    expect(keeper.answer(message)).toBeNull();
});
