import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { AnyAuthMethod, ClientChannel, ParsedKey, ServerHostKeyAlgorithm } from 'ssh2';
import type { HostKeyAnswer, HostKeyQuestion } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { HostConfig } from './config.ts';
import {
  appendKnownHost,
  fingerprint,
  judgeHostKey,
  keyType,
  knownKeyTypes,
  lookupName,
  readKnownHosts,
} from './known-hosts.ts';
import { openRoute } from './route.ts';
import type { Route } from './route.ts';

/** What must be asked of a person while connecting. */
export interface Asker {
  hostKey(question: HostKeyQuestion): Promise<HostKeyAnswer>;
}

/** How a remote command ended; `code` null means that the connection went away first: never success. */
export interface ChannelExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * A running remote command. Both outputs flow from the moment a listener is set; pausing stops
 * stdout at the SSH window (2 MB), and the target then blocks on its pipe.
 */
export interface Channel {
  write(data: string | Uint8Array): void;
  /** Ends the command's standard input. */
  end(): void;
  onStdout(listener: (chunk: Buffer) => void): void;
  onStderr(listener: (chunk: Buffer) => void): void;
  pause(): void;
  resume(): void;
  /** Drops the channel: its last output is lost. To stop a leashed command use the leash. */
  close(): void;
  readonly exit: Promise<ChannelExit>;
}

export interface Connection {
  readonly config: HostConfig;
  readonly hostKey: string;
  /** Starts a command; throws `channel-refused` or `connection-lost`. */
  exec(command: string): Promise<Channel>;
  /** A stream to a port as the host sees it: how a jump host is used. Throws `connection-lost`, or an error with sshd's reason. */
  forward(host: string, port: number): Promise<Duplex>;
  /** Called once, when the connection has gone away without being asked to. */
  onLost(listener: (failure: Fail) => void): void;
  close(): void;
}

/** ssh2 would offer SHA-1 signatures, SHA-1 MACs and ciphers that Electron's BoringSSL lacks. */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;
const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;
const HOST_KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/**
 * Connects and authenticates. The host key is judged before anything is sent; an unknown key ends
 * the attempt, the user is asked, and a new connection is made with that key pinned, so that no
 * handshake waits for a person. Throws a `Fail`; leaves nothing open when it does.
 */
export async function connect(config: HostConfig, asker: Asker, signal?: AbortSignal): Promise<Connection> {
  const route = await openRoute(config, (hop) => connect(hop, asker, signal), signal);
  try {
    return await connectThrough(route, config, asker, signal);
  } catch (error) {
    route.close();
    throw error;
  }
}

async function connectThrough(
  route: Route,
  config: HostConfig,
  asker: Asker,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const first = await attempt(route, config, null, signal);
  if (first.kind === 'connected') return first.connection;
  const { key } = first;
  const values = {
    host: lookupName(config.hostName, config.port),
    type: keyType(key),
    fingerprint: fingerprint(key),
  };
  const file = config.userKnownHostsFiles[0] ?? '';
  let save = config.strictHostKeyChecking === 'accept-new' || config.strictHostKeyChecking === 'no';
  if (config.strictHostKeyChecking === 'yes') throw new Fail('host-key-unknown', values);
  if (config.strictHostKeyChecking === 'ask') {
    const answer = await asker.hostKey({ ...values, file });
    if (answer !== 'once' && answer !== 'save') throw new Fail('host-key-unknown', values);
    save = answer === 'save';
  }
  const second = await attempt(route, config, key, signal);
  if (second.kind === 'unknown-host-key') throw new Fail('host-key-unknown', values);
  if (save && file !== '')
    await appendKnownHost(
      file,
      config.hostKeyAlias ?? config.hostName,
      config.hostKeyAlias ? 22 : config.port,
      key,
    ).catch((error: unknown) => {
      second.connection.close();
      throw new Fail('file-unwritable', { file, message: (error as Error).message });
    });
  return second.connection;
}

type Attempt =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'unknown-host-key'; readonly key: Buffer };

async function attempt(
  route: Route,
  config: HostConfig,
  pinned: Buffer | null,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const known = await readKnownHosts([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles]);
  const name = config.hostKeyAlias ?? config.hostName;
  const port = config.hostKeyAlias === null ? config.port : 22;
  const credentials = await gatherCredentials(config);
  const socket = await route.dial();
  const offered: string[] = [];
  const client = new ssh2.Client();

  return new Promise<Attempt>((resolve, reject) => {
    let presented: Buffer | null = pinned;
    let verdict: Attempt | Fail | null = null;
    let ready = false;
    let lost: Fail | null = null;
    let closed = false;
    const lostListeners: ((failure: Fail) => void)[] = [];
    const channels = new Set<WrappedChannel>();

    const finish = (result: Attempt | Fail): void => {
      verdict = result;
      client.end();
      socket.destroy();
    };
    const abort = (): void => finish(new Fail('cancelled'));
    signal?.addEventListener('abort', abort, { once: true });

    client.on('error', (error: Error & { level?: string }) => {
      if (error instanceof Fail && !ready) verdict ??= error;
      else if (error.level === 'agent') offered.push(`agent (${error.message})`);
      else if (ready) lost ??= new Fail('connection-lost', { host: config.alias, message: error.message });
      else verdict ??= classify(error, config, offered);
    });
    client.on('close', () => {
      signal?.removeEventListener('abort', abort);
      if (!ready) {
        const failure =
          verdict ?? new Fail('connect-failed', { ...where(config), message: 'closed during the handshake' });
        if (failure instanceof Fail) reject(failure);
        else resolve(failure);
        return;
      }
      for (const channel of channels) channel.release();
      route.close();
      if (closed) return;
      closed = true;
      const failure =
        lost ?? new Fail('connection-lost', { host: config.alias, message: 'the other side closed it' });
      for (const listener of lostListeners) listener(failure);
    });
    client.on('ready', () => {
      if (presented === null)
        return finish(new Fail('connect-failed', { ...where(config), message: 'no host key was seen' }));
      ready = true;
      signal?.removeEventListener('abort', abort);
      const end = (): void => {
        closed = true;
        client.end();
        setTimeout(() => socket.destroy(), 1000).unref();
      };
      const isOpen = (): boolean => !closed;
      const connection: Connection = {
        config,
        hostKey: fingerprint(presented),
        forward: (host, port) => openForward(client, config, host, port, isOpen),
        exec: (command) => openChannel(client, config, command, isOpen, channels),
        onLost: (listener) => lostListeners.push(listener),
        close: end,
      };
      resolve({ kind: 'connected', connection });
    });
    client.connect({
      sock: socket,
      username: config.user,
      readyTimeout: config.connectTimeoutSeconds * 1000,
      keepaliveInterval: config.serverAliveIntervalSeconds * 1000,
      keepaliveCountMax: config.serverAliveCountMax,
      algorithms: {
        serverHostKey: orderHostKeyTypes(knownKeyTypes(known, name, port)),
        cipher: [...CIPHERS],
        hmac: [...MACS],
        compress: ['none'],
      },
      // Synchronous, and never returning a value: ssh2 takes anything but an explicit false for consent.
      hostVerifier: (key: Buffer, verify: (accepted: boolean) => void): void => {
        if (presented !== null) return verify(presented.equals(key));
        const judged = judgeHostKey(known, name, port, key);
        if (judged.kind === 'known') {
          presented = Buffer.from(key);
          return verify(true);
        }
        const values = { host: lookupName(name, port), type: keyType(key), fingerprint: fingerprint(key) };
        verdict =
          judged.kind === 'unknown'
            ? { kind: 'unknown-host-key', key: Buffer.from(key) }
            : judged.kind === 'revoked'
              ? new Fail('host-key-revoked', { ...values, file: judged.file, line: judged.line })
              : new Fail('host-key-changed', {
                  ...values,
                  file: judged.file,
                  line: judged.line,
                  known: judged.known,
                  lookup: lookupName(name, port),
                });
        verify(false);
      },
      authHandler: (_left, _partial, next) => {
        const credential = credentials.shift();
        if (credential === undefined) return next(false as never);
        offered.push(credential.label);
        next(credential.method);
      },
    });
  });
}

interface Credential {
  readonly label: string;
  readonly method: AnyAuthMethod;
}

/** Key files first where they were named, the agent before default files, as a person expects of ssh. */
async function gatherCredentials(config: HostConfig): Promise<Credential[]> {
  const files: Credential[] = [];
  for (const file of config.identityFiles) {
    const key = await loadIdentity(file, config.identitiesNamed);
    if (key === null) continue;
    const label = `${key.type} ${fingerprint(key.getPublicSSH())} (${file})`;
    files.push({ label, method: { type: 'publickey', username: config.user, key } });
  }
  const agent: Credential[] =
    config.agent === null || config.identitiesOnly
      ? []
      : [
          {
            label: `agent ${config.agent}`,
            method: { type: 'agent', username: config.user, agent: config.agent },
          },
        ];
  return config.identitiesNamed ? [...files, ...agent] : [...agent, ...files];
}

async function loadIdentity(file: string, named: boolean): Promise<ParsedKey | null> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    if (!named) return null;
    throw new Fail('identity-unreadable', { file, message: (error as Error).message });
  }
  const parsed: unknown = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? (parsed[0] as unknown) : parsed;
  if (!(key instanceof Error)) return key as ParsedKey;
  const encrypted = /encrypted|passphrase/i.test(key.message);
  if (!named) return null;
  throw new Fail(encrypted ? 'identity-encrypted' : 'identity-unreadable', { file, message: key.message });
}

function openChannel(
  client: ssh2.Client,
  config: HostConfig,
  command: string,
  isOpen: () => boolean,
  channels: Set<WrappedChannel>,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const lost = (): void =>
      reject(new Fail('connection-lost', { host: config.alias, message: 'it is closed' }));
    if (!isOpen()) return lost();
    try {
      client.exec(command, (error, stream) => {
        if (!isOpen()) return lost();
        if (error) return reject(new Fail('channel-refused', { host: config.alias, message: error.message }));
        const channel = wrapChannel(stream);
        channels.add(channel);
        void channel.exit.then(() => channels.delete(channel));
        resolve(channel);
      });
    } catch {
      lost();
    }
  });
}

function openForward(
  client: ssh2.Client,
  config: HostConfig,
  host: string,
  port: number,
  isOpen: () => boolean,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const lost = (): void =>
      reject(new Fail('connection-lost', { host: config.alias, message: 'it is closed' }));
    if (!isOpen()) return lost();
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (!isOpen()) return lost();
        if (error) return reject(error);
        resolve(stream);
      });
    } catch {
      lost();
    }
  });
}

interface WrappedChannel extends Channel {
  /** The connection has gone: ssh2 never closes a channel that stands paused, so what has come is let through. */
  release(): void;
}

function wrapChannel(stream: ClientChannel): WrappedChannel {
  let code: number | null = null;
  let signalName: string | null = null;
  let released = false;
  stream.on('exit', (status: number | null, name?: string) => {
    code = status ?? null;
    signalName = name ?? null;
  });
  stream.on('error', () => undefined);
  stream.stderr.on('error', () => undefined);
  const exit = new Promise<ChannelExit>((resolve) => {
    stream.on('close', () => resolve({ code, signal: signalName }));
  });
  return {
    write: (data) => void (stream.writable && stream.write(data)),
    end: () => void (stream.writable && stream.end()),
    onStdout: (listener) => void stream.on('data', listener),
    onStderr: (listener) => void stream.stderr.on('data', listener),
    pause: () => void (released || stream.pause()),
    resume: () => void stream.resume(),
    close: () => stream.close(),
    release: () => {
      released = true;
      stream.resume();
      stream.stderr.resume();
    },
    exit,
  };
}

/** The types on file first: offered another type first, a known host would present a key that looks changed. */
function orderHostKeyTypes(known: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (type: string): boolean => known.includes(type.startsWith('rsa-sha2') ? 'ssh-rsa' : type);
  return [...HOST_KEY_TYPES.filter(isKnown), ...HOST_KEY_TYPES.filter((type) => !isKnown(type))];
}

function where(config: HostConfig): { host: string; port: number } {
  return { host: config.hostName, port: config.port };
}

function classify(error: Error & { level?: string }, config: HostConfig, offered: readonly string[]): Fail {
  const values = { host: config.alias, message: error.message };
  switch (error.level) {
    case 'client-authentication':
      return new Fail('authentication-failed', {
        user: config.user,
        host: config.alias,
        offered: offered.length === 0 ? 'there was none to offer' : offered.join('; '),
      });
    case 'client-timeout':
      return new Fail('connect-timeout', { ...where(config), seconds: config.connectTimeoutSeconds });
    case 'handshake':
      return new Fail('ssh-handshake-failed', values);
    default:
      return new Fail('connect-failed', { ...where(config), message: error.message });
  }
}
