import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureBundle } from '../../build/bootstrap/bundle.mjs';

let built = '';
beforeAll(async () => {
  built = readFileSync(await ensureBundle('preload'), 'utf8');
});

/** The built preload in a world that has what Electron's sandbox gives it, and tells what it did there. */
function load() {
  const required: string[] = [];
  const sent: unknown[][] = [];
  const posted: unknown[][] = [];
  const heard = new Map<string, (...values: unknown[]) => void>();
  const fromMain = new Map<string, (...values: unknown[]) => void>();
  const exposed: string[] = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string) => void exposed.push(name) },
    ipcRenderer: {
      once: (name: string, listener: () => void) => void fromMain.set(name, listener),
      send: (...message: unknown[]) => void sent.push(message),
    },
  };
  const window = {
    location: { origin: 'skblens://app' },
    addEventListener: (name: string, listener: () => void) => void heard.set(name, listener),
    postMessage: (...message: unknown[]) => void posted.push(message),
  };
  const before = Object.keys(window);
  const module = { exports: {} };
  const context = createContext({
    window,
    module,
    exports: module.exports,
    require: (name: string) => {
      required.push(name);
      if (name !== 'electron') throw new Error(`a sandboxed preload cannot require ${name}`);
      return electron;
    },
  });
  runInContext(built, context, { filename: 'preload.cjs' });
  const added = Object.keys(window).filter((name) => !before.includes(name));
  return { required, sent, posted, heard, fromMain, exposed, added, exports: module.exports };
}

describe('the built preload', () => {
  test('requires electron and nothing else, and is CommonJS', () => {
    const { required } = load();
    expect(new Set(required)).toEqual(new Set(['electron']));
    expect(built).not.toMatch(/^\s*(import|export)\b/m);
    expect(built).not.toMatch(/\bimport\s*\(/);
  });

  test('exposes nothing', () => {
    const { exposed, added, exports } = load();
    expect(exposed).toEqual([]);
    expect(added).toEqual([]);
    expect(exports).toEqual({});
  });

  test('asks for the port once the page listens, and passes it on to our origin only', () => {
    const { sent, posted, heard, fromMain } = load();
    expect(sent).toEqual([]);
    heard.get('DOMContentLoaded')?.();
    expect(sent).toEqual([['skblens-port']]);
    const port = { a: 'port' };
    fromMain.get('skblens-port')?.(
      { ports: [port], sender: 'ipcRenderer', senderId: 0 },
      'whatever main adds',
    );
    expect(posted).toEqual([['skblens-port', 'skblens://app', [port]]]);
  });

  test('listens to one channel of main and one event of the page', () => {
    const { heard, fromMain } = load();
    expect([...heard.keys()]).toEqual(['DOMContentLoaded']);
    expect([...fromMain.keys()]).toEqual(['skblens-port']);
  });
});
