import type { Channel, ChannelExit, Connection } from '../../../electron/backend/ssh/connection.ts';
import type { Target } from '../../../electron/backend/ssh/command.ts';

/** The far end of one leashed command, played by a test. */
export interface ScriptedChannel {
  /** What our side wrote after the guard: the input with its length, then control lines. */
  written(): string;
  emit(text: string | Buffer): void;
  complain(text: string): void;
  /** The command has ended; null: the connection was lost. */
  end(code: number | null): void;
  /** How often it was paused, and whether it stands paused now. */
  readonly pauses: () => { count: number; paused: boolean };
}

export interface ScriptedConnection {
  readonly target: Target;
  readonly commands: string[];
  /** The next command, once the leash has come as far as its input. */
  started(): Promise<ScriptedChannel>;
}

/** A connection without a network: it plays the guard's part, and the test plays the command's. */
export function scripted(): ScriptedConnection {
  const ready: ScriptedChannel[] = [];
  const waiting: ((channel: ScriptedChannel) => void)[] = [];
  const commands: string[] = [];
  const connection = {
    config: { alias: 'scripted', user: 'root' },
    hostKey: 'SHA256:x',
    onLost: () => undefined,
    close: () => undefined,
    exec: async (command: string): Promise<Channel> => {
      const nonce = /echo (\w+) boot/.exec(command)?.[1] ?? '';
      const stdout: ((chunk: Buffer) => void)[] = [];
      const stderr: ((chunk: Buffer) => void)[] = [];
      let written = '';
      let writes = 0;
      let count = 0;
      let paused = false;
      let finish: (exit: ChannelExit) => void = () => undefined;
      const exit = new Promise<ChannelExit>((resolve) => {
        finish = resolve;
      });
      const say = (text: string | Buffer): void => {
        for (const listener of stdout) listener(Buffer.from(text as string));
      };
      const channel: ScriptedChannel = {
        written: () => written,
        emit: say,
        complain: (text) => stderr.forEach((listener) => listener(Buffer.from(text))),
        end: (code) => finish({ code, signal: null }),
        pauses: () => ({ count, paused }),
      };
      return {
        exit,
        write: (data) => {
          writes++;
          if (writes === 1) return queueMicrotask(() => say(`${nonce} ready\n`));
          written += Buffer.from(data as string).toString('utf8');
          if (writes !== 3) return;
          const taker = waiting.shift();
          if (taker) taker(channel);
          else ready.push(channel);
        },
        end: () => undefined,
        onStdout: (listener) => {
          stdout.push(listener);
          queueMicrotask(() => say(`${nonce} boot\n`));
        },
        onStderr: (listener) => void stderr.push(listener),
        pause: () => {
          count++;
          paused = true;
        },
        resume: () => {
          paused = false;
        },
        close: () => finish({ code: null, signal: null }),
      };
    },
  } as unknown as Connection;
  return {
    commands,
    target: { connection, sudo: false, onCommand: (command) => void commands.push(command) },
    started: () => {
      const channel = ready.shift();
      return channel ? Promise.resolve(channel) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}
