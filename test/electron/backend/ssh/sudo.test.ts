import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ChannelExit, Connection } from '../../../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import { makeElevation } from '../../../../electron/backend/ssh/sudo.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../../../shared/contract/ssh-session.ts';

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
  'sudo that refuses': `echo 'sudo: ada is not in the sudoers file.' >&2; exit 1`,
} as const;

function start(name: keyof typeof PROGRAMS, answer: () => SecretAnswer) {
  const place = join(directory, name.replaceAll(' ', '-'));
  const tries = `${place}.tries`;
  writeFileSync(tries, '');
  rmSync(place, { recursive: true, force: true });
  const bin = mkdtempSync(join(directory, 'bin-'));
  writeFileSync(join(bin, 'sudo'), `#!/bin/sh\n${PROGRAMS[name].replaceAll('TRIES', `'${tries}'`)}\n`);
  chmodSync(join(bin, 'sudo'), 0o755);
  const connection: Connection = {
    config: { alias: 'web' } as Connection['config'],
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
  const elevation = makeElevation('sudo', 'ada', 'web', {
    secret: async (question) => {
      asked.push(question);
      return answer();
    },
  });
  const run = async (): Promise<string> => {
    const leash = await startLeashed(connection, { command: 'cat', input: 'payload', sudo: elevation });
    let text = '';
    leash.onStdout((chunk) => (text += chunk.toString()));
    await leash.exit;
    return text;
  };
  return { run, asked, given: () => readFileSync(tries, 'utf8') };
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
