import { Fail } from '../shared/contract/failure.ts';
import { portChannel } from '../shared/contract/port-channel.ts';
import type { Transport } from '../shared/contract/transport.ts';

/**
 * The only file that knows what lies between page and backend: in Electron a MessagePort that the
 * preload hands over, in a browser a WebSocket to the server that served the page. Rejects with
 * `connection-lost` if the socket cannot be opened.
 */
export function openTransport(): Promise<Transport> {
  return location.protocol === 'http:' || location.protocol === 'https:' ? openSocket() : electronPort;
}

/** Listened for from the moment this module runs: the preload may post the port before anyone asks for it. */
const electronPort = new Promise<Transport>((resolve) => {
  window.addEventListener('message', function take(message: MessageEvent) {
    const port = message.ports[0];
    if (message.source !== window || message.data !== portChannel || port === undefined) return;
    window.removeEventListener('message', take);
    resolve(portTransport(port));
  });
});

/**
 * A transport over a MessagePort; messages wait in the port until there is a listener. Its close event
 * is Electron's: Chromium alone sends none.
 */
export function portTransport(port: MessagePort): Transport {
  return {
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.addEventListener('message', (event: MessageEvent<string | Uint8Array>) => listener(event.data));
      port.start();
    },
    onClose: (listener) => port.addEventListener('close', listener),
    close: () => port.close(),
  };
}

function openSocket(): Promise<Transport> {
  const url = new URL('/ws', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socketTransport(socket)));
    socket.addEventListener('close', () =>
      reject(new Fail('connection-lost', { host: 'skblens', message: 'its server does not answer' })),
    );
  });
}

function socketTransport(socket: WebSocket): Transport {
  let deliver: ((message: string | Uint8Array) => void) | null = null;
  const waiting: (string | Uint8Array)[] = [];
  socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
    const message = typeof event.data === 'string' ? event.data : new Uint8Array(event.data);
    if (deliver) deliver(message);
    else waiting.push(message);
  });
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN)
        socket.send(typeof message === 'string' ? message : new Uint8Array(message));
    },
    onMessage: (listener) => {
      deliver = listener;
      for (const message of waiting.splice(0)) listener(message);
    },
    onClose: (listener) => socket.addEventListener('close', listener),
    close: () => socket.close(),
  };
}
