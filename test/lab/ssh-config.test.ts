import SSHConfig from 'ssh-config';
import { describe, expect, it } from 'vitest';
import { aliasesOf, knownHostsText, sshConfigText, type SshEndpoint } from './ssh-config.ts';

const ENDPOINTS: SshEndpoint[] = [
  { name: 'bookworm', port: 40001, hostKey: 'ssh-ed25519 AAAAbook' },
  { name: 'sid', port: 40002, hostKey: 'ssh-ed25519 AAAAsid' },
];

describe('sshConfigText', () => {
  it('says the same to a parser as to a reader', () => {
    const text = sshConfigText(ENDPOINTS, { clientKey: '/lab/keys/id', knownHosts: '/lab/known_hosts' });
    const config = SSHConfig.parse(text);
    for (const [alias, user, port] of [
      ['bookworm', 'root', '40001'],
      ['bookworm-sudo', 'sudoer', '40001'],
      ['bookworm-nopasswd', 'nopasswd', '40001'],
      ['sid-nobody', 'plain', '40002'],
    ] as const) {
      const computed = config.compute(alias);
      expect(computed['HostName'], alias).toBe('127.0.0.1');
      expect(computed['User'], alias).toBe(user);
      expect(computed['Port'], alias).toBe(port);
      expect([computed['IdentityFile']].flat(), alias).toEqual(['/lab/keys/id']);
      expect(computed['UserKnownHostsFile'], alias).toBe('/lab/known_hosts');
      expect(computed['StrictHostKeyChecking'], alias).toBe('yes');
      expect(computed['IdentitiesOnly'], alias).toBe('yes');
    }
  });

  it('knows no guest that has no port', () => {
    const text = sshConfigText(ENDPOINTS, { clientKey: '/k', knownHosts: '/h' });
    expect(text).not.toContain('trixie');
    expect(aliasesOf('bookworm').every((alias) => text.includes(`Host ${alias}\n`))).toBe(true);
  });

  it('quotes paths with spaces', () => {
    const text = sshConfigText(ENDPOINTS, { clientKey: '/my lab/id', knownHosts: '/h' });
    expect(text).toContain('  IdentityFile "/my lab/id"\n');
  });
});

describe('knownHostsText', () => {
  it('has one line a guest, under its port', () => {
    expect(knownHostsText(ENDPOINTS)).toBe(
      '[127.0.0.1]:40001 ssh-ed25519 AAAAbook\n[127.0.0.1]:40002 ssh-ed25519 AAAAsid\n',
    );
  });
});
