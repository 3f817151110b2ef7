import { Fail } from '../../../shared/contract/failure.ts';
import type { HostConfig } from './config.ts';
import { visible } from './visible.ts';

export function where(config: HostConfig): { host: string; port: number } {
  return { host: config.hostName, port: config.port };
}

/** What was offered to the server, and what it said it would take. */
interface Offers {
  readonly offered: string;
  readonly accepts: string;
}

/** An error of ssh2 before the connection stood, by its level and its words. */
export function classify(
  error: Error & { level?: string },
  config: HostConfig,
  authentication: Offers,
): Fail {
  const message = visible(error.message);
  const values = { host: config.alias, message };
  const { offered, accepts } = authentication;
  const refused = { user: config.user, host: config.alias, offered };
  if (/too many authentication failures/i.test(message)) return new Fail('too-many-failures', refused);
  if (message === 'Connection lost before handshake')
    return new Fail('closed-before-handshake', where(config));
  switch (error.level) {
    case 'client-authentication':
      if (offered === '')
        return new Fail('nothing-to-offer', {
          user: config.user,
          host: config.alias,
          accepts: accepts || '-',
        });
      return new Fail('authentication-failed', refused);
    case 'client-timeout':
      return new Fail('connect-timeout', { ...where(config), seconds: config.connectTimeoutSeconds });
    case 'handshake':
      return new Fail('ssh-handshake-failed', values);
    default:
      return new Fail('connect-failed', { ...where(config), message });
  }
}
