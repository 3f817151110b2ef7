import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthContext } from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { asksForPassword } from '../../../../electron/backend/ssh/kept-secret.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { FailureCode } from '../../../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../../../shared/contract/ssh-session.ts';
import { needs } from '../../../support/needs.ts';
import { fakeStore } from '../../../support/secret-store.ts';
import { startAuthServer } from '../../../support/ssh-server.ts';
import type { AuthServer } from '../../../support/ssh-server.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

type Store = ReturnType<typeof fakeStore>;

/** Connects once; what a person was asked, what the log said, and why it failed. */
async function attempt(config: HostConfig, store: Store, answer: (asked: SecretQuestion) => SecretAnswer) {
  const asked: SecretQuestion[] = [];
  const log: string[] = [];
  let failed: FailureCode | null = null;
  try {
    const asker = {
      hostKey: async () => expect.fail('the host key is known'),
      secret: async (question: SecretQuestion) => {
        asked.push(question);
        return answer(question);
      },
      passphrases: new Map<string, string>(),
      secrets: store,
      log: (_host: string, _step: string, text: string) => void log.push(text),
    };
    (await connect(config, asker)).close();
  } catch (error) {
    failed = failureOf(error).code;
  }
  return { asked, log: log.join('\n'), failed };
}

const nobody = (): SecretAnswer => expect.fail('nothing was to be asked');

test.each([
  ['Password: ', true],
  ["(ada@web) ada@web's password:", true],
  ['Password for ada@web:', true],
  ['One-time password (OTP): ', false],
  ['One-time password:', false],
  ['Verification code: ', false],
  ['New password: ', false],
  ['(current) UNIX password: ', false],
  ['Retype password: ', false],
  ['PIN: ', false],
])('%j may be kept: %s', (prompt, expected) => {
  expect(asksForPassword([{ prompt, echo: false }])).toBe(expected);
  expect(asksForPassword([{ prompt, echo: true }])).toBe(false);
  expect(asksForPassword([{ prompt }, { prompt }])).toBe(false);
});

needs('sshd', 'ssh-keygen')('secrets that are kept', () => {
  let sshd: Sshd;
  let server: AuthServer | null = null;
  let tried: string[] = [];
  let key = '';
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => {
    server?.close();
    sshd.stop();
  });

  const serve = async (authenticate: (context: AuthContext) => void): Promise<HostConfig> => {
    server?.close();
    tried = [];
    server = await startAuthServer(authenticate);
    const file = join(sshd.directory, 'known_for_kept');
    writeFileSync(file, `[127.0.0.1]:${server.port} ${server.hostPublicKey}\n`);
    key = `password ada@127.0.0.1:${server.port}`;
    return sshd.config({
      port: server.port,
      userKnownHostsFiles: [file],
      identityFiles: [],
      user: 'ada',
    });
  };
  const byPassword = (context: AuthContext): void => {
    if (context.method !== 'password') return context.reject(['password']);
    tried.push(context.password);
    if (context.password === 'right') context.accept();
    else context.reject(['password']);
  };
  /** A server that asks these one after the other in one exchange. */
  const byQuestions =
    (questions: readonly { prompt: string; right: string }[]) =>
    (context: AuthContext): void => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const next = (nth: number): void => {
        const question = questions[nth];
        if (question === undefined) return context.accept();
        context.prompt([{ prompt: question.prompt, echo: false }], ([answer = '']) => {
          tried.push(answer);
          if (answer === question.right) next(nth + 1);
          else context.reject(['keyboard-interactive']);
        });
      };
      next(0);
    };

  test('a password is kept once it has worked, if that was wanted; the next time nobody is asked', async () => {
    const config = await serve(byPassword);
    const store = fakeStore({});
    const plain = await attempt(config, store, () => ['right']);
    expect(plain).toMatchObject({ failed: null, asked: [{ kind: 'password', keep: true }] });
    expect(store.kept.size).toBe(0);
    const wrong = await attempt(config, store, () => ({ keep: ['wrong'] }));
    expect(wrong.failed).toBe('authentication-failed');
    expect(wrong.asked).toHaveLength(1);
    expect(store.calls.filter((call) => call.startsWith('write'))).toEqual([]);
    expect((await attempt(config, store, () => ({ keep: ['right'] }))).failed).toBeNull();
    await expect.poll(() => [...store.kept]).toEqual([[key, 'right']]);
    const { failed, log } = await attempt(config, store, nobody);
    expect(failed).toBeNull();
    expect(log).toContain(`${key}: taken from the keychain of this machine`);
    expect(log).not.toContain('right');
  });

  test('a kept password that is refused is tried once and forgotten, and a person is asked', async () => {
    const config = await serve(byPassword);
    const store = fakeStore({ [key]: 'stale' });
    const { asked, failed, log } = await attempt(config, store, () => ['right']);
    expect(failed).toBeNull();
    expect(tried).toEqual(['stale', 'right']);
    expect(asked).toHaveLength(1);
    expect(store.kept.size).toBe(0);
    expect(log).toContain('is wrong, and was forgotten');
    store.kept.set(key, 'stale');
    tried = [];
    expect((await attempt(config, store, () => ['also wrong'])).failed).toBe('authentication-failed');
    expect(tried).toEqual(['stale', 'also wrong']);
  });

  test('the same password answers a server that asks for it in its own words', async () => {
    const config = await serve(byQuestions([{ prompt: 'Password: ', right: 'right' }]));
    const store = fakeStore({ [key]: 'stale' });
    const first = await attempt(config, store, () => ({ keep: ['right'] }));
    expect(first).toMatchObject({ failed: null, asked: [{ kind: 'keyboard-interactive', keep: true }] });
    expect(tried).toEqual(['stale', 'right']);
    await expect.poll(() => [...store.kept]).toEqual([[key, 'right']]);
    expect((await attempt(config, store, nobody)).failed).toBeNull();
  });

  test('a one-time code is neither offered to be kept nor kept, whatever the page answers', async () => {
    const config = await serve(
      byQuestions([
        { prompt: 'Password: ', right: 'right' },
        { prompt: 'Verification code: ', right: '123456' },
      ]),
    );
    const store = fakeStore({});
    const answer = ({ prompts }: SecretQuestion): SecretAnswer => ({
      keep: [prompts[0]?.text.startsWith('Ver') ? '123456' : 'right'],
    });
    const { asked, failed } = await attempt(config, store, answer);
    expect(failed).toBeNull();
    expect(asked.map(({ keep }) => keep)).toEqual([true, false]);
    await expect.poll(() => [...store.kept]).toEqual([[key, 'right']]);
  });

  test('without a keychain keeping is not offered, and nothing is written', async () => {
    const config = await serve(byPassword);
    const store = fakeStore({}, true);
    const { asked, failed } = await attempt(config, store, () => ({ keep: ['right'] }));
    expect(failed).toBeNull();
    expect(asked).toMatchObject([{ keep: false }]);
    expect(store.calls).toEqual([`read ${key}`]);
  });

  test('a keychain that fails stops nothing, and says so', async () => {
    const config = await serve(byPassword);
    const store = fakeStore({});
    const broken = async () => Promise.reject(new Error('the keyring is locked'));
    const { failed, log, asked } = await attempt(config, { ...store, read: broken, write: broken }, () => ({
      keep: ['right'],
    }));
    expect(failed).toBeNull();
    expect(asked).toHaveLength(1);
    expect(log).toContain('the keychain of this machine failed: the keyring is locked');
  });

  test('BatchMode takes nothing from the keychain', async () => {
    const config = await serve(byPassword);
    const store = fakeStore({ [key]: 'right' });
    expect((await attempt({ ...config, batchMode: true }, store, nobody)).failed).toBe('nothing-to-offer');
    expect(store.calls).toEqual([]);
  });

  test('a passphrase is kept by key and file; a wrong one is forgotten, and asked for', async () => {
    const file = join(sshd.directory, 'kept-key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', file]);
    const authorized = join(sshd.directory, 'authorized_keys');
    writeFileSync(authorized, `${readFileSync(authorized, 'utf8')}${readFileSync(`${file}.pub`, 'utf8')}`);
    const print = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1];
    const name = `passphrase ${print} of ${file}`;
    const store = fakeStore({ [name]: 'stale' });
    const config = sshd.config({ identityFiles: [file] });
    const first = await attempt(config, store, () => ({ keep: ['open sesame'] }));
    expect(first).toMatchObject({ failed: null, asked: [{ kind: 'passphrase', keep: true, again: false }] });
    expect(store.calls).toEqual([`read ${name}`, `forget ${name}`, `write ${name}`]);
    expect([...store.kept]).toEqual([[name, 'open sesame']]);
    expect((await attempt(config, store, nobody)).failed).toBeNull();
  });
});
