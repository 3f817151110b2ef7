import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostKeyAnswer, HostKeyQuestion } from '../../../../shared/contract/api.ts';
import type { FailureCode } from '../../../../shared/contract/failure.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

const never = { hostKey: async (): Promise<HostKeyAnswer> => expect.fail('nothing was to be asked') };

async function failureOf(
  config: HostConfig,
  asker: Parameters<typeof connect>[1] = never,
): Promise<FailureCode> {
  try {
    (await connect(config, asker)).close();
  } catch (error) {
    return (error as { failure: { code: FailureCode } }).failure.code;
  }
  return expect.fail('it connected');
}

needs('sshd', 'ssh-keygen')('connecting to a real sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  test('with a key file, and the host key known: bytes and exit status come back', async () => {
    const connection = await connect(sshd.config(), never);
    expect(connection.hostKey).toBe(
      execFileSync('ssh-keygen', ['-lf', join(sshd.directory, 'host.pub')], { encoding: 'utf8' }).split(
        ' ',
      )[1],
    );
    const channel = await connection.exec('head -c 3; printf "\\377\\000x" ; exit 3');
    const chunks: Buffer[] = [];
    channel.onStdout((chunk) => chunks.push(chunk));
    channel.onStderr(() => undefined);
    channel.write('abc');
    channel.end();
    expect(await channel.exit).toEqual({ code: 3, signal: null });
    expect(Buffer.concat(chunks).toString('hex')).toBe('616263ff0078');
    connection.close();
    await expect(connection.exec('true')).rejects.toMatchObject({ failure: { code: 'connection-lost' } });
  });

  test('an unknown key is asked about; cancel connects nothing, once saves nothing, save is read by ssh-keygen', async () => {
    const file = join(sshd.directory, 'fresh', 'known_hosts');
    const config = sshd.config({ userKnownHostsFiles: [file] });
    const asked: HostKeyQuestion[] = [];
    const answer = (value: HostKeyAnswer) => ({
      hostKey: async (question: HostKeyQuestion) => {
        asked.push(question);
        return value;
      },
    });
    expect(await failureOf(config, answer('cancel'))).toBe('host-key-unknown');
    (await connect(config, answer('once'))).close();
    expect(() => statSync(file)).toThrow();
    (await connect(config, answer('save'))).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const found = execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', file], {
      encoding: 'utf8',
    });
    expect(found).toContain(sshd.hostPublicKey.split(' ')[1]);
    (await connect(config, never)).close();
    expect(asked).toHaveLength(3);
    expect(asked[0]).toMatchObject({ host: `[127.0.0.1]:${sshd.port}`, type: 'ssh-ed25519', file });
  });

  test('a changed key is refused, whatever the strictness, and names file and line; so is another type', async () => {
    const other = readFileSync(join(sshd.directory, 'other.pub'), 'utf8');
    const file = join(sshd.directory, 'changed');
    writeFileSync(file, `# a comment\n[127.0.0.1]:${sshd.port} ${other}`);
    for (const strictHostKeyChecking of ['yes', 'ask', 'no', 'accept-new'] as const)
      await expect(
        connect(sshd.config({ userKnownHostsFiles: [file], strictHostKeyChecking }), never),
      ).rejects.toMatchObject({ failure: { code: 'host-key-changed', values: { file, line: 2 } } });
  });

  test('with only its RSA key on file the host is asked for that one, not taken for changed', async () => {
    const file = join(sshd.directory, 'rsa-only');
    writeFileSync(
      file,
      `[127.0.0.1]:${sshd.port} ${readFileSync(join(sshd.directory, 'host_rsa.pub'), 'utf8')}`,
    );
    (
      await connect(sshd.config({ userKnownHostsFiles: [file], strictHostKeyChecking: 'yes' }), never)
    ).close();
  });

  test('an RSA host key with fewer bits than RequiredRSASize is refused, also one on file', async () => {
    const file = join(sshd.directory, 'rsa-only');
    const config = (requiredRsaBits: number) =>
      sshd.config({ userKnownHostsFiles: [file], strictHostKeyChecking: 'yes', requiredRsaBits });
    (await connect(config(3072), never)).close();
    await expect(connect(config(3073), never)).rejects.toMatchObject({
      failure: { code: 'host-key-too-short', values: { bits: 3072, least: 3073 } },
    });
  });

  test('hashed entries of ssh-keygen -H count; a @revoked key wins over a known one', async () => {
    const file = join(sshd.directory, 'hashed');
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${sshd.hostPublicKey}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    (await connect(sshd.config({ userKnownHostsFiles: [file] }), never)).close();
    writeFileSync(file, `${readFileSync(file, 'utf8')}@revoked * ${sshd.hostPublicKey}\n`);
    expect(await failureOf(sshd.config({ userKnownHostsFiles: [file] }))).toBe('host-key-revoked');
    writeFileSync(
      file,
      `[127.0.0.1]:${sshd.port} ${sshd.hostPublicKey}\n@revoked [127.0.0.1]:* ${sshd.hostPublicKey}\n`,
    );
    expect(await failureOf(sshd.config({ userKnownHostsFiles: [file] }))).toBe('host-key-revoked');
  });

  test('a host key that cannot be saved is said, and nothing stays open', async () => {
    const file = join(sshd.identity, 'no-folder', 'known_hosts');
    const config = sshd.config({ userKnownHostsFiles: [file] });
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = sockets();
    expect(await failureOf(config, { hostKey: async () => 'save' })).toBe('file-unwritable');
    await expect.poll(sockets, { timeout: 5000 }).toBe(before);
  });

  test('strict "yes" refuses an unknown key without asking', async () => {
    const config = sshd.config({ userKnownHostsFiles: ['/nonexistent'], strictHostKeyChecking: 'yes' });
    expect(await failureOf(config)).toBe('host-key-unknown');
  });

  test('a key that the server does not accept lists what was offered', async () => {
    await expect(
      connect(sshd.config({ identityFiles: [join(sshd.directory, 'other')] }), never),
    ).rejects.toMatchObject({
      failure: {
        code: 'authentication-failed',
        values: { offered: expect.stringMatching(/^ssh-ed25519 SHA256:/) as string },
      },
    });
  });

  test('a key file that is missing, damaged or encrypted is named before anything is sent', async () => {
    const broken = join(sshd.directory, 'broken');
    writeFileSync(
      broken,
      '-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n',
    );
    const locked = join(sshd.directory, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', locked]);
    expect(await failureOf(sshd.config({ identityFiles: ['/nonexistent/key'] }))).toBe('identity-unreadable');
    expect(await failureOf(sshd.config({ identityFiles: [broken] }))).toBe('identity-unreadable');
    expect(await failureOf(sshd.config({ identityFiles: [locked] }))).toBe('identity-encrypted');
  });

  test('an agent is used, and a dead agent does not prevent the key file', async () => {
    const socket = join(sshd.directory, 'agent');
    const agent = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
    try {
      execFileSync('ssh-add', ['-q', sshd.identity], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      });
      const byAgent = sshd.config({ identityFiles: [], identitiesOnly: false, agent: socket });
      (await connect(byAgent, never)).close();
      (
        await connect(
          sshd.config({ identitiesOnly: false, agent: '/nonexistent/agent', identitiesNamed: false }),
          never,
        )
      ).close();
    } finally {
      process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]));
    }
  });

  test('a server without a common algorithm, one that is silent, and one that is no SSH are told apart', async () => {
    const strange = await startSshd(['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    expect(await failureOf(strange.config())).toBe('ssh-handshake-failed');
    strange.stop();
    for (const [greeting, code] of [
      ['', 'connect-timeout'],
      ['HTTP/1.1 400 Bad Request\r\n\r\n', 'closed-before-handshake'],
      [`SSH-2.0-strange\r\n${'\xff'.repeat(64)}`, 'connect-failed'],
    ] as const) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        if (greeting !== '') socket.end(greeting, 'latin1');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      expect(await failureOf(sshd.config({ port, connectTimeoutSeconds: 1 }))).toBe(code);
      server.close();
    }
  });

  test('a refused port and a name without an address say so', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await failureOf(sshd.config({ port }))).toBe('connect-refused');
    expect(await failureOf(sshd.config({ hostName: 'no-such-host.invalid' }))).toBe('host-not-found');
  });

  test('cancelling while connecting leaves nothing open', async () => {
    const controller = new AbortController();
    const pending = connect(sshd.config(), never, controller.signal);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ failure: { code: 'cancelled' } });
  });

  test('more sessions than sshd allows is said as such', async () => {
    const limited = await startSshd(['MaxSessions 1']);
    const connection = await connect(limited.config(), never);
    const first = await connection.exec('cat');
    await expect(connection.exec('true')).rejects.toMatchObject({ failure: { code: 'channel-refused' } });
    first.close();
    connection.close();
    limited.stop();
  });
});
