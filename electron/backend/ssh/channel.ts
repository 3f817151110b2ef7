import type { Duplex, Readable } from 'node:stream';

/** How a remote command ended; `code` null means that the connection went away first: never success. */
export interface ChannelExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * A running remote command. Both outputs flow from the moment a listener is set; pausing stops
 * stdout at the SSH window (2 MB), and the target then blocks on its pipe.
 */
export interface Channel {
  write(data: string | Uint8Array): void;
  /** Ends the command's standard input. */
  end(): void;
  onStdout(listener: (chunk: Buffer) => void): void;
  onStderr(listener: (chunk: Buffer) => void): void;
  pause(): void;
  resume(): void;
  /** Drops the channel: its last output is lost. To stop a leashed command use the leash. */
  close(): void;
  readonly exit: Promise<ChannelExit>;
}

export interface WrappedChannel extends Channel {
  /** The connection has gone: ssh2 never closes a channel that stands paused, so what has come is let through. */
  release(): void;
}

/** A session channel as ssh2 gives it. */
interface ExecStream extends Duplex {
  readonly stderr: Readable;
  close(): void;
}

export function wrapChannel(stream: ExecStream): WrappedChannel {
  let code: number | null = null;
  let signalName: string | null = null;
  let released = false;
  stream.on('exit', (status: number | null, name?: string) => {
    code = status ?? null;
    signalName = name ?? null;
  });
  stream.on('error', () => undefined);
  stream.stderr.on('error', () => undefined);
  const exit = new Promise<ChannelExit>((resolve) => {
    stream.on('close', () => resolve({ code, signal: signalName }));
  });
  return {
    write: (data) => void (stream.writable && stream.write(data)),
    end: () => void (stream.writable && stream.end()),
    onStdout: (listener) => void stream.on('data', listener),
    onStderr: (listener) => void stream.stderr.on('data', listener),
    pause: () => void (released || stream.pause()),
    resume: () => void stream.resume(),
    close: () => stream.close(),
    release: () => {
      released = true;
      stream.resume();
      stream.stderr.resume();
    },
    exit,
  };
}
