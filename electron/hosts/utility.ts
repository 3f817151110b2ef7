import { serveBackend } from '../../shared/contract/rpc.ts';
import { createBackend } from '../backend/index.ts';
import { cacheDirectory, profileDirectory, VERSION } from './commands/client.ts';
import { demoTarget } from './commands/demo.ts';
import { portTransport } from './port-transport.ts';

/**
 * The backend in an Electron utility process: every message from main brings the port of one page,
 * and what that page opened ends when its port closes.
 */
const backend = createBackend({
  version: VERSION,
  shell: 'electron',
  profileDirectory: profileDirectory(),
  cacheDirectory: cacheDirectory(),
  ssh: { configFile: null, identityFiles: [], port: null },
  demo: await demoTarget(),
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
