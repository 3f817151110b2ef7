import { serveBackend } from '../../shared/contract/rpc.ts';
import { createBackend } from '../backend/index.ts';
import { cacheDirectory, profileDirectory, VERSION } from './commands/client.ts';
import { demoTarget } from './commands/demo.ts';
import { portTransport } from './port-transport.ts';
import { secretClient } from './secret-client.ts';

/**
 * The backend in an Electron utility process: a message from main brings the port of one page,
 * or an answer of the keychain, and what that page opened ends when its port closes.
 */
const secrets = secretClient((request) => process.parentPort.postMessage(request));
const backend = createBackend({
  version: VERSION,
  shell: 'electron',
  profileDirectory: profileDirectory(),
  cacheDirectory: cacheDirectory(),
  ssh: { configFile: null, identityFiles: [], port: null },
  demo: await demoTarget(),
  secrets: secrets.store,
});

process.parentPort.on('message', ({ data, ports }) => {
  secrets.take(data);
  const [port] = ports;
  if (!port) return;
  serveBackend(portTransport(port), (page) => {
    const client = backend.open(page);
    port.on('close', () => void client.close());
    return client.handlers;
  });
});
