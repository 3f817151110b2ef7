import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Backend, Page, PageEvents } from '../../../shared/contract/api.ts';
import { createBackend } from '../../backend/index.ts';
import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import type { Output } from './output.ts';

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

export interface LocalClient {
  readonly backend: Backend;
  close(): Promise<void>;
}

/** The backend in this process, with the terminal as its page: events go to `events`, questions are answered by options. */
export function openLocalClient(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  events: Partial<PageEvents>,
  onBatch: (bytes: Uint8Array) => void,
): LocalClient {
  const page: Page = {
    event: (name, payload) => {
      const listener = events[name] as ((payload: unknown) => void) | undefined;
      listener?.(payload);
    },
    batch: onBatch,
    ask: async (_name, question) => {
      if (line.acceptHostKey !== null && line.acceptHostKey === question.fingerprint) return 'once' as never;
      output.note(
        `skblens: unknown host key of ${question.host}: ${question.type} ${question.fingerprint}\n` +
          `  Connect once with ssh to check and save it, or give --accept-host-key ${question.fingerprint}`,
      );
      return 'cancel' as never;
    },
  };
  const client = createBackend(deps).open(page);
  return { backend: client.handlers as unknown as Backend, close: () => client.close() };
}
