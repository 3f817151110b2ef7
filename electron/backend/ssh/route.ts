import { createConnection, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { Fail, assertNever, failureOf } from '../../../shared/contract/failure.ts';
import type { ConnectLog } from './asker.ts';
import type { HostConfig } from './config.ts';
import { startProxyCommand } from './proxy-command.ts';
import { visible } from './visible.ts';

/** A connection to a jump host, as far as the way through it needs one. */
export interface Hop {
  /** A stream to a port as the jump host sees it (direct-tcpip, RFC 4254 section 7.2). */
  forward(host: string, port: number): Promise<Duplex>;
  onLost(listener: (failure: Fail) => void): void;
  close(): void;
}

/** How a host is reached. The way stays up between two dials, so that a jump host is asked about once. */
export interface Route {
  /** A new stream to the port of sshd, telling `say` of the name's resolution; throws a `Fail` that says on which leg it failed. */
  dial(say?: ConnectLog): Promise<Duplex>;
  /** What broke on the way after it stood; null while nothing did. */
  failure(): Fail | null;
  /** Ends what lies on the way: jump hosts, from the last to the first. Streams die with it. */
  close(): void;
}

/** Makes the way to `config`: connects its jump hosts by `connectHop`, in order. Leaves nothing open when it throws. */
export async function openRoute(
  config: HostConfig,
  connectHop: (hop: HostConfig) => Promise<Hop>,
  signal: AbortSignal | undefined,
): Promise<Route> {
  const { route } = config;
  switch (route.kind) {
    case 'direct':
      return { dial: (say) => openSocket(config, signal, say), failure: () => null, close: () => undefined };
    case 'command':
      return {
        dial: async () => startProxyCommand(route.command, config.alias),
        failure: () => null,
        close: () => undefined,
      };
    case 'jump': {
      const hop = await connectHop(route.via).catch((error: unknown) => {
        throw hopFailure(error, route.via, config);
      });
      let lost: Fail | null = null;
      hop.onLost((failure) => {
        lost = hopFailure(failure, route.via, config) as Fail;
      });
      return {
        dial: () => throughHop(hop, route.via, config),
        failure: () => lost,
        close: () => hop.close(),
      };
    }
    default:
      return assertNever(route);
  }
}

async function throughHop(hop: Hop, via: HostConfig, config: HostConfig): Promise<Duplex> {
  return hop.forward(config.hostName, config.port).catch((error: unknown) => {
    throw new Fail('jump-forward-failed', {
      hop: via.alias,
      host: config.hostName,
      port: config.port,
      message: whyRefused(error as Error & { reason?: unknown }),
    });
  });
}

/** What sshd says of a channel that it does not open (RFC 4254 section 5.1): the number says more than its words. */
function whyRefused({ message, reason }: Error & { reason?: unknown }): string {
  const words = message.replace(/^\(SSH\) Channel open failure: /, '');
  const name = { 1: 'administratively prohibited', 2: 'connect failed' }[Number(reason)];
  return visible(name === undefined ? words : `${name} (${words})`);
}

/** The failure of a hop, the hop named; one that came through further hops names the one that failed. */
function hopFailure(error: unknown, via: HostConfig, config: HostConfig): Error {
  if (!(error instanceof Fail)) return error as Error;
  const inner = failureOf(error);
  const { code, values, detail } = inner;
  if (code === 'cancelled' || code === 'jump-forward-failed') return error;
  if (code === 'jump-host-failed')
    return new Fail(code, { ...values, host: config.alias }, detail, inner.cause ?? null);
  return new Fail('jump-host-failed', { hop: via.alias, host: config.alias, code }, detail, inner);
}

function openSocket(
  config: HostConfig,
  signal: AbortSignal | undefined,
  say: ConnectLog | undefined,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Fail('cancelled'));
    const version = isIP(config.hostName);
    if (version !== 0 && config.addressFamily !== 0 && version !== config.addressFamily) {
      const message = `AddressFamily asks for IPv${config.addressFamily}`;
      return reject(new Fail('host-not-found', { host: config.hostName, message }));
    }
    if (version === 0) say?.('resolving', { host: config.hostName });
    const socket = createConnection({
      host: config.hostName,
      port: config.port,
      noDelay: true,
      family: config.addressFamily,
      ...(config.bindAddress === null ? {} : { localAddress: config.bindAddress }),
    });
    socket.on('lookup', (error, address) => {
      if (!error) say?.('resolved', { host: config.hostName, address });
    });
    const finish = (failure: Fail | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      if (failure === null) return resolve(socket);
      socket.on('error', () => undefined);
      socket.destroy();
      reject(failure);
    };
    const abort = (): void => finish(new Fail('cancelled'));
    const timer = setTimeout(
      () => finish(new Fail('connect-timeout', { ...where(config), seconds: config.connectTimeoutSeconds })),
      config.connectTimeoutSeconds * 1000,
    );
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', (error: NodeJS.ErrnoException) => finish(classifySocket(error, config)));
    socket.once('connect', () => finish(null));
  });
}

function classifySocket(error: NodeJS.ErrnoException, config: HostConfig): Fail {
  switch (error.code) {
    case 'ECONNREFUSED':
      return new Fail('connect-refused', where(config));
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Fail('host-not-found', { host: config.hostName, message: error.code });
    case 'ETIMEDOUT':
      return new Fail('connect-timeout', { ...where(config), seconds: config.connectTimeoutSeconds });
    default:
      return new Fail('connect-failed', { ...where(config), message: error.message });
  }
}

function where(config: HostConfig): { host: string; port: number } {
  return { host: config.hostName, port: config.port };
}
