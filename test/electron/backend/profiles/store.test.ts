import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProfileStore, readProfile } from '../../../../electron/backend/profiles/store.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { profile } from '../../../../shared/profile/schema.ts';
import type { Profile } from '../../../../shared/profile/schema.ts';

let directory = '';
let store: ProfileStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-profiles-'));
  store = new ProfileStore(join(directory, 'kept'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const saved = (name: string, notes = ''): Profile =>
  profile.parse({
    skblens: 'investigation',
    version: 1,
    name,
    host: 'web',
    probe: { function: 'ip_rcv_core', filter: 'bad-ip-header' },
    notes,
  });

async function failure(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => failureOf(error),
  );
}

test('what is saved is listed and read again, the same, for the user alone', async () => {
  expect(await store.list()).toEqual([]);
  const [one, two] = [saved('Lost pings 1.2_b-c', 'MAC, MAC, 0x0800'), saved('以太网')];
  await store.save(one);
  await store.save(two);
  expect(await store.list()).toEqual([one, two]);
  expect(statSync(join(directory, 'kept')).mode & 0o777).toBe(0o700);
  const file = join(directory, 'kept', 'Lost pings 1.2_b-c.skblens.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await readProfile(file)).toEqual(one);
  await store.remove(one.name);
  await store.remove('was never there');
  expect(await store.list()).toEqual([two]);
});

test.each([
  '../x',
  'a/b',
  '..',
  '.hidden',
  '',
  ' x',
  'a\0b',
  'a\nb',
  '-x',
  'x'.repeat(81),
  'a\\b',
  'a:b',
  '\u202ex',
])('the name %j never becomes a file name', async (name) => {
  expect((await failure(store.save({ ...saved('x'), name }))).code).toBe('profile-name-invalid');
  expect((await failure(store.remove(name))).code).toBe('profile-name-invalid');
  expect(readdirSync(directory)).toEqual([]);
});

test('no name leads out of the folder', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (name) => {
      await store
        .save({ ...saved('x'), name })
        .catch((error: unknown) =>
          expect(['profile-name-invalid', 'file-unwritable']).toContain(failureOf(error).code),
        );
      expect(readdirSync(directory).filter((entry) => entry !== 'kept')).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('saving many times at once leaves one whole file and nothing beside it', async () => {
  const notes = Array.from({ length: 20 }, (_, i) => String(i).repeat(900 + i));
  await Promise.all(notes.map((text) => store.save(saved('same', text))));
  const [only, ...more] = await store.list();
  expect(more).toEqual([]);
  expect(notes).toContain(only?.notes);
  expect(readdirSync(join(directory, 'kept'))).toEqual(['same.skblens.json']);
});

test('a file that cannot be written or removed is said, the old one stays, nothing half is left', async () => {
  await store.save(saved('kept', 'old'));
  const file = join(directory, 'kept', 'kept.skblens.json');
  await rm(file);
  mkdirSync(file);
  expect(await failure(store.save(saved('kept')))).toMatchObject({
    code: 'file-unwritable',
    values: { file },
  });
  expect((await failure(store.remove('kept'))).code).toBe('file-unwritable');
  expect(readdirSync(join(directory, 'kept'))).toEqual(['kept.skblens.json']);
  const blocked = new ProfileStore(join(directory, 'kept', 'kept.skblens.json', 'x'));
  writeFileSync(join(directory, 'plain'), '');
  expect((await failure(new ProfileStore(join(directory, 'plain')).save(saved('a')))).code).toBe(
    'file-unwritable',
  );
  expect(await blocked.list()).toEqual([]);
});

describe('a file that is no investigation', () => {
  const write = (name: string, text: string): string => {
    mkdirSync(join(directory, 'kept'), { recursive: true });
    const file = join(directory, 'kept', name);
    writeFileSync(file, text);
    return file;
  };
  const valid = (): Record<string, unknown> =>
    JSON.parse(JSON.stringify(saved('v'))) as Record<string, unknown>;

  test.each([
    ['no JSON', '{', 'profile-unreadable', undefined],
    ['nothing', '', 'profile-unreadable', undefined],
    ['an array', '[]', 'profile-invalid', 'the top level'],
    ['null', 'null', 'profile-invalid', 'the top level'],
    ['a later version', JSON.stringify({ ...valid(), version: 2 }), 'profile-invalid', 'version'],
    ['no version', JSON.stringify({ ...valid(), version: undefined }), 'profile-invalid', 'version'],
    ['something else', JSON.stringify({ ...valid(), skblens: 'x' }), 'profile-invalid', 'skblens'],
    ['a field too many', JSON.stringify({ ...valid(), more: 1 }), 'profile-invalid', 'the top level'],
    [
      'a function that is none',
      JSON.stringify({ ...valid(), probe: { function: 'a;b' } }),
      'profile-invalid',
      'probe.function',
    ],
    [
      'a count of none',
      JSON.stringify({ ...valid(), probe: { function: 'a', count: 0 } }),
      'profile-invalid',
      'probe.count',
    ],
  ])('%s', async (_what, text, code, path) => {
    const file = write('x.skblens.json', text);
    const told = await failure(readProfile(file));
    expect(told).toMatchObject({ code, values: { file } });
    expect(told.values['path']).toBe(path);
    await store.save(saved('good'));
    expect((await store.list()).map(({ name }) => name)).toEqual(['good']);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('a huge file, a folder and a pipe are refused at once', async () => {
    const huge = write('huge.skblens.json', ' '.repeat((1 << 20) + 1));
    mkdirSync(join(directory, 'kept', 'folder.skblens.json'));
    execFileSync('mkfifo', [join(directory, 'kept', 'pipe.skblens.json')]);
    symlinkSync('/dev/zero', join(directory, 'kept', 'zero.skblens.json'));
    expect((await failure(readProfile(huge))).message).toContain('1048577');
    expect((await failure(readProfile('/nonexistent'))).code).toBe('profile-unreadable');
    expect(await store.list()).toEqual([]);
  });
});
