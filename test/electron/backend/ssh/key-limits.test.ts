import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { rsaBits } from '../../../../electron/backend/ssh/public-key.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import { needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

/** An RSA key that the server lets in. */
function newRsaKey(sshd: Sshd, bits: number): string {
  const file = join(sshd.directory, `rsa-${bits}`);
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', String(bits), '-N', '', '-f', file]);
  appendFileSync(join(sshd.directory, 'authorized_keys'), readFileSync(`${file}.pub`));
  return file;
}

/** How an attempt without anybody to ask went: null, or the code of its failure; and what the log says. */
async function attempt(config: HostConfig): Promise<{ code: string | null; log: string }> {
  const log: string[] = [];
  const asker = {
    hostKey: async () => expect.fail('the host key is known'),
    log: (_host: string, _step: string, text: string) => void log.push(text),
  };
  const code = await connect(config, asker).then(
    (connection) => {
      connection.close();
      return null;
    },
    (error: unknown) => failureOf(error).code,
  );
  return { code, log: log.join('\n') };
}

needs('sshd', 'ssh-keygen')('limits on our own keys, as in ssh', () => {
  let sshd: Sshd;
  let rsa: string;
  beforeAll(async () => {
    sshd = await startSshd();
    rsa = newRsaKey(sshd, 2048);
  });
  afterAll(() => sshd.stop());

  test('RequiredRSASize: a shorter key is passed over, and the log says so', async () => {
    const least = (requiredRsaBits: number) =>
      attempt(sshd.config({ identityFiles: [rsa], requiredRsaBits }));
    expect((await least(2048)).code).toBeNull();
    const { code, log } = await least(2049);
    expect(code).toBe('nothing-to-offer');
    expect(log).toMatch(/rsa-2048\): 2048 bits, RequiredRSASize asks for 2049/);
  });

  test('PubkeyAcceptedAlgorithms: a key that it does not name is passed over; one hash alone is not helped to another', async () => {
    const only = (...publicKeyAlgorithms: string[]) =>
      attempt(sshd.config({ identityFiles: [rsa], publicKeyAlgorithms }));
    expect((await only('rsa-sha2-256')).code).toBeNull();
    const other = await only('ssh-ed25519');
    expect(other.code).toBe('nothing-to-offer');
    expect(other.log).toMatch(/rsa-2048\): PubkeyAcceptedAlgorithms does not name it/);
    const longer = await only('rsa-sha2-512');
    expect(longer.code).toBe('authentication-failed');
    expect(longer.log).toContain('not signed: ssh2 would sign with rsa-sha2-256');
  });

  test.each([1024, 2048, 3071, 4095])('the bits of a key of %i are counted as ssh-keygen does', (bits) => {
    const file = join(sshd.directory, `counted-${bits}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', String(bits), '-N', '', '-f', file]);
    const said = execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' });
    const blob = Buffer.from(readFileSync(`${file}.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
    expect(rsaBits(blob)).toBe(Number(said.split(' ')[0]));
    expect(rsaBits(blob.subarray(0, blob.length - 1))).toBeNull();
  });
});
