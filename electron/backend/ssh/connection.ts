import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type {
  AnyAuthMethod,
  CipherAlgorithm,
  KexAlgorithm,
  MacAlgorithm,
  ParsedKey,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import { assertNever, Fail } from '../../../shared/contract/failure.ts';
import type { SecretStore } from '../secret-store.ts';
import { ALGORITHMS } from './algorithms.ts';
import { socketAgent } from './agent.ts';
import type { AgentClient } from './agent.ts';
import { connectLog } from './asker.ts';
import type { Asker } from './asker.ts';
import { Authentication } from './auth.ts';
import type { AuthMethod } from './auth.ts';
import { wrapChannel } from './channel.ts';
import type { Channel, WrappedChannel } from './channel.ts';
import type { HostConfig } from './config.ts';
import { classify, where } from './connect-failure.ts';
import { ConnectTimer } from './connect-timer.ts';
import type { KeyParser } from './identity.ts';
import { fingerprint, keyType } from './known-hosts.ts';
import type { HostKeyVerdict } from './known-hosts.ts';
import { HostTrust } from './host-trust.ts';
import { rsaBits } from './public-key.ts';
import { openRoute } from './route.ts';
import type { Route } from './route.ts';
import { visible } from './visible.ts';

export type { Channel, ChannelExit } from './channel.ts';

export interface ExecOptions {
  /** Give the command a terminal; stderr then comes with stdout. */
  readonly pty?: boolean;
}

export interface Connection {
  readonly config: HostConfig;
  readonly hostKey: string;
  /** Starts a command; throws `channel-refused` or `connection-lost`. */
  exec(command: string, options?: ExecOptions): Promise<Channel>;
  /** A stream to a port as the host sees it: how a jump host is used. Throws `connection-lost`, or an error with sshd's reason. */
  forward(host: string, port: number): Promise<Duplex>;
  /** Called once, when the connection has gone away without being asked to. */
  onLost(listener: (failure: Fail) => void): void;
  close(): void;
}

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
  const first = await attempt(route, config, null, asker, signal);
  if (first.kind === 'connected') return first.connection;
  const { key, trust } = first;
  const refused = trust.refusal(key, first.verdict);
  if (config.strictHostKeyChecking === 'yes') throw refused;
  let save = config.strictHostKeyChecking !== 'ask';
  if (config.strictHostKeyChecking === 'ask') {
    const answer = config.batchMode ? 'cancel' : await asker.hostKey(trust.question(key));
    if (answer !== 'once' && answer !== 'save') throw refused;
    save = answer === 'save';
  }
  const second = await attempt(route, config, key, asker, signal);
  if (second.kind === 'unknown-host-key') throw refused;
  if (save)
    await trust.save(key).catch((error: unknown) => {
      second.connection.close();
      throw error;
    });
  return second.connection;
}

type Attempt =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | {
      readonly kind: 'unknown-host-key';
      readonly key: Buffer;
      readonly verdict: Extract<HostKeyVerdict, { kind: 'unknown' }>;
      readonly trust: HostTrust;
    };

async function attempt(
  route: Route,
  config: HostConfig,
  pinned: Buffer | null,
  asker: Asker,
  signal: AbortSignal | undefined,
): Promise<Attempt> {
  const log = connectLog(asker, config.alias);
  const trust = await HostTrust.load(config);
  const timer = new ConnectTimer(config.connectTimeoutSeconds);
  const ask = asker.secret?.bind(asker) ?? null;
  const authentication = new Authentication(config, {
    parser: KEY_PARSER,
    agent: openAgent,
    ask: config.batchMode || ask === null ? null : (question) => timer.pausedFor(ask(question)),
    passphrases: asker.passphrases ?? new Map<string, string>(),
    secrets: asker.secrets === undefined ? null : pausing(asker.secrets, timer),
    log: log('authentication'),
  });
  await authentication.prepare();
  log('connect')('connecting', where(config));
  const socket = await route.dial(log('connect'));
  log('connect')('connected');
  const client = new ssh2.Client();

  return new Promise<Attempt>((resolve, reject) => {
    let presented: Buffer | null = pinned;
    let verdict: Attempt | Fail | null = null;
    let ready = false;
    let ended = false;
    let lost: Fail | null = null;
    let closed = false;
    const lostListeners: ((failure: Fail) => void)[] = [];
    const channels = new Set<WrappedChannel>();

    const finish = (result: Attempt | Fail): void => {
      verdict ??= result;
      client.end();
      socket.destroy();
    };
    timer.start(() =>
      finish(new Fail('connect-timeout', { ...where(config), seconds: config.connectTimeoutSeconds })),
    );
    const abort = (): void => finish(new Fail('cancelled'));
    signal?.addEventListener('abort', abort, { once: true });

    client.on('error', (error: Error & { level?: string }) => {
      if (error instanceof Fail && !ready) verdict ??= error;
      else if (error.message.endsWith(UNSIGNED)) return;
      else if (ready) lost ??= new Fail('connection-lost', { host: config.alias, message: error.message });
      else verdict ??= classify(error, config, authentication);
    });
    client.on('close', () => {
      signal?.removeEventListener('abort', abort);
      timer.stop();
      if (!ready) {
        ended = true;
        const failure =
          verdict ?? new Fail('connect-failed', { ...where(config), message: 'closed during the handshake' });
        if (failure instanceof Fail) reject(failure);
        else resolve(failure);
        return;
      }
      for (const channel of channels) channel.release();
      const asked = closed;
      closed = true;
      // A jump host that is lost says so after its streams have ended.
      setImmediate(() => {
        const broken = route.failure();
        route.close();
        if (asked) return;
        const message = broken?.message ?? 'the other side closed it';
        const failure =
          broken === null && lost ? lost : new Fail('connection-lost', { host: config.alias, message });
        for (const listener of lostListeners) listener(failure);
      });
    });
    client.on('banner', (text: string) => log('authentication')('banner', { text: visible(text).trim() }));
    client.once('handshake', ({ kex, serverHostKey: hostKey, cs }) =>
      log('key-exchange')('key-exchange', { kex, hostKey, cipher: cs.cipher }),
    );
    client.on('change password', (prompt: string) =>
      finish(
        new Fail('password-expired', {
          user: config.user,
          host: config.alias,
          message: visible(prompt).trim(),
        }),
      ),
    );
    client.on('ready', () => {
      timer.stop();
      authentication.succeeded();
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
        exec: (command, options) => openChannel(client, config, command, options ?? {}, isOpen, channels),
        onLost: (listener) => lostListeners.push(listener),
        close: end,
      };
      resolve({ kind: 'connected', connection });
    });
    client.connect({
      sock: socket,
      username: config.user,
      // Ours stands still while a person is asked; that of ssh2 would not.
      readyTimeout: 0,
      keepaliveInterval: config.serverAliveIntervalSeconds * 1000,
      keepaliveCountMax: config.serverAliveCountMax,
      algorithms: {
        kex: [...(config.algorithms.kex ?? ALGORITHMS.kex.offered)] as KexAlgorithm[],
        serverHostKey: trust.algorithms() as ServerHostKeyAlgorithm[],
        cipher: [...(config.algorithms.cipher ?? ALGORITHMS.cipher.offered)] as CipherAlgorithm[],
        hmac: [...(config.algorithms.mac ?? ALGORITHMS.mac.offered)] as MacAlgorithm[],
        compress: ['none'],
      },
      // Synchronous, and never returning a value: ssh2 takes anything but an explicit false for consent.
      hostVerifier: (key: Buffer, verify: (accepted: boolean) => void): void => {
        if (presented !== null) return verify(presented.equals(key));
        const bits = rsaBits(key);
        if (bits !== null && bits < config.requiredRsaBits) {
          verdict = new Fail('host-key-too-short', { ...where(config), bits, least: config.requiredRsaBits });
          return verify(false);
        }
        const judged = trust.judge(key);
        log('host-key')(`host-key-${judged.kind}`, { type: keyType(key), fingerprint: fingerprint(key) });
        if (judged.kind === 'known') {
          presented = Buffer.from(key);
          return verify(true);
        }
        verdict =
          judged.kind === 'unknown'
            ? { kind: 'unknown-host-key', key: Buffer.from(key), verdict: judged, trust }
            : trust.refusal(key, judged);
        verify(false);
      },
      authHandler: (left: readonly string[] | null, partial, next) => {
        if (pending === null) proceed(left, partial === true, next);
        else sendSigned(left, next);
      },
    });

    /** A key whose signature is being made: ssh2 wants it at once, so it is told no, and asked to try the same key again. */
    let pending: { readonly method: AnyAuthMethod; readonly signing: Promise<Buffer> } | null = null;
    let signature: Buffer | null = null;
    const connectFailed = (error: unknown): Fail =>
      new Fail('connect-failed', { ...where(config), message: (error as Error).message });

    function proceed(left: readonly string[] | null, partial: boolean, next: NextAuth): void {
      authentication.next(left, partial).then(
        (method) => {
          if (!ended) next(method === null ? (false as never) : toSsh2(method));
        },
        (error: unknown) => finish(error instanceof Fail ? error : connectFailed(error)),
      );
    }

    function sendSigned(left: readonly string[] | null, next: NextAuth): void {
      const waiting = pending;
      pending = null;
      waiting?.signing.then(
        (made) => {
          signature = made;
          if (!ended) next(waiting.method);
        },
        (error: unknown) => {
          if (error instanceof Fail) return finish(error);
          authentication.notSigned((error as Error).message);
          proceed(left, false, next);
        },
      );
    }

    function toSsh2(method: AuthMethod): AnyAuthMethod {
      const username = config.user;
      switch (method.kind) {
        case 'none':
          return { type: 'none', username };
        case 'password':
          return { type: 'password', username, password: method.password };
        case 'keyboard-interactive':
          return {
            type: 'keyboard-interactive',
            username,
            prompt: (name, instructions, _language, prompts, answer) => {
              method.answer(name, instructions, prompts).then(
                (answers) => void (ended || answer([...answers])),
                (error: unknown) => finish(error instanceof Fail ? error : connectFailed(error)),
              );
            },
          };
        case 'publickey': {
          const publicHalf = ssh2.utils.parseKey(method.blob);
          if (publicHalf instanceof Error) return { type: 'none', username };
          const result: AnyAuthMethod = { type: 'publickey', username, key: publicHalf };
          Object.assign(publicHalf, {
            isPrivateKey: () => true,
            sign: (data: Buffer, hash?: string) => {
              const made = signature;
              signature = null;
              if (made !== null) return made;
              pending = {
                method: result,
                signing: timer.pausedFor(
                  publicHalf.type === 'ssh-rsa'
                    ? signRsa(method, data, hash, config)
                    : method.sign(Buffer.from(data), hash ?? null),
                ),
              };
              pending.signing.catch(() => undefined);
              return new Error(UNSIGNED);
            },
          });
          return result;
        }
        default:
          return assertNever(method);
      }
    }
  });
}

/**
 * RFC 8332: the hash is part of the algorithm's name. ssh2 chooses, always rsa-sha2-256 where the server takes it;
 * a config that wants rsa-sha2-512 alone is told so.
 */
async function signRsa(
  method: AuthMethod & { kind: 'publickey' },
  data: Buffer,
  hash: string | undefined,
  config: HostConfig,
): Promise<Buffer> {
  if (hash === undefined || hash === 'sha1')
    throw new Error('the server takes only SHA-1 signatures of this key');
  const algorithm = `rsa-sha2-${hash.replace('sha', '')}`;
  if (config.publicKeyAlgorithms.includes(algorithm)) return method.sign(Buffer.from(data), hash);
  throw new Error(`ssh2 would sign with ${algorithm}, which PubkeyAcceptedAlgorithms does not name`);
}

type NextAuth = (method: AnyAuthMethod) => void;

/** What ssh2 is told while a signature is being made. */
const UNSIGNED = 'not signed yet';

const KEY_PARSER: KeyParser = {
  module: createRequire(import.meta.url).resolve('ssh2'),
  parse: (text) => {
    const parsed: unknown = ssh2.utils.parseKey(text);
    const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
    if (key instanceof Error) throw key;
    return key.getPrivatePEM();
  },
};

/** A keychain may ask to be unlocked: that takes as long as a person does. */
function pausing(secrets: SecretStore, timer: ConnectTimer): SecretStore {
  return {
    ...secrets,
    available: () => timer.pausedFor(secrets.available()),
    read: (key) => timer.pausedFor(secrets.read(key)),
    write: (key, secret) => timer.pausedFor(secrets.write(key, secret)),
  };
}

/** Pageant speaks through a window, which ssh2 knows how to do; every other agent through a socket or pipe. */
function openAgent(path: string): AgentClient {
  if (path !== 'pageant') return socketAgent(path);
  const agent = ssh2.createAgent(path);
  return {
    keys: () =>
      new Promise((resolve, reject) => {
        agent.getIdentities((error, keys) => {
          if (error) return reject(error);
          resolve(
            (keys as readonly ParsedKey[]).map((key) => ({ blob: key.getPublicSSH(), comment: key.comment })),
          );
        });
      }),
    sign: (blob, data, hash) =>
      new Promise((resolve, reject) => {
        const options = hash === null ? {} : { hash: hash as 'sha256' };
        agent.sign(blob, data, options, (error, signed) => {
          if (error || signed === undefined) reject(error ?? new Error('it did not sign'));
          else resolve(signed);
        });
      }),
  };
}

function openChannel(
  client: ssh2.Client,
  config: HostConfig,
  command: string,
  options: ExecOptions,
  isOpen: () => boolean,
  channels: Set<WrappedChannel>,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const lost = (): void =>
      reject(new Fail('connection-lost', { host: config.alias, message: 'it is closed' }));
    if (!isOpen()) return lost();
    try {
      client.exec(command, options.pty === true ? { pty: true } : {}, (error, stream) => {
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
