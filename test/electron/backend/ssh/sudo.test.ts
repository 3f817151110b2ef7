import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ChannelExit, Connection } from '../../../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import type { SecretStore } from '../../../../electron/backend/secret-store.ts';
import { openTarget } from '../../../../electron/backend/target/open.ts';
import { makeElevation } from '../../../../electron/backend/ssh/sudo.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../../../shared/contract/ssh-session.ts';
import { fakeStore } from '../../../support/secret-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-sudo-'));
afterAll(() => rmSync(directory, { recursive: true }));

/**
 * Programs that ask as the real ones do (reference: sudo 1.9.16, sudo-rs 0.2.5, opendoas): each reads a
 * line, takes "right", and runs what follows `--`. The file `tries` counts what they were given.
 */
const PROGRAMS = {
  sudo: `mark=; while [ "$1" != -- ]; do [ "$1" = -p ] && mark=$2; shift; done; shift
for n in 1 2 3; do printf %s "$mark" >&2; IFS= read -r word || exit 1; echo "$word" >>TRIES
[ "$word" = right ] && exec "$@"; echo 'Sorry, try again.' >&2; done; exit 1`,
  /** Words around the prompt, and it reads more than its line. */
  'sudo-rs': `mark=; while [ "$1" != -- ]; do [ "$1" = -p ] && mark=$2; shift; done; shift
for n in 1 2 3; do printf '[sudo: %s] Password: ' "$mark" >&2; word=$(dd bs=4096 count=1 2>/dev/null)
[ -n "$word" ] && echo "$word" >>TRIES
[ "$word" = right ] && exec "$@"; echo 'sudo: Authentication failed, try again.' >&2; done; exit 1`,
  'sudo with a code': `while [ "$1" != -- ]; do shift; done; shift
printf 'We trust you.\\nVerification code: ' >&2; IFS= read -r word; echo "$word" >>TRIES
[ "$word" = right ] && exec "$@"; exit 1`,
  'sudo for a login': `[ "$1" = -n ] && exit 1
mark=; while [ "$1" != -- ]; do [ "$1" = -p ] && mark=$2; shift; done; shift
printf %s "$mark" >&2; IFS= read -r word || exit 1; echo "$word" >>TRIES
[ "$word" = right ] && exec "$@"; printf %s "$mark" >&2; read -r word; exit 1`,
  'sudo that refuses': `echo 'sudo: ada is not in the sudoers file.' >&2; exit 1`,
} as const;

function start(name: keyof typeof PROGRAMS, answer: () => SecretAnswer, secrets?: SecretStore) {
  const place = join(directory, name.replaceAll(' ', '-'));
  const tries = `${place}.tries`;
  writeFileSync(tries, '');
  rmSync(place, { recursive: true, force: true });
  const bin = mkdtempSync(join(directory, 'bin-'));
  writeFileSync(join(bin, 'sudo'), `#!/bin/sh\n${PROGRAMS[name].replaceAll('TRIES', `'${tries}'`)}\n`);
  chmodSync(join(bin, 'sudo'), 0o755);
  // A login that is not root, whose bpftrace wants root.
  const others = { id: 'echo 1000', bpftrace: 'echo ERROR: root; exit 1', doas: 'exit 1' };
  for (const [file, text] of name === 'sudo for a login' ? Object.entries(others) : []) {
    writeFileSync(join(bin, file), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, file), 0o755);
  }
  const connection: Connection = {
    config: { alias: 'web', user: 'ada', hostName: '192.0.2.1', port: 22 } as Connection['config'],
    hostKey: '',
    forward: () => Promise.reject(new Error('not here')),
    onLost: () => undefined,
    close: () => undefined,
    exec: async (command) => {
      const child = spawn('/bin/sh', ['-c', command], {
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
      });
      child.stdin.on('error', () => undefined);
      return {
        write: (data) => void child.stdin.write(data),
        end: () => void child.stdin.end(),
        onStdout: (listener) => void child.stdout.on('data', listener),
        onStderr: (listener) => void child.stderr.on('data', listener),
        pause: () => void child.stdout.pause(),
        resume: () => void child.stdout.resume(),
        close: () => child.stdin.destroy(),
        exit: new Promise<ChannelExit>((resolve) => {
          child.on('close', (code, signal) => resolve({ code, signal }));
        }),
      };
    },
  };
  const asked: SecretQuestion[] = [];
  const asker = {
    ...(secrets && { secrets }),
    secret: async (question: SecretQuestion) => {
      asked.push(question);
      return answer();
    },
  };
  const elevation = makeElevation('sudo', connection.config, asker);
  const run = async (): Promise<string> => {
    const leash = await startLeashed(connection, { command: 'cat', input: 'payload', sudo: elevation });
    let text = '';
    leash.onStdout((chunk) => (text += chunk.toString()));
    await leash.exit;
    return text;
  };
  return { run, asked, asker, connection, elevation, given: () => readFileSync(tries, 'utf8') };
}

describe('becoming root', () => {
  test.each(['sudo', 'sudo-rs'] as const)('%s: asked once, given alone and first', async (name) => {
    const { run, asked, given } = start(name, () => ['right']);
    expect(await run()).toBe('payload');
    expect(await run()).toBe('payload');
    expect(asked).toMatchObject([{ kind: 'sudo', prompts: [{ text: '', echo: false }] }]);
    expect(given()).toBe('right\nright\n');
  });

  test.each(['sudo', 'sudo-rs'] as const)(
    '%s: a wrong password is given once, and never again',
    async (name) => {
      const { run, given } = start(name, () => ['wrong']);
      expect(failureOf(await run().catch((error: unknown) => error)).code).toBe('sudo-password-wrong');
      expect(given()).toBe('wrong\n');
      expect(failureOf(await run().catch((error: unknown) => error)).code).toBe('cancelled');
      expect(given()).toBe('wrong\n');
    },
  );

  test('a kept password is tried once; refused, it is forgotten and a person is asked', async () => {
    const key = 'sudo ada@192.0.2.1:22';
    const good = fakeStore({ [key]: 'right' });
    const first = start('sudo', () => expect.fail('nothing was to be asked'), good);
    expect(await first.run()).toBe('payload');
    expect(good.calls).toEqual([`read ${key}`]);

    const store = fakeStore({ [key]: 'wrong' });
    const { run, asked, given, elevation } = start('sudo', () => ({ keep: ['right'] }), store);
    expect(failureOf(await run().catch((error: unknown) => error)).code).toBe('sudo-password-wrong');
    expect(elevation.mayAsk()).toBe(true);
    expect(store.kept.size).toBe(0);
    expect(await run()).toBe('payload');
    expect(asked).toMatchObject([{ kind: 'sudo', keep: true }]);
    expect(store.kept.size, 'not before root was reached').toBe(0);
    await elevation.worked();
    expect([...store.kept]).toEqual([[key, 'right']]);
    expect(given()).toBe('wrong\nright\n');
  });

  test('a target whose kept password is stale is opened with that of a person, which is then kept', async () => {
    const key = 'sudo ada@192.0.2.1:22';
    const store = fakeStore({ [key]: 'stale' });
    const login = start('sudo for a login', () => ({ keep: ['right'] }), store);
    const { target } = await openTarget(login.connection, () => undefined, login.asker);
    expect(target.sudo).toMatchObject({ program: 'sudo' });
    expect(login.asked).toHaveLength(1);
    expect(login.given()).toBe('stale\nright\n');
    expect([...store.kept]).toEqual([[key, 'right']]);
    const next = start('sudo for a login', () => expect.fail('nothing was to be asked'), store);
    await openTarget(next.connection, () => undefined, next.asker);
    expect(next.given()).toBe('right\n');
  });

  test('a code that sudo wants is neither kept nor read', async () => {
    const store = fakeStore({});
    const { run, asked } = start('sudo with a code', () => ({ keep: ['right'] }), store);
    expect(await run()).toBe('payload');
    expect(asked).toMatchObject([{ keep: false }]);
    expect(store.calls).toEqual([]);
  });

  test('a question of its own is put in its own words, each time', async () => {
    const { run, asked } = start('sudo with a code', () => ['right']);
    expect(await run()).toBe('payload');
    expect(asked[0]?.prompts[0]?.text).toBe('Verification code:');
  });

  test('who gives no password starts nothing', async () => {
    const { run, given } = start('sudo', () => null);
    expect(failureOf(await run().catch((error: unknown) => error)).code).toBe('cancelled');
    expect(given()).toBe('');
  });

  test('an answer with a line break in it is not a password', async () => {
    const { run, given } = start('sudo', () => ['right\nrm -rf /']);
    expect(failureOf(await run().catch((error: unknown) => error)).code).toBe('cancelled');
    expect(given()).toBe('');
  });

  test('a refusal is told in the words of sudo', async () => {
    const { run, asked } = start('sudo that refuses', () => ['right']);
    expect(failureOf(await run().catch((error: unknown) => error))).toMatchObject({
      code: 'sudo-refused',
      values: { message: 'sudo: ada is not in the sudoers file.' },
    });
    expect(asked).toEqual([]);
  });
});
