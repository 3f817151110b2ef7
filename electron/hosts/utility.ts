import type { MessagePortMain } from 'electron';
import { serveBackend } from '../../shared/contract/rpc.ts';
import type { Transport } from '../../shared/contract/transport.ts';
import { createBackend } from '../backend/index.ts';
import { profileDirectory, VERSION } from './commands/client.ts';
import { demoTarget } from './commands/demo.ts';

/**
 * The backend in an Electron utility process: every message from main brings the port of one page,
 * and what that page opened ends when its port closes.
 */
const demo = await demoTarget();
const backend = createBackend({
  version: VERSION,
  shell: 'electron',
  profileDirectory: profileDirectory(),
  ssh: { configFile: null, identityFiles: [], port: null },
  demo,
});

process.parentPort.on('message', ({ ports }) => {
  const [port] = ports;
  if (!port) return;
  serveBackend(portTransport(port), (page) => {
    const client = backend.open(page);
    port.on('close', () => void client.close());
    return client.handlers;
  });
});

/** A transport over a MessagePortMain; messages wait in the port until there is a listener. */
function portTransport(port: MessagePortMain): Transport {
  return {
    // A port copies the whole buffer under a view, so a view of a part of one is cut out first.
    send: (message) => port.postMessage(typeof message === 'string' ? message : whole(message)),
    onMessage: (listener) => {
      port.on('message', ({ data }) => {
        if (typeof data === 'string' || data instanceof Uint8Array) listener(data);
      });
      port.start();
    },
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

function whole(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
