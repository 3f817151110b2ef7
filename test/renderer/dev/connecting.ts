import { connectLogText } from '../../../shared/contract/connect-log.ts';
import type { ConnectLogKey } from '../../../shared/contract/connect-log.ts';
import type { Page } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { ConnectStep, SecretQuestion } from '../../../shared/contract/ssh-session.ts';

const FINGERPRINT = 'SHA256:uNiFoq2mHk1rVw9ZxY3cTgB5sLdJpEa7Qn0tKjWl8Ry';

/**
 * What a host does while it is connected to, by its name: `refused` refuses, `unknown` has an unknown
 * key, `asks` wants a password and a code in one round and takes `open sesame` with any code, `locked`
 * has a key with the passphrase `moon`, `slow` never ends to authenticate. Every other lets us in.
 */
export async function greet(
  page: Page,
  session: string,
  host: string,
  cancelled: EventTarget,
): Promise<void> {
  page.event('progress', { session, what: 'connect', done: 0, total: null });
  const began = Date.now();
  const log = (step: ConnectStep, key: ConnectLogKey, values: Record<string, string | number> = {}): void => {
    const said = { key, values, failure: null };
    const line = { ...said, at: Date.now() - began, host, step, text: connectLogText(said) };
    page.event('connectLog', { session, line });
  };
  const secret = async (question: Partial<SecretQuestion>): Promise<readonly string[] | null> => {
    const answer = await page.ask('secret', {
      session,
      kind: 'password',
      host,
      user: 'root',
      title: '',
      instruction: '',
      prompts: [{ text: '', echo: false }],
      again: false,
      ...question,
    });
    return answer !== null && 'keep' in answer ? answer.keep : answer;
  };

  log('connect', 'connecting', { host: '192.0.2.40', port: 22 });
  log('connect', 'resolving', { host });
  log('connect', 'resolved', { host, address: '192.0.2.40' });
  if (host === 'refused') throw new Fail('connect-refused', { host, port: 22 });
  log('connect', 'connected');
  const type = 'ssh-ed25519';
  if (host === 'unknown') {
    log('host-key', 'host-key-unknown', { type, fingerprint: FINGERPRINT });
    const file = '/home/me/.ssh/known_hosts';
    const answer = await page.ask('hostKey', { session, host, type, fingerprint: FINGERPRINT, file });
    if (answer === 'cancel') throw new Fail('cancelled');
  } else log('host-key', 'host-key-known', { type, fingerprint: FINGERPRINT });
  log('key-exchange', 'key-exchange', {
    kex: 'curve25519-sha256',
    hostKey: type,
    cipher: 'chacha20-poly1305@openssh.com',
  });
  if (host === 'slow') {
    await new Promise((resolve) => cancelled.addEventListener(session, resolve, { once: true }));
    throw new Fail('cancelled');
  }
  if (host === 'asks') {
    const prompts = [
      { text: 'Password:', echo: false },
      { text: 'Code from your device:', echo: true },
    ];
    for (let again = false; ; again = true) {
      const answers = await secret({
        kind: 'keyboard-interactive',
        title: 'Corporate login',
        instruction: 'Both are needed.',
        prompts,
        again,
      });
      if (answers === null) throw new Fail('cancelled');
      if (answers[0] === 'open sesame' && answers[1]) break;
    }
  }
  if (host === 'locked') {
    const answers = await secret({ kind: 'passphrase', title: '/home/me/.ssh/id_ed25519', keep: true });
    if (answers?.[0] !== 'moon') throw new Fail('cancelled');
  }
  log('authentication', 'accepted', { method: 'ed25519 SHA256:9wQ…' });
}
