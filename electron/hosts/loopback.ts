import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, resolve, sep } from 'node:path';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { Fail } from '../../shared/contract/failure.ts';
import { serveBackend } from '../../shared/contract/rpc.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import type { Page } from '../../shared/contract/api.ts';
import type { BackendClient } from '../backend/index.ts';

export interface LoopbackHost {
  /** The address with its ticket, which opens the app once. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Unsent bytes of a slow page at which it is dropped: credits hold the stream back long before. */
const MAX_UNSENT_BYTES = 64 << 20;
const MAX_MESSAGE_BYTES = 4 << 20;

/**
 * The app on 127.0.0.1. Whoever opens the URL first exchanges its ticket for a cookie of this port
 * (cookies are not port-scoped, so its name holds the port); everything else needs the cookie. The Host
 * header must be this very address (a rebound DNS name is refused), and a socket's Origin must be ours.
 */
export async function startLoopback(
  backend: { open(page: Page): BackendClient },
  staticDirectory: string,
  port: number,
): Promise<LoopbackHost> {
  let ticket: string | null = randomBytes(32).toString('base64url');
  const firstTicket = ticket;
  const key = randomBytes(32).toString('base64url');
  let origin = '';
  let cookieName = '';

  const files = resolve(staticDirectory);

  const hasCookie = (request: IncomingMessage): boolean =>
    (request.headers.cookie ?? '').split(/;\s*/).some((pair) => {
      const equals = pair.indexOf('=');
      return pair.slice(0, equals) === cookieName && same(pair.slice(equals + 1), key);
    });

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Cache-Control', 'no-store');
    if (`http://${request.headers.host}` !== origin)
      return plain(response, 421, 'This is not the host you meant.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(response, 405, 'Only GET.');
    const url = new URL(request.url ?? '/', origin);
    const given = url.searchParams.get('ticket');
    if (given !== null && !hasCookie(request)) {
      if (ticket === null || !same(given, ticket))
        return plain(
          response,
          403,
          'This ticket has been used or is wrong. Start skblens serve again for a new one.',
        );
      ticket = null;
      response.setHeader('Set-Cookie', `${cookieName}=${key}; HttpOnly; SameSite=Strict; Path=/`);
    } else if (!hasCookie(request))
      return plain(response, 401, 'Open the address that skblens printed: it holds the ticket.');
    if (given !== null) {
      response.writeHead(303, { Location: '/' });
      response.end();
      return;
    }
    await sendFile(files, url.pathname, response);
  };

  const server = createServer((request, response) => {
    respond(request, response).catch(() => {
      if (!response.headersSent) plain(response, 500, 'skblens failed to answer.');
      else response.destroy();
    });
  });
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const closers = new Set<() => Promise<void>>();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined);
    const refuse = (status: string): void =>
      void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    if (`http://${request.headers.host}` !== origin) return refuse('421 Misdirected Request');
    if (request.headers.origin !== origin || !hasCookie(request) || request.url !== '/ws')
      return refuse('403 Forbidden');
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      let close: () => Promise<void> = async () => undefined;
      serveBackend(webSocketTransport(webSocket), (page) => {
        const client = backend.open(page);
        close = () => client.close();
        closers.add(close);
        return client.handlers;
      });
      // Among them a message over the limit: ws closes the socket itself.
      webSocket.on('error', () => undefined);
      webSocket.on('close', () => {
        closers.delete(close);
        void close();
      });
    });
  });

  await new Promise<void>((done, reject) => {
    server.once('error', (error) => reject(new Fail('port-unavailable', { port, message: error.message })));
    server.listen(port, '127.0.0.1', done);
  });
  const bound = (server.address() as AddressInfo).port;
  origin = `http://127.0.0.1:${bound}`;
  cookieName = `skblens-${bound}`;
  return {
    url: `${origin}/?ticket=${firstTicket}`,
    port: bound,
    close: async () => {
      await Promise.all([...closers].map((close) => close()));
      for (const webSocket of sockets.clients) webSocket.terminate();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A page's socket; one that takes nothing in is dropped. */
export function webSocketTransport(socket: WebSocket): Transport {
  return {
    send: (message) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) return socket.terminate();
      socket.send(message);
    },
    onMessage: (listener) =>
      void socket.on('message', (data: Buffer, isBinary) =>
        listener(isBinary ? data : data.toString('utf8')),
      ),
    onClose: (listener) => void socket.on('close', listener),
    close: () => socket.close(),
  };
}

/** A file below `directory`; the path has been percent-decoded once, and must stay below after normalisation. */
async function sendFile(directory: string, pathname: string, response: ServerResponse): Promise<void> {
  let path: string;
  try {
    path = normalize(decodeURIComponent(pathname === '/' ? '/index.html' : pathname));
  } catch {
    return plain(response, 400, 'Not a path.');
  }
  const file = join(directory, path);
  const type = TYPES[extname(file)];
  if (!file.startsWith(directory + sep) || path.includes('\0') || type === undefined)
    return plain(response, 404, 'There is nothing here.');
  const body = await readFile(file).catch(() => null);
  if (body === null) return plain(response, 404, 'There is nothing here.');
  response.writeHead(200, { 'Content-Type': type });
  response.end(body);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** Equality that takes the same time wherever the first difference is. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
