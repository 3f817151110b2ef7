import type { MessagePortMain } from 'electron';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort as NodePort } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { portTransport } from '../../electron/hosts/port-transport.ts';
import type { Backend, PageEvents } from '../../shared/contract/api.ts';
import { connectBackend } from '../../shared/contract/rpc.ts';
import type { SecretRequest } from '../../shared/contract/secret-messages.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import { transportSuite } from '../support/transport-suite.ts';

/** Node's port with the manners of Electron's: a message comes as an event that holds it. */
function asElectronPort(port: NodePort): MessagePortMain {
  const events = new EventEmitter();
  port.on('close', () => events.emit('close'));
  return {
    on: (name: string, listener: (event: { data: unknown }) => void) => {
      if (name === 'message') port.on('message', (data: unknown) => listener({ data }));
      else events.on(name, listener);
    },
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  } as unknown as MessagePortMain;
}

/** The page's own end, as renderer/bridge.ts makes it; that file listens to the window it is loaded in. */
async function pageTransport(port: NodePort): Promise<Transport> {
  vi.stubGlobal('window', new EventTarget());
  const bridge = await import('../../renderer/bridge.ts');
  return bridge.portTransport(port as unknown as MessagePort);
}

/** Two ends in one process, joined by microtasks. */
function pair(): { backendEnd: Transport; pageEnd: Transport } {
  const makeEnd = () => {
    const closed: (() => void)[] = [];
    const waiting: (string | Uint8Array)[] = [];
    let listener: ((message: string | Uint8Array) => void) | null = null;
    const deliver = () => {
      if (listener) for (const message of waiting.splice(0)) listener(message);
    };
    return {
      closed,
      take: (message: string | Uint8Array) => {
        waiting.push(typeof message === 'string' ? message : new Uint8Array(message));
        queueMicrotask(deliver);
      },
      listen: (given: typeof listener) => {
        listener = given;
        queueMicrotask(deliver);
      },
    };
  };
  const [a, b] = [makeEnd(), makeEnd()];
  const close = () => {
    for (const listener of [...a.closed.splice(0), ...b.closed.splice(0)]) listener();
  };
  const transport = (own: typeof a, other: typeof a): Transport => ({
    send: other.take,
    onMessage: own.listen,
    onClose: (listener) => void own.closed.push(listener),
    close,
  });
  return { backendEnd: transport(a, b), pageEnd: transport(b, a) };
}

transportSuite('a pair in one process', async () => pair());
transportSuite('a MessageChannel between utility process and page', async () => {
  const { port1, port2 } = new MessageChannel();
  return { backendEnd: portTransport(asElectronPort(port1)), pageEnd: await pageTransport(port2) };
});

let folder = '';
/** What main would answer: it keeps two secrets. */
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: ({ id, call }: SecretRequest) => {
    calls.push(call.what);
    const reply = { kind: 'secret-reply', id, error: null, value: call.what === 'count' ? 2 : null };
    queueMicrotask(() => parentPort.emit('message', { data: reply, ports: [] }));
  },
});
const calls: string[] = [];
const environment = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skblens-utility-'));
  process.env['XDG_DATA_HOME'] = folder;
  process.env['APPDATA'] = folder;
  process.env['HOME'] = folder;
  Object.defineProperty(process, 'parentPort', { value: parentPort, configurable: true });
  await import('../../electron/hosts/utility.ts');
});
afterAll(async () => {
  Object.assign(process.env, environment);
  Reflect.deleteProperty(process, 'parentPort');
  await rm(folder, { recursive: true });
});

async function openPage(): Promise<{ backend: Backend; port: NodePort }> {
  const { port1, port2 } = new MessageChannel();
  parentPort.emit('message', { data: null, ports: [asElectronPort(port1)] });
  const questions = { hostKey: async () => 'cancel' as const, secret: async () => null };
  const backend = connectBackend(await pageTransport(port2), {} as PageEvents, questions, () => undefined);
  return { backend, port: port2 };
}

test('the utility process serves the real backend to every page that main hands it', async () => {
  const [first, second] = [await openPage(), await openPage()];
  expect((await first.backend.appInfo({})).shell).toBe('electron');
  expect(await first.backend.profiles({})).toEqual([]);
  first.port.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await second.backend.appInfo({})).shell).toBe('electron');
  second.port.close();
});

test('kept secrets are counted and forgotten by asking main, and by nothing else at the start', async () => {
  calls.length = 0;
  const { backend, port } = await openPage();
  expect((await backend.appInfo({})).keptSecrets).toBe(2);
  expect(calls).toEqual(['count']);
  await backend.forgetSecrets({});
  expect(calls).toEqual(['count', 'forget-all']);
  port.close();
});

test('a message from main without a port is passed over', async () => {
  parentPort.emit('message', { data: 'x', ports: [] });
  const { backend, port } = await openPage();
  expect(await backend.profiles({})).toEqual([]);
  port.close();
});
