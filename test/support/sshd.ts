import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, createConnection } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { HOST_DEFAULTS } from '../../electron/backend/ssh/config.ts';
import type { HostConfig } from '../../electron/backend/ssh/config.ts';

/** A real sshd of this machine on 127.0.0.1, with its own host keys, for one test file. */
export interface Sshd {
  readonly directory: string;
  readonly port: number;
  readonly hostPublicKey: string;
  readonly identity: string;
  readonly knownHosts: string;
  config(changes?: Partial<HostConfig>): HostConfig;
  stop(): void;
}

/** Starts sshd with `options` as lines of its config; waits until it listens. */
export async function startSshd(options: readonly string[] = []): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'skblens-sshd-'));
  const file = (name: string): string => join(directory, name);
  for (const [name, type] of [
    ['host', 'ed25519'],
    ['host_rsa', 'rsa'],
    ['id', 'ed25519'],
    ['other', 'ed25519'],
  ] as const)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file(name)]);
  execFileSync('cp', [file('id.pub'), file('authorized_keys')]);
  const port = await freePort();
  const text = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `HostKey ${file('host_rsa')}`,
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    `PidFile none`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    ...options,
  ];
  writeFileSync(file('sshd_config'), `${text.join('\n')}\n`);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const child: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], {
    stdio: 'ignore',
  });
  await listening(port);
  const hostPublicKey = execFileSync('cat', [file('host.pub')], { encoding: 'utf8' }).trim();
  const knownHosts = file('known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${hostPublicKey}\n`);
  return {
    directory,
    port,
    hostPublicKey,
    identity: file('id'),
    knownHosts,
    config: (changes = {}) => ({
      ...HOST_DEFAULTS,
      alias: 'local',
      hostName: '127.0.0.1',
      port,
      user: userInfo().username,
      identityFiles: [file('id')],
      identitiesNamed: true,
      identitiesOnly: true,
      agent: null,
      userKnownHostsFiles: [knownHosts],
      globalKnownHostsFiles: [],
      hostKeyAlias: null,
      strictHostKeyChecking: 'ask',
      connectTimeoutSeconds: 10,
      serverAliveIntervalSeconds: 1,
      serverAliveCountMax: 2,
      ...changes,
    }),
    stop: () => {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A TCP proxy that can fall silent: what a laptop behind a dead link sees, and what its target sees. */
export interface SilentProxy {
  readonly port: number;
  /** From now on nothing passes, in either direction, and nobody is told. */
  silence(): void;
  close(): void;
}

export async function startSilentProxy(targetPort: number): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection(targetPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.on('data', (chunk) => void (!silent && far.write(chunk)));
    far.on('data', (chunk) => void (!silent && near.write(chunk)));
    near.on('close', () => void (!silent && far.destroy()));
    far.on('close', () => void (!silent && near.destroy()));
  });
  let silent = false;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      silent = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`sshd did not listen on ${port}`);
}
