import type { MessagePortMain } from 'electron';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRenderer } from '../../build/bootstrap/build.mjs';
import { ensureBundle } from '../../build/bootstrap/bundle.mjs';
import { inRoot } from '../../build/bootstrap/paths.mjs';
import { portTransport } from '../../electron/hosts/port-transport.ts';
import { apiCalls } from '../../shared/contract/api.ts';
import type { AppInfo, BackendHandlers } from '../../shared/contract/api.ts';
import { serveBackend } from '../../shared/contract/rpc.ts';
import { needs } from '../support/needs.ts';

/**
 * The built page and the built preload in Chromium, the page's way to the backend being a port and not a
 * socket. Electron is not here: `require('electron')` gives the one end of a channel whose other end is
 * this test, and the page comes from files, as its own scheme is Electron's.
 */
needs('chromium')('the page over a port', () => {
  let browser: Browser;
  let preload = '';
  beforeAll(async () => {
    await buildRenderer();
    preload = readFileSync(await ensureBundle('preload'), 'utf8');
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--allow-file-access-from-files'],
    });
  }, 120_000);
  afterAll(() => browser.close());

  test('asks the backend what it is, and shows the first screen', async () => {
    const context = await browser.newContext();
    const toBackend = new EventEmitter();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.exposeFunction('toBackend', (data: string) => toBackend.emit('message', { data }));
    await page.addInitScript(`{
      const origin = window.location.origin;
      let listener;
      const electron = { ipcRenderer: {
        once: (name, given) => { listener = given; },
        send: () => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }) => window.toBackend(data);
          window.fromBackend = (data) => port1.postMessage(data);
          listener({ ports: [port2] });
        },
      } };
      ((require, window) => { ${preload} })(() => electron, {
        location: { origin: '*' },
        postMessage: window.postMessage.bind(window),
        addEventListener: window.addEventListener.bind(window),
      });
    }`);
    const port = {
      on: (name: string, listener: (event: { data: unknown }) => void) => toBackend.on(name, listener),
      start: () => undefined,
      close: () => undefined,
      postMessage: (message: string) =>
        void page.evaluate(
          (text) => (window as unknown as { fromBackend(data: string): void }).fromBackend(text),
          message,
        ),
    } as unknown as MessagePortMain;
    const asked: string[] = [];
    const info: AppInfo = { version: '9.9.9-port', shell: 'electron', demo: null };
    const handlers = Object.fromEntries(
      Object.keys(apiCalls).map((name) => [
        name,
        async () => {
          asked.push(name);
          return name === 'appInfo' ? info : [];
        },
      ]),
    );
    serveBackend(portTransport(port), () => handlers as unknown as BackendHandlers);
    await page.goto(`file://${inRoot('dist/renderer/index.html')}`);
    await expect.poll(() => asked, { timeout: 10_000 }).toContain('hosts');
    expect(asked).toContain('appInfo');
    expect(await page.locator('body').innerText()).not.toBe('');
    expect(errors).toEqual([]);
    await context.close();
  });
});
