import type { MessagePortMain } from 'electron';
import type { Transport } from '../../shared/contract/transport.ts';

/** A transport over one end of Electron's MessageChannelMain; messages wait in the port until there is a listener. */
export function portTransport(
  port: Pick<MessagePortMain, 'postMessage' | 'on' | 'start' | 'close'>,
): Transport {
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
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
