import type { Failure, FailureValues } from './failure.ts';

/** What the connection log says, in English; a page in another language has the same keys with the same blanks. */
export const CONNECT_LOG_TEXTS = {
  connecting: 'connecting to {host} port {port}',
  resolving: 'looking up {host}',
  resolved: '{host} is {address}',
  connected: 'connected',
  'key-exchange': '{kex}, host key {hostKey}, {cipher}',
  'host-key-known': '{type} {fingerprint} is known',
  'host-key-unknown': '{type} {fingerprint} is unknown',
  'host-key-changed': '{type} {fingerprint} is not the key on file',
  'host-key-revoked': '{type} {fingerprint} is revoked',
  banner: 'the server says: {text}',
  'server-takes': 'the server takes: {methods}',
  'server-takes-nothing': 'the server takes: nothing',
  'no-authentication': 'the server asks for nothing',
  offering: 'offering {method}',
  accepted: '{method}: accepted',
  'accepted-partly': '{method}: accepted, but the server wants more: {methods}',
  refused: '{method}: refused',
  'not-signed': '{method}: not signed: {reason}',
  'nothing-left': 'nothing is left to offer',
  'key-taken': 'the server takes this key',
  'key-taken-by-agent': 'the server takes this key; the agent is asked to sign',
  'passphrase-not-asked': '{file} is protected by a passphrase, and nobody can be asked for it: passed over',
  'passphrase-wrong': 'wrong passphrase for {file}',
  'server-asks': 'the server asks: {prompts}',
  'key-too-short': 'passed over: {method}: {bits} bits, RequiredRSASize asks for {least}',
  'key-not-accepted': 'passed over: {method}: PubkeyAcceptedAlgorithms does not name it',
  'passed-over': 'passed over: {message}',
  'agent-holds': 'keys that the agent {agent} holds: {count}',
  'agent-unusable': 'the agent {agent} cannot be used: {reason}',
  'agent-certificate': 'passed over: {type} (agent: {comment}): the ssh2 library cannot use certificates',
  'agent-security-key': 'passed over: {type} (agent: {comment}): the ssh2 library cannot use security keys',
  'agent-key-type': 'passed over: {type} (agent: {comment}): the ssh2 library cannot use keys of this type',
  'works-without-root': 'bpftrace works for this login as it is: no sudo is needed',
  'root-through': 'root through {program}',
  'root-through-terminal': 'root through {program}, which wants a terminal',
  'no-password': 'no password was given to {program}',
  'no-root': '{message}',
  'keychain-used': '{what}: taken from the keychain of this machine',
  'keychain-kept': '{what}: kept in the keychain of this machine',
  'keychain-forgotten': '{what}: the one in the keychain of this machine is wrong, and was forgotten',
  'keychain-failed': '{what}: the keychain of this machine failed: {reason}',
  'cut-short': '…',
} as const;

export type ConnectLogKey = keyof typeof CONNECT_LOG_TEXTS;

/** One thing that the connection log says. */
export interface ConnectSaid {
  readonly key: ConnectLogKey;
  readonly values: FailureValues;
  /** The failure that `{message}` quotes, to be told in the reader's language; null where there is none. */
  readonly failure: Failure | null;
}

/** In English, as the command line prints it. */
export function connectLogText({ key, values }: ConnectSaid): string {
  return CONNECT_LOG_TEXTS[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
