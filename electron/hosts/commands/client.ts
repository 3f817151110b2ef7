import { homedir } from 'node:os';
import { join } from 'node:path';
import type {
  Backend,
  HostKeyAnswer,
  HostKeyQuestion,
  Page,
  PageEvents,
} from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import { createBackend } from '../../backend/index.ts';
import type { BackendDeps, InProcessClient } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';
import { askSecret } from './terminal-prompt.ts';

/** Replaced by the bundler's define with package.json's version. */
declare const SKBLENS_VERSION: string;
export const VERSION = typeof SKBLENS_VERSION === 'string' ? SKBLENS_VERSION : 'development';

/** Where investigations are kept, by the conventions of the platform. */
export function profileDirectory(): string {
  const base =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Application Support')
      : process.platform === 'win32'
        ? (process.env['APPDATA'] ?? homedir())
        : (process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'));
  return join(base, 'skblens', 'investigations');
}

/** What a call that failed says: after Ctrl-C that it was cancelled, not what broke on the way. */
export function reasonOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? new Fail('cancelled') : error;
}

/** Where what can be fetched again is kept, by the conventions of the platform. */
export function cacheDirectory(): string {
  const base =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : process.platform === 'win32'
        ? (process.env['LOCALAPPDATA'] ?? homedir())
        : (process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'));
  return join(base, 'skblens', 'kernels');
}

export interface LocalClient {
  readonly backend: Backend;
  types: InProcessClient['types'];
  hostKernel: InProcessClient['hostKernel'];
  /** From here on Ctrl-C is the caller's affair. */
  letFinish(): void;
  close(): Promise<void>;
}

/** The backend in this process, with the terminal as its page: events go to `events`, questions are answered by options; Ctrl-C ends it before it has begun to probe. */
export function openLocalClient(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
  events: Partial<PageEvents> = {},
  onBatch: (bytes: Uint8Array) => void = () => undefined,
): LocalClient {
  const page: Page = {
    event: (name, payload) => {
      if (name === 'commandRan') noteCommand(payload as CommandRanPayload, output);
      if (name === 'connectLog' && line.verbose) noteLog(payload as ConnectLogPayload, output);
      const listener = events[name] as ((payload: unknown) => void) | undefined;
      listener?.(payload);
    },
    batch: onBatch,
    ask: async (name, question) =>
      (name === 'secret'
        ? askSecret(question as SecretQuestion, output)
        : answerHostKey(question as HostKeyQuestion, line, output)) as never,
  };
  const client = createBackend(deps).open(page);
  const close = (): Promise<void> => client.close();
  const interrupted = (): void => void close();
  if (signal.aborted) interrupted();
  signal.addEventListener('abort', interrupted, { once: true });
  return {
    backend: client.handlers as unknown as Backend,
    types: client.types,
    hostKernel: client.hostKernel,
    letFinish: () => signal.removeEventListener('abort', interrupted),
    close: async () => {
      signal.removeEventListener('abort', interrupted);
      await close();
    },
  };
}

type CommandRanPayload = Parameters<PageEvents['commandRan']>[0];

/** Everything that runs on a target is shown, whole, before it does. */
function noteCommand({ command, purpose }: CommandRanPayload, output: Output): void {
  output.note(`skblens: running there (${purpose}):\n${printable(command).replace(/^/gm, '  | ')}`);
}

type ConnectLogPayload = Parameters<PageEvents['connectLog']>[0];

function noteLog({ line: { at, host, step, text } }: ConnectLogPayload, output: Output): void {
  output.note(`skblens: ${(at / 1000).toFixed(3).padStart(7)} ${host} ${step}: ${printable(text)}`);
}

function answerHostKey(question: HostKeyQuestion, line: CommandLine, output: Output): HostKeyAnswer {
  if (line.acceptHostKey !== null && line.acceptHostKey === question.fingerprint) return 'once';
  output.note(
    `skblens: unknown host key of ${question.host}: ${question.type} ${question.fingerprint}\n` +
      `  Connect once with ssh to check and save it, or give --accept-host-key ${question.fingerprint}`,
  );
  return 'cancel';
}
