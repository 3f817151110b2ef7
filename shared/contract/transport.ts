/**
 * The one thing a wire between backend and page must be: ordered messages, text for calls and
 * events, bytes for record batches. A MessagePort (Electron), a WebSocket (browser) and a pair in
 * one process (tests, command line) each give one.
 */
export interface Transport {
  send(message: string | Uint8Array): void;
  /** At most one listener; messages that came before it are delivered to it in order. */
  onMessage(listener: (message: string | Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
