// @ts-check
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';

/**
 * Runs `work` while no other process of this checkout runs work under the same name. The lock is a
 * listening local socket, so the system itself gives it back when its holder dies, however it dies;
 * whoever waits holds a connection to it and is woken by its end.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, work) {
  const address = socketAddress(name);
  let server = await tryListen(address);
  while (!server) {
    await waitForHolder(address);
    server = await tryListen(address);
  }
  try {
    return await work();
  } finally {
    server.release();
  }
}

/** Linux: an abstract socket, which leaves no file. Windows: a named pipe. Elsewhere a socket file. */
function socketAddress(/** @type {string} */ name) {
  const id = `skblens-${name}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  if (process.platform === 'linux') return `\0${id}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${id}`;
  return join(tmpdir(), id);
}

/**
 * @param {string} address
 * @returns {Promise<{ release: () => void } | null>} null: another process holds it
 */
function tryListen(address) {
  return new Promise((resolve, reject) => {
    /** @type {Set<net.Socket>} */
    const waiting = new Set();
    const server = net.createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
    });
    const release = () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    };
    server.once('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(address, () => resolve({ release }));
  });
}

/** @param {string} address */
function waitForHolder(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    socket.on('error', (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ECONNREFUSED' && address.startsWith('/')) removeDeadSocket(address);
    });
    socket.on('close', () => setTimeout(resolve, 20));
    socket.resume();
  });
}

function removeDeadSocket(/** @type {string} */ file) {
  try {
    unlinkSync(file);
  } catch {
    // another waiter was faster
  }
}
