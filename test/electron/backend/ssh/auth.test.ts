import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuthContext } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../../../shared/contract/ssh-session.ts';
import { needs } from '../../../support/needs.ts';
import { startAuthServer } from '../../../support/ssh-server.ts';
import type { AuthServer } from '../../../support/ssh-server.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

/** A person at the keyboard: what they were asked, and the log that they could read. */
function person(answer: (question: SecretQuestion, nth: number) => SecretAnswer | Promise<SecretAnswer>) {
  const asked: SecretQuestion[] = [];
  const log: string[] = [];
  return {
    asked,
    log,
    passphrases: new Map<string, string>(),
    hostKey: async () => expect.fail('the host key is known'),
    secret: async (question: SecretQuestion) => {
      asked.push(question);
      return answer(question, asked.length);
    },
  };
}

type Person = ReturnType<typeof person>;

/** Connects, and gives the failure, or null when it worked; the log is the person's. */
async function attempt(config: HostConfig, who: Person): Promise<Failure | null> {
  const { hostKey, secret, passphrases } = who;
  try {
    const asker = {
      hostKey,
      secret,
      passphrases,
      log: (_host: string, _step: string, text: string) => void who.log.push(text),
    };
    (await connect(config, asker)).close();
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

const nobody = (): SecretAnswer => expect.fail('nothing was to be asked');

needs('sshd', 'ssh-keygen')('authentication with a real sshd', () => {
  let sshd: Sshd;
  const keys: string[] = [];
  const KINDS = [
    ['ed25519', []],
    ['rsa', ['-b', '2048']],
    ['ecdsa', ['-b', '256']],
    ['ecdsa', ['-b', '384']],
    ['ecdsa', ['-b', '521']],
    ['rsa', ['-m', 'PEM', '-b', '2048']],
    ['ecdsa', ['-m', 'PEM']],
    ['rsa', ['-m', 'PKCS8', '-b', '2048']],
    ['ecdsa', ['-m', 'PKCS8']],
    ['ed25519', ['-Z', 'aes256-gcm@openssh.com']],
  ] as const;

  beforeAll(async () => {
    sshd = await startSshd();
    for (const [index, [type, more]] of KINDS.entries())
      for (const passphrase of ['', 'open sesame']) {
        const file = join(sshd.directory, `key-${index}-${passphrase === '' ? 'open' : 'locked'}`);
        execFileSync('ssh-keygen', ['-q', '-t', type, ...more, '-N', passphrase, '-f', file]);
        keys.push(file);
      }
    const all = keys.map((file) => readFileSync(`${file}.pub`, 'utf8')).join('');
    writeFileSync(
      join(sshd.directory, 'authorized_keys'),
      all + readFileSync(`${sshd.identity}.pub`, 'utf8'),
    );
  });
  afterAll(() => sshd.stop());

  test.each(KINDS.map(([type, more], index) => [index, `${type} ${more.join(' ')}`] as const))(
    'key %i: %s, open and with a passphrase, with and without its public half',
    async (index) => {
      const open = join(sshd.directory, `key-${index}-open`);
      expect(await attempt(sshd.config({ identityFiles: [open] }), person(nobody))).toBeNull();
      const locked = join(sshd.directory, `key-${index}-locked`);
      const who = person(() => ['open sesame']);
      expect(await attempt(sshd.config({ identityFiles: [locked] }), who)).toBeNull();
      expect(who.asked).toMatchObject([{ kind: 'passphrase', title: locked, again: false }]);
      const alone = `${locked}-alone`;
      copyFileSync(locked, alone);
      chmodSync(alone, 0o600);
      expect(await attempt(sshd.config({ identityFiles: [alone] }), who)).toBeNull();
      expect(who.asked).toHaveLength(2);
      expect(await attempt(sshd.config({ identityFiles: [alone] }), who)).toBeNull();
      expect(who.asked, 'once a run').toHaveLength(2);
    },
  );

  test('a passphrase is asked for only when the server wants that very key', async () => {
    const stranger = join(sshd.directory, 'stranger');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'x', '-f', stranger]);
    const who = person(nobody);
    expect(await attempt(sshd.config({ identityFiles: [stranger, sshd.identity] }), who)).toBeNull();
    expect(who.log.join('\n')).toMatch(/ssh-ed25519 SHA256:\S+ \(.*stranger\): refused/);
    expect(who.log.at(-1)).toMatch(/\(.*\/id\): accepted$/);
  });

  test('a wrong passphrase is asked again here, three times, and nothing of it reaches the server', async () => {
    const locked = join(sshd.directory, 'key-0-locked');
    const later = person((_question, nth) => [nth < 3 ? 'wrong' : 'open sesame']);
    expect(await attempt(sshd.config({ identityFiles: [locked] }), later)).toBeNull();
    expect(later.asked.map(({ again }) => again)).toEqual([false, true, true]);
    const never = person(() => ['wrong']);
    expect(await attempt(sshd.config({ identityFiles: [locked] }), never)).toMatchObject({
      code: 'passphrase-wrong',
      values: { file: locked, tries: 3 },
    });
    expect(never.asked).toHaveLength(3);
    expect(never.passphrases.size).toBe(0);
    const cancels = person(() => null);
    expect(await attempt(sshd.config({ identityFiles: [locked] }), cancels)).toMatchObject({
      code: 'cancelled',
    });
  });

  test('a key of 100 rounds is opened while everything else goes on', async () => {
    const slow = join(sshd.directory, 'slow');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '100', '-N', 'x', '-f', slow]);
    execFileSync('sh', ['-c', `cat ${slow}.pub >>${join(sshd.directory, 'authorized_keys')}`]);
    const blocked = monitorEventLoopDelay({ resolution: 5 });
    blocked.enable();
    expect(
      await attempt(
        sshd.config({ identityFiles: [slow] }),
        person(() => ['x']),
      ),
    ).toBeNull();
    blocked.disable();
    expect(blocked.max / 1e6).toBeLessThan(400);
  });

  test('the time a person takes does not count towards ConnectTimeout', async () => {
    const who = person(async () => {
      await delay(1500);
      return ['open sesame'];
    });
    const locked = join(sshd.directory, 'key-0-locked');
    expect(await attempt(sshd.config({ identityFiles: [locked], connectTimeoutSeconds: 1 }), who)).toBeNull();
  });

  test('a key that others may read is refused when it was named, and passed over when it was not', async () => {
    const loose = join(sshd.directory, 'loose');
    copyFileSync(sshd.identity, loose);
    chmodSync(loose, 0o644);
    expect(await attempt(sshd.config({ identityFiles: [loose] }), person(nobody))).toMatchObject({
      code: 'identity-permissions',
      values: { file: loose, mode: '0644' },
    });
    const who = person(nobody);
    const config = sshd.config({ identityFiles: [loose, sshd.identity], identitiesNamed: false });
    expect(await attempt(config, who)).toBeNull();
    expect(who.log.join('\n')).toContain('passed over: The key file');
  });

  test('a key encrypted with chacha20 is named as what ssh2 cannot read', async () => {
    const file = join(sshd.directory, 'chacha');
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-Z',
      'chacha20-poly1305@openssh.com',
      '-N',
      'x',
      '-f',
      file,
    ]);
    expect(await attempt(sshd.config({ identityFiles: [file] }), person(nobody))).toMatchObject({
      code: 'identity-unreadable',
      message: expect.stringContaining('chacha20-poly1305') as string,
    });
  });

  test('partial success: one key, then another, as AuthenticationMethods wants it', async () => {
    const two = await startSshd(['AuthenticationMethods publickey,publickey']);
    execFileSync('sh', ['-c', `cat ${two.directory}/other.pub >>${two.directory}/authorized_keys`]);
    const who = person(nobody);
    const config = two.config({ identityFiles: [join(two.directory, 'id'), join(two.directory, 'other')] });
    expect(await attempt(config, who)).toBeNull();
    expect(who.log.join('\n')).toMatch(/\/id\): accepted, but the server wants more: publickey/);
    two.stop();
  });

  test('too many refused keys is said as such, with what was offered', async () => {
    const strict = await startSshd(['MaxAuthTries 2']);
    const strangers = [0, 1, 2, 3].map((number) => {
      const file = join(strict.directory, `stranger${number}`);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
      return file;
    });
    expect(await attempt(strict.config({ identityFiles: strangers }), person(nobody))).toMatchObject({
      code: 'too-many-failures',
      values: { offered: expect.stringMatching(/SHA256:.*SHA256:/) as string },
    });
    strict.stop();
  });

  test('a banner is in the log, its control characters written out', async () => {
    const file = join(sshd.directory, 'banner');
    writeFileSync(file, 'Keep out \u001b[31mred\u0007\n');
    const speaking = await startSshd([`Banner ${file}`]);
    const who = person(nobody);
    expect(await attempt(speaking.config(), who)).toBeNull();
    expect(who.log.find((line) => line.startsWith('the server says'))).toContain(
      'Keep out \\u001b[31mred\\u0007',
    );
    expect(who.log.join('')).not.toContain('\u001b');
    speaking.stop();
  });

  describe('an agent', () => {
    let socket: string;
    let pid: number;
    const add = (...files: readonly string[]) =>
      execFileSync('ssh-add', ['-q', ...files], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });
    beforeAll(() => {
      socket = join(sshd.directory, 'agent');
      const text = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
      pid = Number(/SSH_AGENT_PID=(\d+)/.exec(text)?.[1]);
    });
    afterAll(() => void process.kill(pid));

    test.each([0, 1, 2, 5])('signs with key %i', async (index) => {
      const file = join(sshd.directory, `key-${index}-open`);
      execFileSync('ssh-add', ['-q', '-D'], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });
      add(file);
      const who = person(nobody);
      expect(
        await attempt(sshd.config({ identityFiles: [], identitiesOnly: false, agent: socket }), who),
      ).toBeNull();
      expect(who.log.join('\n')).toMatch(/SHA256:\S+ \(agent: .*\): accepted/);
    });

    test('signs for a key file with a passphrase that it holds, also with IdentitiesOnly; others are then not offered', async () => {
      const locked = join(sshd.directory, 'agent-locked');
      copyFileSync(join(sshd.directory, 'key-0-open'), `${locked}-plain`);
      chmodSync(`${locked}-plain`, 0o600);
      add(`${locked}-plain`, join(sshd.directory, 'other'));
      copyFileSync(`${locked}-plain`, locked);
      chmodSync(locked, 0o600);
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', locked]);
      const who = person(nobody);
      const config = sshd.config({ identityFiles: [locked], identitiesOnly: true, agent: socket });
      expect(await attempt(config, who)).toBeNull();
      expect(who.log.join('\n')).toContain(', agent): accepted');
      expect(who.log.filter((line) => line.startsWith('offering'))).toHaveLength(1);
      rmSync(locked);
      copyFileSync(join(sshd.directory, 'key-0-open.pub'), `${locked}.pub`);
      expect(await attempt(config, person(nobody)), 'its public half is enough').toBeNull();
    });

    test('a certificate in it is named as what ssh2 cannot use', async () => {
      const file = join(sshd.directory, 'certified');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
      execFileSync('ssh-keygen', ['-q', '-s', sshd.identity, '-I', 'me', '-n', 'root', `${file}.pub`]);
      expect(existsSync(`${file}-cert.pub`)).toBe(true);
      add(file);
      const who = person(nobody);
      await attempt(sshd.config({ identityFiles: [], identitiesOnly: false, agent: socket }), who);
      expect(who.log.join('\n')).toMatch(
        /passed over: ssh-ed25519-cert-v01@openssh.com .*the ssh2 library cannot use certificates/,
      );
    });

    test.each(['hangs', 'talks nonsense', 'is gone'])(
      'that %s does not prevent the key file',
      async (how) => {
        const path = join(sshd.directory, `agent-${how.replace(/ /g, '-')}`);
        const server = createServer((client) => {
          client.on('error', () => undefined);
          if (how === 'talks nonsense') client.end('HTTP/1.1 400\r\n\r\n');
        });
        if (how !== 'is gone') await new Promise<void>((resolve) => server.listen(path, resolve));
        const who = person(nobody);
        const began = Date.now();
        const config = sshd.config({ identitiesOnly: false, agent: path });
        expect(await attempt(config, who)).toBeNull();
        expect(Date.now() - began).toBeLessThan(8000);
        expect(who.log.join('\n')).toMatch(/the agent .* cannot be used: /);
        server.close();
      },
    );
  });
});

needs('sshd', 'ssh-keygen')('authentication with a server that asks', () => {
  let sshd: Sshd;
  let server: AuthServer | null = null;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  const serve = async (
    authenticate: (context: AuthContext, before: string[]) => void,
    changes: Partial<HostConfig> = {},
  ): Promise<HostConfig> => {
    server?.close();
    server = await startAuthServer(authenticate);
    const file = join(sshd.directory, 'known_for_server');
    writeFileSync(file, `[127.0.0.1]:${server.port} ${server.hostPublicKey}\n`);
    return sshd.config({
      port: server.port,
      userKnownHostsFiles: [file],
      identityFiles: [],
      user: 'ada',
      ...changes,
    });
  };
  afterAll(() => server?.close());

  test('a password is asked for once, and a wrong one is not tried again', async () => {
    const config = await serve((context) => {
      if (context.method === 'password' && context.password === 'right') context.accept();
      else context.reject(['password']);
    });
    const right = person(() => ['right']);
    expect(await attempt(config, right)).toBeNull();
    expect(right.asked).toMatchObject([{ kind: 'password', user: 'ada', prompts: [{ echo: false }] }]);
    expect(right.log.join('\n')).not.toContain('right');
    const wrong = person(() => ['wrong']);
    const failure = await attempt(config, wrong);
    expect(failure).toMatchObject({ code: 'authentication-failed', values: { offered: 'password' } });
    expect(JSON.stringify([failure, wrong.log])).not.toContain('"wrong');
    expect(wrong.asked).toHaveLength(1);
    expect(
      await attempt(
        config,
        person(() => null),
      ),
    ).toMatchObject({ code: 'cancelled' });
  });

  test('without anybody to ask, a password is not offered, and what the server takes is said', async () => {
    const config = await serve((context) => context.reject(['password']));
    const asker = { hostKey: async () => expect.fail('known') };
    await expect(connect(config, asker)).rejects.toMatchObject({
      failure: { code: 'nothing-to-offer', values: { accepts: 'password' } },
    });
    const batch = await serve((context) => context.reject(['password']), { batchMode: true });
    expect(await attempt(batch, person(nobody))).toMatchObject({ code: 'nothing-to-offer' });
  });

  test('public key, then two rounds of questions with a one-time code', async () => {
    const config = await serve(
      (context, before) => {
        if (context.method === 'publickey') {
          if (context.signature === undefined) return context.accept();
          return context.reject(['keyboard-interactive'], true);
        }
        if (context.method !== 'keyboard-interactive' || !before.includes('publickey'))
          return context.reject(['publickey']);
        context.prompt(
          [
            { prompt: 'Name\u001b[2J: ', echo: true },
            { prompt: 'Code: ', echo: false },
          ],
          'Two factors',
          'Look at your token',
          (first) => {
            if (first.join() !== 'ada,123456') return context.reject();
            context.prompt([{ prompt: 'Next code: ', echo: false }], (second) => {
              if (second.join() === '654321') context.accept();
              else context.reject();
            });
          },
        );
      },
      { identityFiles: [sshd.identity] },
    );
    const who = person((_question, nth) => (nth === 1 ? ['ada', '123456'] : ['654321']));
    expect(await attempt(config, who)).toBeNull();
    expect(who.asked[0]).toMatchObject({
      kind: 'keyboard-interactive',
      title: 'Two factors',
      instruction: 'Look at your token',
      prompts: [
        { text: 'Name\\u001b[2J: ', echo: true },
        { text: 'Code: ', echo: false },
      ],
    });
    expect(who.log.join('\n')).toContain('accepted, but the server wants more: keyboard-interactive');
    expect(who.log.join('\n')).not.toMatch(/123456|654321/);
  });

  test('a server that asks without end, or too much at once, is left', async () => {
    const endless = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const again = (): void => context.prompt([{ prompt: 'Again: ', echo: false }], again);
      again();
    });
    const who = person(() => ['yes']);
    expect(await attempt(endless, who)).toMatchObject({ code: 'authentication-endless' });
    expect(who.asked).toHaveLength(20);
    const many = await serve((context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt(
        Array.from({ length: 17 }, () => ({ prompt: 'x', echo: false })),
        () => undefined,
      );
    });
    expect(await attempt(many, person(nobody))).toMatchObject({ code: 'authentication-endless' });
  });

  test('PreferredAuthentications decides the order, and leaves out what it does not name', async () => {
    const order: string[] = [];
    const config = await serve(
      (context) => {
        if (context.method !== 'none') order.push(context.method);
        context.reject(['publickey', 'password', 'keyboard-interactive']);
      },
      { identityFiles: [sshd.identity], preferredAuthentications: ['password', 'publickey'] },
    );
    expect(
      await attempt(
        config,
        person(() => ['x']),
      ),
    ).toMatchObject({ code: 'authentication-failed' });
    expect(order).toEqual(['password', 'publickey']);
  });

  test('an expired password is said in the words of the server', async () => {
    const config = await serve((context) => {
      if (context.method === 'password')
        context.requestChange('Too old\u0007, choose another', () => undefined);
      else context.reject(['password']);
    });
    expect(
      await attempt(
        config,
        person(() => ['old']),
      ),
    ).toMatchObject({
      code: 'password-expired',
      values: { user: 'ada', message: 'Too old\\u0007, choose another' },
    });
  });

  test('a server that wants nothing is entered', async () => {
    const config = await serve((context) => context.accept());
    const who = person(nobody);
    expect(await attempt(config, who)).toBeNull();
    expect(who.log).toContain('the server asks for nothing');
  });
});
