import type { Page } from '../../../shared/contract/api.ts';
import { connectLogText } from '../../../shared/contract/connect-log.ts';
import type { ConnectSaid } from '../../../shared/contract/connect-log.ts';
import type { ConnectStep, SecretAnswer, SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import type { SecretStore } from '../secret-store.ts';
import type { Asker } from './asker.ts';

/** The asker of one session: questions go to the page, and so does the connection log. */
export interface PageAsker extends Asker {
  secret(question: SecretQuestion): Promise<SecretAnswer>;
  log(host: string, step: ConnectStep, text: string, said: ConnectSaid): void;
  /** The same without a person: nothing is asked, and of host keys only `hostKey` is taken, which one has trusted before. */
  alone(hostKey: string): Asker;
}

/** Lines of the connection log; a server that talks without end is cut short. */
const MAX_LINES = 500;

export function pageAsker(
  page: Page,
  session: string,
  passphrases: Map<string, string>,
  secrets?: SecretStore,
): PageAsker {
  const logger = (): PageAsker['log'] => {
    const began = Date.now();
    let lines = 0;
    return (host, step, _text, said) => {
      if (++lines > MAX_LINES) return;
      const last: ConnectSaid = { key: 'cut-short', values: {}, failure: null };
      const shown = lines === MAX_LINES ? last : said;
      const line = { at: Date.now() - began, host, step, text: connectLogText(shown), ...shown };
      page.event('connectLog', { session, line });
    };
  };
  return {
    hostKey: (question) => page.ask('hostKey', { ...question, session }),
    secret: (question) => page.ask('secret', { ...question, session }),
    passphrases,
    ...(secrets && { secrets }),
    log: logger(),
    alone: (hostKey) => ({
      hostKey: async ({ fingerprint }) => (fingerprint === hostKey ? 'once' : 'cancel'),
      passphrases,
      log: logger(),
    }),
  };
}
