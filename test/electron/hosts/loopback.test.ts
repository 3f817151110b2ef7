import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { createBackend } from '../../../electron/backend/index.ts';
import type { BackendClient } from '../../../electron/backend/index.ts';
import { startLoopback, webSocketTransport } from '../../../electron/hosts/loopback.ts';
import type { LoopbackHost } from '../../../electron/hosts/loopback.ts';
import type { Backend, Page, PageEvents, PageQuestions } from '../../../shared/contract/api.ts';
import { failureOf } from '../../../shared/contract/failure.ts';
import { connectBackend } from '../../../shared/contract/rpc.ts';
import type { Transport } from '../../../shared/contract/transport.ts';
import { transportSuite } from '../../support/transport-suite.ts';

let directory = '';
let site = '';
let host: LoopbackHost;
let cookie = '';
/** Pages that the backend was opened for, and how often each was closed. */
const opened: { page: Page; closes: number }[] = [];
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

function countingBackend(): { open(page: Page): BackendClient } {
  const backend = createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: join(directory, 'profiles'),
    cacheDirectory: join(directory, 'cache'),
    ssh: { configFile: null, identityFiles: [], port: null },
    demo: null,
  });
  return {
    open: (page): BackendClient => {
      const client = backend.open(page);
      const entry = { page, closes: 0 };
      opened.push(entry);
      return {
        handlers: client.handlers,
        close: () => {
          entry.closes++;
          return client.close();
        },
      };
    },
  };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-loopback-'));
  site = join(directory, 'site');
  mkdirSync(join(site, 'assets'), { recursive: true });
  writeFileSync(join(site, 'index.html'), '<!doctype html>page');
  writeFileSync(join(site, 'assets', 'app.js'), 'code');
  writeFileSync(join(site, 'assets', 'app.js.map'), 'source map');
  writeFileSync(join(directory, 'secret.html'), 'secret');
  mkdirSync(join(directory, 'site-beside'));
  writeFileSync(join(directory, 'site-beside', 'secret.html'), 'secret');
  symlinkSync(join(directory, 'nowhere'), join(site, 'broken.html'));
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  host = await startLoopback(countingBackend(), `${site}/`, 0);
});
afterAll(async () => {
  await host.close();
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
  await rm(directory, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(path: string, options: RequestOptions = {}, port = host.port): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { headers, ...others } = options;
    request(
      { host: '127.0.0.1', port, path, ...others, headers: { Host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      },
    )
      .on('error', reject)
      .end();
  });
}

/** Status of a refused WebSocket handshake; 101 when it was accepted, which is then closed. */
function handshake(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}${path}`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => undefined);
  });
}

const origin = (): string => `http://127.0.0.1:${host.port}`;

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, {
    headers: { Cookie: cookie, Origin: origin() },
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('close', () => reject(new Error('refused')));
  });
  return socket;
}

function asTransport(socket: WebSocket): Transport {
  return {
    send: (message) => socket.send(message),
    onMessage: (listener) =>
      void socket.on('message', (data: Buffer, isBinary) =>
        listener(isBinary ? data : data.toString('utf8')),
      ),
    onClose: (listener) => void socket.on('close', listener),
    close: () => socket.close(),
  };
}

function backendOver(socket: WebSocket): Backend {
  return connectBackend(asTransport(socket), {} as PageEvents, {} as PageQuestions, () => undefined);
}

describe('before the ticket is exchanged', () => {
  test('nothing is served, not even that a file is there', async () => {
    for (const path of ['/', '/assets/app.js', '/nothing', '/?ticket']) {
      const { status, body } = await get(path);
      expect([path, status]).toEqual([path, path === '/?ticket' ? 403 : 401]);
      expect(body).not.toContain('page');
    }
  });

  test('a wrong ticket does not use up the right one', async () => {
    expect((await get('/?ticket=wrong')).status).toBe(403);
    expect((await get(`/?ticket=${'x'.repeat(5000)}`)).status).toBe(403);
  });

  test('the right one, under another name of this machine, is refused and not used up', async () => {
    const path = host.url.slice(origin().length);
    for (const name of [
      'evil.example',
      `localhost:${host.port}`,
      '127.0.0.1',
      `127.0.0.1:${host.port}.evil.example`,
    ])
      expect((await get(path, { headers: { Host: name } })).status).toBe(421);
  });

  test('the ticket becomes a cookie, once', async () => {
    const path = host.url.slice(origin().length);
    const first = await get(path);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    const [set = ''] = first.headers['set-cookie'] ?? [];
    expect(set).toMatch(/^skblens-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    cookie = set.split(';', 1)[0] ?? '';
    const second = await get(path);
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
  });
});

describe('with the cookie', () => {
  test('the page and its files come, with headers that fence them in', async () => {
    const page = await get('/', { headers: { Cookie: cookie } });
    expect(page).toMatchObject({ status: 200, body: '<!doctype html>page' });
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = page.headers['content-security-policy'] ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|\*/);
    const code = await get('/assets/app.js', { headers: { Cookie: `a=b; ${cookie}; c=d` } });
    expect(code).toMatchObject({ status: 200, body: 'code' });
    expect(code.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect((await get('/', { method: 'HEAD', headers: { Cookie: cookie } })).body).toBe('');
  });

  test('so it is in a second tab, and the old address leads there too', async () => {
    const again = await get(host.url.slice(origin().length), { headers: { Cookie: cookie } });
    expect(again).toMatchObject({ status: 303, headers: { location: '/' } });
    expect((await get('/', { headers: { Cookie: cookie } })).status).toBe(200);
  });

  test.each([
    '/../secret.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/%2e%2e%2fsecret.html',
    '/assets/../../secret.html',
    '/assets/..%2f..%2fsecret.html',
    '/..%2fsite-beside/secret.html',
    '/..%5csecret.html',
    '/%252e%252e/secret.html',
    '//127.0.0.1/../secret.html',
    '/secret.html%00.js',
    '/index.html%00',
    '/assets',
    '/assets/',
    '/assets/app.js.map',
    '/broken.html',
    '/nothing.html',
    '/index.html/',
    '/etc/passwd',
  ])('%s is not there', async (path) => {
    const { status, body } = await get(path, { headers: { Cookie: cookie } });
    expect([path, status]).toEqual([path, 404]);
    expect(body).not.toContain('secret');
  });

  test('what is no path, no GET or another host is refused', async () => {
    const headers = { Cookie: cookie };
    expect((await get('/%zz', { headers })).status).toBe(400);
    expect((await get('/', { method: 'POST', headers })).status).toBe(405);
    expect((await get('/', { headers: { ...headers, Host: 'evil.example' } })).status).toBe(421);
    expect((await get('http://evil.example/secret.html', { headers })).status).toBe(404);
    expect([400, 404, 500]).toContain((await get('//', { headers })).status);
    for (const wrong of [
      `${cookie}x`,
      cookie.slice(0, -1),
      `x${cookie}`,
      cookie.replace(/^[^=]+/, 'skblens-1'),
      '=',
    ])
      expect((await get('/', { headers: { Cookie: wrong } })).status).toBe(401);
  });

  test('a socket needs cookie, origin, host and path', async () => {
    const right = { Cookie: cookie, Origin: origin() };
    expect(await handshake('/ws', { Origin: origin() })).toBe(403);
    expect(await handshake('/ws', { Cookie: cookie })).toBe(403);
    expect(await handshake('/ws', { ...right, Origin: 'http://evil.example' })).toBe(403);
    expect(await handshake('/ws', { ...right, Origin: 'null' })).toBe(403);
    expect(await handshake('/ws', { ...right, Origin: `http://localhost:${host.port}` })).toBe(403);
    expect(await handshake('/ws', { ...right, Cookie: `${cookie}x` })).toBe(403);
    expect(await handshake('/other', right)).toBe(403);
    expect(await handshake('/ws?x', right)).toBe(403);
    expect(await handshake('/ws', { ...right, Host: 'evil.example' })).toBe(421);
    expect(opened).toHaveLength(0);
    expect(await handshake('/ws', right)).toBe(101);
    await vi.waitFor(() => expect(opened.map(({ closes }) => closes)).toEqual([1]));
  });

  test('calls go over it, to a backend for each tab, which ends with it', async () => {
    const before = opened.length;
    const [first, second] = [await openSocket(), await openSocket()];
    expect(await backendOver(first).appInfo({})).toMatchObject({ version: 'test', shell: 'browser' });
    expect(await backendOver(second).profiles({})).toEqual([]);
    expect(opened.length).toBe(before + 2);
    first.close();
    await vi.waitFor(() => expect(opened.slice(before).map(({ closes }) => closes)).toEqual([1, 0]));
    second.terminate();
    await vi.waitFor(() => expect(opened.slice(before).map(({ closes }) => closes)).toEqual([1, 1]));
  });
});

describe('nothing that a socket does ends the host', () => {
  const alive = async (): Promise<void> => {
    const socket = await openSocket();
    expect((await backendOver(socket).appInfo({})).version).toBe('test');
    socket.close();
    expect(uncaught).toEqual([]);
  };

  test.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a number', '1'],
    ['an empty object', '{}'],
    ['an empty text', ''],
    ['a call without arguments', '{"t":"q","m":"appInfo","i":"1"}'],
    ['arguments that are none', '{"t":"q","m":"appInfo","a":"x","i":"1"}'],
    ['an unknown call', '{"t":"q","m":"nothing","a":[],"i":"1"}'],
    ['a method of every object', '{"t":"q","m":"constructor","a":[],"i":"1"}'],
    ['the prototype', '{"t":"q","m":"__proto__","a":[],"i":"1"}'],
    ['an answer to nothing', '{"t":"s","i":"nothing","r":1}'],
    ['bytes', Buffer.from([1, 2, 3])],
  ])('%s', async (_what, message) => {
    const socket = await openSocket();
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    socket.send(message);
    const info = await backendOver(socket).appInfo({});
    expect(info.version).toBe('test');
    for (const answer of answers.filter((one) => one.includes('"i":"1"')))
      expect(answer).not.toContain('"r"');
    socket.close();
    await alive();
  });

  test('a message over 4 MB closes that socket alone', async () => {
    const socket = await openSocket();
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send('x'.repeat((4 << 20) + 1));
    expect(await closed).toBe(1009);
    await alive();
  });

  test('connections that are reset in the middle of a request or of a refused upgrade', async () => {
    for (const text of [
      'GET / HTTP/1.1\r\nHost: x',
      'GET /ws HTTP/1.1\r\nHost: evil\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin()}\r\nCookie: ${cookie}\r\n\r\n`,
      'nonsense\r\n\r\n',
    ])
      for (let i = 0; i < 20; i++) {
        const socket = connect(host.port, '127.0.0.1');
        socket.on('error', () => undefined);
        await new Promise<void>((resolve) => socket.write(text, () => resolve()));
        socket.resetAndDestroy();
      }
    await new Promise((resolve) => setTimeout(resolve, 100));
    await alive();
  });
});

test('a port that is taken is said', async () => {
  const failure = await startLoopback(countingBackend(), site, host.port).then(
    () => expect.fail('it started'),
    (error: unknown) => failureOf(error),
  );
  expect(failure).toMatchObject({ code: 'port-unavailable', values: { port: host.port } });
});

test('closing the host ends what every tab had opened, and its sockets', async () => {
  const before = opened.length;
  const other = await startLoopback(countingBackend(), site, 0);
  const answer = await get(other.url.slice(`http://127.0.0.1:${other.port}`.length), {}, other.port);
  const [set = ''] = answer.headers['set-cookie'] ?? [];
  const sockets = [1, 2].map(
    () =>
      new WebSocket(`ws://127.0.0.1:${other.port}/ws`, {
        headers: { Cookie: set.split(';', 1)[0] ?? '', Origin: `http://127.0.0.1:${other.port}` },
      }),
  );
  const closed = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('open', resolve))));
  await other.close();
  await Promise.all(closed);
  expect(opened.slice(before).map(({ closes }) => closes >= 1)).toEqual([true, true]);
  await expect(get('/', {}, other.port)).rejects.toThrow();
});

/** The socket of the host as a wire: the same suite as for MessagePorts. */
transportSuite('a WebSocket of the loopback host', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const page = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => page.once('open', resolve));
  page.once('close', () => server.close());
  return { backendEnd: webSocketTransport(await accepted), pageEnd: asTransport(page) };
});
