import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HostKeyAnswer, HostKeyQuestion } from '../../../../shared/contract/api.ts';
import { failFrom, failureOf, failureText } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { resolveHost } from '../../../../electron/backend/ssh/config.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { Connection } from '../../../../electron/backend/ssh/connection.ts';
import { needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';
import { processesWith, secondsUntilGone } from './processes.ts';

const never = { hostKey: async (): Promise<HostKeyAnswer> => expect.fail('nothing was to be asked') };

async function output(connection: Connection, command: string): Promise<string> {
  const channel = await connection.exec(command);
  const chunks: Buffer[] = [];
  channel.onStdout((chunk) => chunks.push(chunk));
  channel.onStderr(() => undefined);
  channel.end();
  expect((await channel.exit).code).toBe(0);
  return Buffer.concat(chunks).toString('utf8');
}

async function refusal(config: HostConfig, asker: Parameters<typeof connect>[1] = never): Promise<Failure> {
  return connect(config, asker).then(
    (connection) => {
      connection.close();
      return expect.fail('it connected');
    },
    (error: unknown) => failureOf(error),
  );
}

function answering(answer: HostKeyAnswer): {
  asked: HostKeyQuestion[];
  hostKey: (q: HostKeyQuestion) => Promise<HostKeyAnswer>;
} {
  const asked: HostKeyQuestion[] = [];
  return {
    asked,
    hostKey: async (question) => {
      asked.push(question);
      return answer;
    },
  };
}

needs(
  'sshd',
  'ssh-keygen',
  'ssh',
)('the way to a host', () => {
  const directory = mkdtempSync(join(tmpdir(), 'skblens-route-'));
  const opened: Connection[] = [];
  const servers: Server[] = [];
  let first: Sshd;
  let second: Sshd;
  let last: Sshd;
  let files = 0;

  beforeAll(async () => {
    [first, second, last] = await Promise.all([startSshd(), startSshd(), startSshd()]);
  });
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(() => {
    for (const sshd of [first, second, last]) sshd.stop();
    rmSync(directory, { recursive: true });
  });

  /** An ssh config with the three servers as hosts "first", "second" and "last", `lines` before them. */
  function config(lines: string, knownHosts: (sshd: Sshd) => string = (sshd) => sshd.knownHosts): string {
    const file = join(directory, `config-${files++}`);
    const blocks = [
      ['first', first],
      ['second', second],
      ['last', last],
    ] as const;
    const hosts = blocks.map(
      ([name, sshd]) =>
        `Host ${name}\n HostName 127.0.0.1\n Port ${sshd.port}\n IdentityFile ${sshd.identity}\n IdentitiesOnly yes\n UserKnownHostsFile ${knownHosts(sshd)}\n`,
    );
    writeFileSync(file, `${lines}\n${hosts.join('')}Host *\n GlobalKnownHostsFile none\n`);
    return file;
  }

  async function resolve(
    lines: string,
    host = 'last',
    knownHosts?: (sshd: Sshd) => string,
  ): Promise<HostConfig> {
    return resolveHost(host, { configFile: config(lines, knownHosts), identityFiles: [], port: null });
  }

  async function open(lines: string, asker: Parameters<typeof connect>[1] = never): Promise<Connection> {
    const connection = await connect(await resolve(lines), asker);
    opened.push(connection);
    return connection;
  }

  /** The port from which the last sshd sees the connection come, and the pid of the sshd that holds it. */
  async function whoConnects(connection: Connection): Promise<string> {
    const [address, from, , to] = (await output(connection, 'echo $SSH_CONNECTION')).trim().split(' ');
    expect([address, to]).toEqual(['127.0.0.1', String(last.port)]);
    const lines = execFileSync('ss', ['-Htnp', 'sport', '=', `:${from}`], { encoding: 'utf8' });
    return lines;
  }

  describe('jump hosts', () => {
    test('one: the last sshd is reached from the first, and bytes come through whole', async () => {
      const connection = await open('Host last\n ProxyJump first\n');
      expect(await whoConnects(connection)).toContain('"sshd');
      expect(await output(connection, 'head -c 3000000 /dev/zero | md5sum')).toBe(
        execFileSync('sh', ['-c', 'head -c 3000000 /dev/zero | md5sum'], { encoding: 'utf8' }),
      );
      const text = await output(connection, 'seq 1 400000');
      expect(text.length).toBe(2_688_895);
    });

    test.each([
      ['a list', 'Host last\n ProxyJump first,second\n'],
      ['each names the next', 'Host last\n ProxyJump second\nHost second\n ProxyJump first\n'],
      ['addresses and users in a list', 'Host last\n ProxyJump @USER@@first,second\n'],
    ])('two behind each other, as %s', async (_what, lines) => {
      const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim();
      const connection = await open(lines.replace('@USER@', user));
      expect(await output(connection, 'echo through')).toBe('through\n');
      const { route } = connection.config;
      expect(route).toMatchObject({
        kind: 'jump',
        via: { alias: 'second', route: { kind: 'jump', via: { alias: 'first', route: { kind: 'direct' } } } },
      });
    });

    test('closing the connection closes every hop', async () => {
      const connection = await open('Host last\n ProxyJump first,second\n');
      const hops = (): string =>
        [first, second, last]
          .map(({ port }) =>
            execFileSync('ss', ['-Htn', 'state', 'established', 'sport', '=', `:${port}`], {
              encoding: 'utf8',
            }).trim(),
          )
          .join('');
      expect(hops()).not.toBe('');
      connection.close();
      for (let tries = 0; hops() !== '' && tries < 60; tries++) await delay(100);
      expect(hops()).toBe('');
    });

    test('each hop asks about its own key, once, names itself, and saves where its own config says', async () => {
      const folder = join(directory, 'fresh');
      mkdirSync(folder, { recursive: true });
      const file = (sshd: Sshd): string => join(folder, `known-${sshd.port}`);
      const asker = answering('save');
      const to = await resolve('Host last\n ProxyJump first,second\n', 'last', file);
      opened.push(await connect(to, asker));
      expect(asker.asked.map((question) => [question.host, question.file])).toEqual(
        [first, second, last].map((sshd) => [`[127.0.0.1]:${sshd.port}`, file(sshd)]),
      );
      for (const sshd of [first, second, last])
        expect(readFileSync(file(sshd), 'utf8')).toContain(sshd.hostPublicKey.split(' ')[1]);
      opened.push(await connect(to, never));
    });

    test('a hop whose key has changed is refused before the rest, and named', async () => {
      const wrong = join(directory, 'wrong');
      writeFileSync(
        wrong,
        `[127.0.0.1]:${second.port} ${readFileSync(join(first.directory, 'other.pub'), 'utf8')}`,
      );
      const to = await resolve('Host last\n ProxyJump first,second\n', 'last', (sshd) =>
        sshd === second ? wrong : sshd.knownHosts,
      );
      const failure = await refusal(to);
      expect(failure).toMatchObject({
        code: 'jump-host-failed',
        values: { hop: 'second', host: 'last', code: 'host-key-changed' },
      });
      expect(failure.message).toContain(`${wrong} line 1`);
      expect(failure.remedy).toContain('ssh-keygen -R');
      const chinese = failureText(failure, 'zh-CN');
      expect(chinese.message).toContain('second');
      expect(`${chinese.message}${chinese.remedy}`).not.toMatch(/\b(?:the|is|key|host|has|of)\b/);
      expect(failureText(failFrom(failure).failure, 'zh-CN')).toEqual(chinese);
    });

    test('a hop that asks and is cancelled: nothing behind it is asked', async () => {
      const asker = answering('cancel');
      const to = await resolve('Host last\n ProxyJump first,second\n', 'last', () => join(directory, 'none'));
      expect(await refusal(to, asker)).toMatchObject({
        code: 'jump-host-failed',
        values: { hop: 'first', code: 'host-key-unknown' },
      });
      expect(asker.asked).toHaveLength(1);
    });

    test('a hop that refuses the key, one that is not there and one without a name are told apart', async () => {
      const other = join(first.directory, 'other');
      const refusing = `Host refusing\n HostName 127.0.0.1\n Port ${first.port}\n IdentityFile ${other}\n IdentitiesOnly yes\n PasswordAuthentication no\n UserKnownHostsFile ${first.knownHosts}\n`;
      expect(
        await refusal(await resolve(`${refusing}Host last\n ProxyJump second,refusing\n`)),
      ).toMatchObject({
        code: 'jump-host-failed',
        values: { hop: 'refusing', host: 'last', code: 'authentication-failed' },
      });
      const closed = createServer();
      await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
      const { port } = closed.address() as AddressInfo;
      await new Promise((done) => closed.close(done));
      expect(
        await refusal(
          await resolve(`Host last\n ProxyJump gone\nHost gone\n HostName 127.0.0.1\n Port ${port}\n`),
        ),
      ).toMatchObject({
        code: 'jump-host-failed',
        values: { hop: 'gone', code: 'connect-refused' },
      });
      expect(
        await refusal(await resolve('Host last\n ProxyJump first,no-such-host.invalid\n')),
      ).toMatchObject({
        code: 'jump-forward-failed',
        values: { hop: 'first', host: 'no-such-host.invalid', port: 22 },
      });
    });

    test('a hop that cannot reach the host, or may not forward, is named', async () => {
      const strict = await startSshd(['AllowTcpForwarding no']);
      try {
        const file = config(
          `Host last\n ProxyJump strict\nHost strict\n HostName 127.0.0.1\n Port ${strict.port}\n IdentityFile ${strict.identity}\n UserKnownHostsFile ${strict.knownHosts}\n`,
        );
        const to = await resolveHost('last', { configFile: file, identityFiles: [], port: null });
        const failure = await refusal(to);
        expect(failure).toMatchObject({
          code: 'jump-forward-failed',
          values: { hop: 'strict', host: '127.0.0.1', port: last.port },
        });
        expect(failure.values['message']).toMatch(/^administratively prohibited/);
      } finally {
        strict.stop();
      }
    });

    test('a hop that goes away takes the connection with it, and is named', async () => {
      const doomed = await startSshd();
      const file = config(
        `Host last\n ProxyJump doomed\nHost doomed\n HostName 127.0.0.1\n Port ${doomed.port}\n IdentityFile ${doomed.identity}\n UserKnownHostsFile ${doomed.knownHosts}\n`,
      );
      const to = await resolveHost('last', { configFile: file, identityFiles: [], port: null });
      const connection = await connect(to, never);
      opened.push(connection);
      const lost = new Promise<Failure>((done) => connection.onLost((failure) => done(failure.failure)));
      const port = execFileSync('ss', ['-Htnp', 'state', 'established', 'sport', '=', `:${doomed.port}`], {
        encoding: 'utf8',
      });
      for (const [, pid] of port.matchAll(/pid=(\d+)/g)) process.kill(Number(pid), 'SIGKILL');
      const failure = await lost;
      expect(failure.code).toBe('connection-lost');
      expect(failure.message).toContain('doomed');
      doomed.stop();
    });

    test('cancelling while a hop hangs leaves nothing open', async () => {
      const silent = createServer((socket) => socket.resume().on('error', () => undefined));
      servers.push(silent);
      await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
      const { port } = silent.address() as AddressInfo;
      const to = await resolve(
        `Host last\n ProxyJump silent\nHost silent\n HostName 127.0.0.1\n Port ${port}\n`,
      );
      const controller = new AbortController();
      const pending = connect(to, never, controller.signal);
      setTimeout(() => controller.abort(), 300);
      await expect(pending).rejects.toMatchObject({ failure: { code: 'cancelled' } });
      const connections = await new Promise<number>((done) => {
        setTimeout(() => silent.getConnections((_error, number) => done(number)), 200);
      });
      expect(connections).toBe(0);
    });
  });

  describe('ProxyCommand', () => {
    const RELAY = join(directory, 'relay.mjs');
    beforeAll(() => {
      writeFileSync(
        RELAY,
        `import { connect } from 'node:net';
const [, , host, port] = process.argv;
const socket = connect(Number(port), host);
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('error', (error) => { console.error('relay:', error.message); process.exit(7); });
`,
      );
    });

    test('a relay of our own: tokens are expanded, bytes come through whole, and it ends with the connection', async () => {
      const connection = await open(
        `Host last\n ProxyCommand "${process.execPath}" ${RELAY} %h %p %r %n %%\n`,
      );
      expect((await output(connection, 'seq 1 400000')).length).toBe(2_688_895);
      expect(processesWith(`${RELAY} 127.0.0.1 ${last.port}`)[0]?.command).toMatch(/ last % $/);
      connection.close();
      expect(await secondsUntilGone(5, RELAY)).toBeTypeOf('number');
    });

    test('ssh -W as the command', async () => {
      const file = config('');
      const connection = await open(`Host last\n ProxyCommand ssh -F ${file} -W %h:%p first\n`);
      expect(await output(connection, 'echo through')).toBe('through\n');
    });

    test('an unknown host key is asked about, though the command runs twice', async () => {
      const asker = answering('once');
      const to = await resolve(`Host last\n ProxyCommand ${process.execPath} ${RELAY} %h %p\n`, 'last', () =>
        join(directory, 'none'),
      );
      opened.push(await connect(to, asker));
      expect(asker.asked).toHaveLength(1);
    });

    test.each([
      ['that fails', 'sh -c "echo no way >&2; exit 3"', '3', 'no way'],
      ['that is not there', '/nonexistent/command %h', '127', '/nonexistent/command'],
      ['that ends without a word', 'true', '0', null],
      ['whose relay cannot connect', `${process.execPath} ${RELAY} 127.0.0.1 1`, '7', 'ECONNREFUSED'],
    ])('a command %s says so, with what it wrote', async (_what, command, status, said) => {
      const failure = await refusal(await resolve(`Host last\n ProxyCommand ${command}\n`));
      expect(failure).toMatchObject({ code: 'proxy-command-failed', values: { host: 'last', status } });
      if (said === null) expect(failure.detail).toBe(null);
      else expect(failure.detail).toContain(said);
    });

    test('a command that ignores the hang-up, and its children, are killed', async () => {
      const marker = `skblens-stubborn-${process.pid}`;
      const script = join(directory, 'stubborn.sh');
      writeFileSync(
        script,
        `trap '' HUP TERM INT\n${process.execPath} ${RELAY} $1 $2 ${marker}\nwhile :; do sleep 1; done # ${marker}\n`,
      );
      const connection = await open(`Host last\n ProxyCommand sh ${script} %h %p ${marker}\n`);
      expect(await output(connection, 'echo through')).toBe('through\n');
      expect(processesWith(marker).length).toBeGreaterThan(1);
      connection.close();
      expect(await secondsUntilGone(6, marker)).toBeTypeOf('number');
    });

    test('a command that dies later loses the connection, and says how', async () => {
      const marker = `skblens-dying-${process.pid}`;
      const connection = await open(
        `Host last\n ProxyCommand ${process.execPath} ${RELAY} %h %p ${marker}\n`,
      );
      const lost = new Promise<Failure>((done) => connection.onLost((failure) => done(failure.failure)));
      for (const { pid } of processesWith(marker)) process.kill(pid, 'SIGKILL');
      expect(await lost).toMatchObject({ code: 'connection-lost' });
      expect((await lost).message).toContain('SIGKILL');
    });

    test('a command that never answers ends with the time-out, and is gone', async () => {
      const marker = `86400.${process.pid}`;
      const to = await resolve(`Host last\n ConnectTimeout 1\n ProxyCommand sleep ${marker}\n`);
      expect((await refusal(to)).code).toBe('connect-timeout');
      expect(await secondsUntilGone(5, `sleep ${marker}`)).toBeTypeOf('number');
    });

    test('a jump host may itself lie behind a command', async () => {
      const connection = await open(
        `Host first\n ProxyCommand ${process.execPath} ${RELAY} %h %p\nHost last\n ProxyJump first\n`,
      );
      expect(await output(connection, 'echo through')).toBe('through\n');
    });
  });

  test('AddressFamily and BindAddress are followed', async () => {
    expect(await refusal(await resolve('Host last\n AddressFamily inet6\n'))).toMatchObject({
      code: 'host-not-found',
      values: { host: '127.0.0.1', message: 'AddressFamily asks for IPv6' },
    });
    const connection = await open('Host last\n BindAddress 127.0.0.9\n');
    expect(await output(connection, 'echo ${SSH_CONNECTION%% *}')).toBe('127.0.0.9\n');
  });
});
