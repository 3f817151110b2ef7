import type { GuestName } from './guest-names.ts';
import { LAB_PASSWORD, LOGINS } from './logins.ts';

/** What the ssh config says of one guest. */
export type SshEndpoint = {
  readonly name: GuestName;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
};

/** Every name by which the ssh config knows a guest: its own (root) and one for each other login. */
export function aliasesOf(name: GuestName): string[] {
  return LOGINS.map(({ alias }) => `${name}${alias}`);
}

/**
 * An ssh_config(5) for all guests and all logins, with nothing that ssh alone understands: plain `Host` blocks,
 * absolute paths, and no agent, so that `ssh -F` and skblens read it alike.
 */
export function sshConfigText(
  endpoints: readonly SshEndpoint[],
  files: { readonly clientKey: string; readonly knownHosts: string },
): string {
  const blocks = [
    '# Written by `npm run lab -- up`; changes are lost.',
    `# The password of ${LOGINS.filter(({ password }) => password)
      .map(({ user }) => user)
      .join(' and ')} is "${LAB_PASSWORD}"; the key opens every login.`,
  ];
  for (const { name, port } of endpoints) {
    for (const { alias, user } of LOGINS) {
      blocks.push(
        '',
        `Host ${name}${alias}`,
        '  HostName 127.0.0.1',
        `  Port ${port}`,
        `  User ${user}`,
        `  IdentityFile ${quoted(files.clientKey)}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${quoted(files.knownHosts)}`,
        '  GlobalKnownHostsFile /dev/null',
        '  StrictHostKeyChecking yes',
      );
    }
  }
  return `${blocks.join('\n')}\n`;
}

/** The known_hosts(5) text of the guests: one line each, `[127.0.0.1]:PORT ssh-ed25519 AAAA…`. */
export function knownHostsText(endpoints: readonly SshEndpoint[]): string {
  return endpoints.map(({ port, hostKey }) => `[127.0.0.1]:${port} ${hostKey}\n`).join('');
}

function quoted(path: string): string {
  return /\s/.test(path) ? `"${path}"` : path;
}
