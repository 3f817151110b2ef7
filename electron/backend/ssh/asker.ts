import type { HostKeyAnswer, HostKeyQuestion } from '../../../shared/contract/api.ts';
import { connectLogText } from '../../../shared/contract/connect-log.ts';
import type { ConnectLogKey, ConnectSaid } from '../../../shared/contract/connect-log.ts';
import type { Failure, FailureValues } from '../../../shared/contract/failure.ts';
import type { SecretStore } from '../secret-store.ts';
import type { ConnectStep, SecretAnswer, SecretQuestion } from '../../../shared/contract/ssh-session.ts';

/** What must be asked of a person while connecting, and who wants to read how it goes. */
export interface Asker {
  hostKey(question: HostKeyQuestion): Promise<HostKeyAnswer>;
  /** Without it nobody is asked for a password or passphrase, and what needs one is not offered. */
  secret?(question: SecretQuestion): Promise<SecretAnswer>;
  /** Passphrases by file, kept by the caller in memory: asked once a run. */
  readonly passphrases?: Map<string, string>;
  /** Where a person may have secrets kept; absent where nothing is. */
  readonly secrets?: SecretStore;
  /** A line of the connection log; never holds a secret. `text` is `said` in English. */
  log?(host: string, step: ConnectStep, text: string, said: ConnectSaid): void;
}

/** Says one thing in the connection log. */
export type ConnectLog = (key: ConnectLogKey, values?: FailureValues, failure?: Failure) => void;

/** The log of one host, by the step that speaks. */
export function connectLog(asker: Pick<Asker, 'log'>, host: string): (step: ConnectStep) => ConnectLog {
  return (step) =>
    (key, values = {}, failure) => {
      const said: ConnectSaid = { key, values, failure: failure ?? null };
      asker.log?.(host, step, connectLogText(said), said);
    };
}
