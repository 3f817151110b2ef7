import type { ConnectLogKey } from './connect-log.ts';
import type { Failure, FailureValues } from './failure.ts';

/** What a person is asked for while connecting. The answers stay in memory, and go to the one who asked. */
export interface SecretQuestion {
  /** The session, or attempt at one, that asks; several may at once. */
  readonly session?: string;
  /** `password` and `keyboard-interactive` go to the SSH server, `passphrase` stays here, `sudo` goes to sudo or doas. */
  readonly kind: 'password' | 'passphrase' | 'keyboard-interactive' | 'sudo';
  readonly host: string;
  readonly user: string;
  /** The key file, or the title that the server gave its questions. */
  readonly title: string;
  /** What the server says before its questions; control characters are written out. */
  readonly instruction: string;
  /** One field each; an empty text stands for the usual word of the kind. */
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
  /** The last answer was wrong. */
  readonly again: boolean;
  /** The answer may be kept in the keychain, encrypted, if the person wants it. */
  readonly keep?: boolean;
}

/** One answer a prompt, as `keep` if it is to be kept in the keychain; null when the user cancelled. */
export type SecretAnswer = readonly string[] | { readonly keep: readonly string[] } | null;

export type ConnectStep =
  'route' | 'connect' | 'key-exchange' | 'host-key' | 'authentication' | 'privilege' | 'survey';

/** A line of the connection log: what `ssh -v` would tell, in words. Never a secret. */
export interface ConnectLine {
  /** Milliseconds since the attempt began. */
  readonly at: number;
  /** The host of this leg: a jump host, or the target. */
  readonly host: string;
  readonly step: ConnectStep;
  /** In English. */
  readonly text: string;
  /** The same to be told in another language: a text of connect-log.ts, what fills its blanks, and the failure it quotes. */
  readonly key: ConnectLogKey;
  readonly values: FailureValues;
  readonly failure: Failure | null;
}

/** What becomes of a session whose connection was lost: it is tried again, but no probe is ever started again by itself. */
export type LinkState =
  | { readonly kind: 'waiting'; readonly attempt: number; readonly seconds: number }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'resumed' }
  /** Only a person can go on: a question, a refusal, or too many attempts. */
  | { readonly kind: 'gave-up'; readonly failure: Failure };

/** What is found on the target after a run has ended. */
export interface CleanupReceipt {
  /** The command that ran. */
  readonly command: string;
  /** From its start to its end. */
  readonly seconds: number;
  /** How it ended: exit status, or the name of a signal; null when the connection went first. */
  readonly exit: string | null;
  /** Processes that still carry the mark of this run, as `pid command`; null: could not be looked for. */
  readonly processes: readonly string[] | null;
  /** BPF programs loaded since the start that are still there and that no living process holds; null: no bpftool, or not root. */
  readonly programs: readonly string[] | null;
  /** Nothing is left, as far as could be seen; false also when nothing could be looked at. */
  readonly clean: boolean;
  /** The whole of it in a sentence. */
  readonly summary: string;
}

/** `$SSH_CONNECTION` (sshd(8)) of a connection, as its target sees it. */
export interface SshConnection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}
