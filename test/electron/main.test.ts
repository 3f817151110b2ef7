import type * as Electron from 'electron';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerPageRequest, isDocumentation, isOwnPage } from '../../electron/app-page.ts';
import { portChannel } from '../../shared/contract/port-channel.ts';
import type * as ElectronStub from './electron-stub.ts';

type Stub = typeof ElectronStub;

/** main.ts, run from its first line in a world of its own. */
async function launch(told: Partial<Stub['world']> = {}): Promise<Stub> {
  vi.resetModules();
  const stub = await import('./electron-stub.ts');
  Object.assign(stub.world, told);
  await import('../../electron/main.ts');
  await Promise.resolve();
  return stub;
}

function only<Item>(items: readonly Item[]): Item {
  expect(items).toHaveLength(1);
  const [item] = items;
  if (item === undefined) throw new Error('unreachable');
  return item;
}

/** What main gets when a frame of the window sends on the channel, and what that frame receives. */
function ask(stub: Stub, frame: { url: string; parent: object | null } | null, sender?: object): unknown[][] {
  const received: unknown[][] = [];
  const senderFrame = frame && {
    ...frame,
    postMessage: (...message: unknown[]) => void received.push(message),
  };
  stub.ipcMain.events.emit(portChannel, {
    sender: sender ?? stub.seen.windows[0]?.webContents,
    senderFrame,
  });
  return received;
}

const page = { url: 'skblens://app/index.html', parent: null };

describe('the window', () => {
  test('is one, sandboxed, isolated, and shows our page', async () => {
    const stub = await launch();
    const window = only(stub.seen.windows);
    expect(stub.seen.sandboxed).toBe(true);
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
    });
    expect(window.options.webPreferences?.preload).toMatch(/preload\.cjs$/);
    expect(window.webContents.address).toBe('skblens://app/index.html');
    expect(only(stub.seen.schemes)).toMatchObject({
      scheme: 'skblens',
      privileges: { standard: true, secure: true },
    });
    expect(only(stub.seen.schemes).privileges).not.toHaveProperty('bypassCSP');
    window.events.emit('ready-to-show');
    expect(window.shown).toBe(1);
  });

  test('is brought to the front by a second start, which ends itself', async () => {
    const stub = await launch();
    stub.app.events.emit('second-instance');
    expect(stub.seen.windows).toHaveLength(1);
    expect(stub.seen.focused).toBe(1);
    const second = await launch({ firstInstance: false });
    expect(second.seen.windows).toHaveLength(0);
    expect(second.seen.quits).toBe(1);
  });

  test('may be opened again after it was closed', async () => {
    const stub = await launch();
    only(stub.seen.windows).events.emit('closed');
    stub.app.events.emit('activate');
    expect(stub.seen.windows).toHaveLength(2);
  });
});

describe('the page is confined', () => {
  test.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('%s', async (name) => {
    const { webContents } = only((await launch()).seen.windows);
    const prevented = (url: string): boolean => {
      const preventDefault = vi.fn();
      webContents.events.emit(name, { url, preventDefault });
      return preventDefault.mock.calls.length === 1;
    };
    expect(prevented('skblens://app/index.html')).toBe(false);
    for (const url of [
      'https://example.org/',
      'file:///etc/passwd',
      'skblens://other/',
      'data:text/html,x',
      'nonsense',
    ])
      expect(prevented(url), url).toBe(true);
  });

  test('no webview', async () => {
    const { webContents } = only((await launch()).seen.windows);
    const preventDefault = vi.fn();
    webContents.events.emit('will-attach-webview', { preventDefault });
    expect(preventDefault).toHaveBeenCalledOnce();
  });

  test('no second window; documentation opens in the browser, nothing else does', async () => {
    const stub = await launch();
    const open = only(stub.seen.windows).webContents.windowOpen;
    const tried = (url: string) => open?.({ url } as Electron.HandlerDetails);
    const documentation = 'https://docs.kernel.org/bpf/kfuncs.html';
    for (const url of [documentation, 'https://example.org/', 'http://docs.kernel.org/', 'file:///bin/sh'])
      expect(tried(url)).toEqual({ action: 'deny' });
    expect(stub.seen.opened).toEqual([documentation]);
  });

  test('no permission but writing text to the clipboard, and that to our page only', async () => {
    const { seen } = await launch();
    const contents = (url: string) => ({ getURL: () => url }) as Electron.WebContents;
    const requested = (
      url: string,
      permission: 'clipboard-sanitized-write' | 'geolocation' | 'openExternal',
    ) => {
      let answer: boolean | null = null;
      seen.permissionRequest?.(contents(url), permission, (granted) => (answer = granted), {} as never);
      const checked = seen.permissionCheck?.(contents(url), permission, '', {} as never);
      expect(checked).toBe(answer);
      return answer;
    };
    expect(requested(page.url, 'clipboard-sanitized-write')).toBe(true);
    expect(requested('https://example.org/', 'clipboard-sanitized-write')).toBe(false);
    expect(requested(page.url, 'geolocation')).toBe(false);
    expect(requested(page.url, 'openExternal')).toBe(false);
    expect(seen.permissionCheck?.(null, 'clipboard-sanitized-write', '', {} as never)).toBe(false);
    expect(seen.deviceCheck?.({} as never)).toBe(false);
  });
});

describe('the port to the backend', () => {
  test('goes to our page, its other end to one utility process', async () => {
    const stub = await launch();
    expect(stub.seen.forked).toHaveLength(0);
    const received = ask(stub, page);
    const child = only(stub.seen.forked);
    expect(child.module).toMatch(/utility\.mjs$/);
    expect(received).toEqual([[portChannel, null, [{ name: 'port2' }]]]);
    expect(child.ports).toEqual([{ name: 'port1' }]);
    ask(stub, page);
    expect(stub.seen.forked).toHaveLength(1);
    expect(child.ports).toHaveLength(2);
  });

  test.each([
    ['a foreign page', { url: 'https://example.org/', parent: null }],
    [
      'another host of our scheme, whose origin is "null" as ours is',
      { url: 'skblens://evil/', parent: null },
    ],
    ['another scheme with our host', { url: 'https://app/', parent: null }],
    ['a file', { url: 'file:///app/index.html', parent: null }],
    ['a frame in our page', { ...page, parent: {} }],
    ['a frame that is gone', null],
  ])('is refused to %s', async (_what, frame) => {
    const stub = await launch();
    expect(ask(stub, frame)).toEqual([]);
    expect(stub.seen.forked).toHaveLength(0);
  });

  test('is refused to a page that is not in the window', async () => {
    const stub = await launch();
    expect(ask(stub, page, {})).toEqual([]);
    expect(stub.seen.forked).toHaveLength(0);
  });
});

describe('secrets of the backend', () => {
  test('are answered to the process that asks, and nothing else is', async () => {
    const stub = await launch();
    ask(stub, page);
    const child = only(stub.seen.forked);
    const answered = child.messages.length;
    for (const nonsense of [
      null,
      'x',
      { kind: 'secret-request' },
      { kind: 'secret-request', id: 1, call: {} },
    ])
      child.events.emit('message', nonsense);
    child.events.emit('message', { kind: 'secret-request', id: 7, call: { what: 'count' } });
    await vi.waitFor(() =>
      expect(child.messages.slice(answered)).toEqual([
        { kind: 'secret-reply', id: 7, error: null, value: 0 },
      ]),
    );
  });
});

describe('a backend that dies', () => {
  test('is told, and started anew for the page that asks again', async () => {
    const stub = await launch({ dialogAnswer: 0 });
    ask(stub, page);
    only(stub.seen.forked).events.emit('exit', 134);
    await vi.waitFor(() => expect(only(stub.seen.windows).webContents.reloads).toBe(1));
    expect(only(stub.seen.dialogs).message).toContain('134');
    ask(stub, page);
    expect(stub.seen.forked).toHaveLength(2);
  });

  test('leaves the window as it is if the user wants to keep looking', async () => {
    const stub = await launch({ dialogAnswer: 1 });
    ask(stub, page);
    only(stub.seen.forked).events.emit('exit', 1);
    await vi.waitFor(() => expect(stub.seen.dialogs).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(only(stub.seen.windows).webContents.reloads).toBe(0);
  });

  test('says nothing when the application is ending', async () => {
    const stub = await launch();
    ask(stub, page);
    stub.app.events.emit('window-all-closed');
    only(stub.seen.forked).events.emit('exit', 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stub.seen.dialogs).toHaveLength(0);
  });
});

describe('the page over its own scheme', () => {
  let folder = '';
  let directory = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skblens-page-'));
    directory = join(folder, 'renderer');
    await mkdir(join(directory, 'assets'), { recursive: true });
    await writeFile(join(directory, 'index.html'), '<!doctype html>');
    await writeFile(join(directory, 'assets', 'app.js'), 'let é = 1;');
    await writeFile(join(directory, 'notes.txt'), 'no type of ours');
    await writeFile(join(folder, 'secret.js'), 'secret');
    await mkdir(join(folder, 'renderer-old'));
    await writeFile(join(folder, 'renderer-old', 'index.html'), 'old');
    await symlink(folder, join(directory, 'folder.js'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const get = (url: string, method = 'GET') => answerPageRequest({ url, method }, directory);

  test('serves the built files with their types and the policy', async () => {
    const html = await get('skblens://app/index.html');
    expect(html.status).toBe(200);
    expect(html.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(html.headers.get('X-Content-Type-Options')).toBe('nosniff');
    const policy = html.headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(policy).toContain("connect-src 'none'");
    const script = await get('skblens://app/assets/app.js?v=1#here');
    expect(script.headers.get('Content-Type')).toBe('text/javascript; charset=utf-8');
    expect(await script.text()).toBe('let é = 1;');
  });

  test.each([
    ['skblens://app/', 404],
    ['skblens://app/missing.js', 404],
    ['skblens://app/notes.txt', 404],
    ['skblens://app/assets', 404],
    ['skblens://app/folder.js', 404],
    ['skblens://app/../secret.js', 404],
    ['skblens://app/..%2fsecret.js', 404],
    ['skblens://app/%2e%2e%2fsecret.js', 404],
    ['skblens://app/assets/..%2f..%2fsecret.js', 404],
    ['skblens://app/..%2frenderer-old%2findex.html', 404],
    ['skblens://app/..%5csecret.js', 404],
    ['skblens://app/%252e%252e%252fsecret.js', 404],
    ['skblens://app/index.html%00.js', 404],
    ['skblens://app/%zz.js', 404],
    ['skblens://app//etc/passwd.js', 404],
    ['skblens://other/index.html', 403],
    ['skblens://app:80/index.html', 403],
    ['https://app/index.html', 403],
  ])('%s is %i', async (url, status) => {
    const answer = await get(url);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(await answer.text()).not.toContain('secret');
  });

  test('is only read', async () => {
    expect((await get('skblens://app/index.html', 'POST')).status).toBe(405);
    expect((await get('skblens://app/index.html', 'HEAD')).status).toBe(200);
  });

  test('is what the scheme answers with', async () => {
    const stub = await launch();
    const answer = await stub.seen.handlers.get('skblens')?.(new Request('https://example.org/'));
    expect(answer?.status).toBe(403);
  });
});

describe('addresses', () => {
  let nullOrigins: string[] = [];
  beforeEach(() => {
    nullOrigins = ['skblens://app/x', 'skblens://evil/x', 'other://app/x'].map((url) => new URL(url).origin);
  });

  test('are told apart where their origins are not', () => {
    expect(nullOrigins).toEqual(['null', 'null', 'null']);
    expect(isOwnPage('skblens://app/x')).toBe(true);
    for (const url of [
      'skblens://evil/x',
      'other://app/x',
      'skblens://app.evil/',
      'skblens:app',
      '',
      undefined,
    ])
      expect(isOwnPage(url), url).toBe(false);
  });

  test.each([
    ['https://docs.kernel.org/bpf/', true],
    ['https://github.com/bpftrace/bpftrace', true],
    ['https://docs.kernel.org:444/', false],
    ['https://user@docs.kernel.org/', false],
    ['https://docs.kernel.org.example/', false],
    ['https://example/docs.kernel.org', false],
    ['http://docs.kernel.org/', false],
    ['javascript:alert(1)', false],
  ])('%s is documentation: %s', (url, expected) => {
    expect(isDocumentation(url)).toBe(expected);
  });
});
