import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostKeyAnswer } from '../../../../shared/contract/api.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import { appendKnownHost } from '../../../../electron/backend/ssh/known-hosts.ts';
import { describeUnless, needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-known-oracle-'));
afterAll(() => rmSync(directory, { recursive: true }));
const answer = (value: HostKeyAnswer) => ({ hostKey: async () => value });

needs(
  'sshd',
  'ssh',
  'ssh-keygen',
)('known_hosts before a real sshd, as ssh and as we judge it', () => {
  let sshd: Sshd;
  let values: Record<string, string>;

  beforeAll(async () => {
    sshd = await startSshd();
    const key = (name: string): string =>
      readFileSync(join(sshd.directory, `${name}.pub`), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' ');
    values = { P: String(sshd.port), KEY: key('host'), RSA: key('host_rsa'), OTHER: key('other') };
    const hashed = join(directory, 'hashed');
    writeFileSync(hashed, `[127.0.0.1]:${sshd.port} ${key('host')}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], { stdio: 'ignore' });
    values['HASHED'] = readFileSync(hashed, 'utf8').split(' ')[0] ?? '';
  });
  afterAll(() => sshd.stop());

  const fill = (text: string): string =>
    text.replace(/@(P|KEY|RSA|OTHER|HASHED)@/g, (_whole, name: string) => values[name] ?? '');

  function sshSays(file: string, more: readonly string[]): string {
    const run = spawnSync(
      'ssh',
      [
        ...[
          '-F',
          'none',
          '-p',
          String(sshd.port),
          '-i',
          sshd.identity,
          '-o',
          'IdentitiesOnly=yes',
          '-o',
          'BatchMode=yes',
        ],
        ...[
          '-o',
          `UserKnownHostsFile=${file}`,
          '-o',
          'GlobalKnownHostsFile=none',
          '-o',
          'StrictHostKeyChecking=yes',
        ],
        ...more.flatMap((option) => ['-o', option]),
        ...['127.0.0.1', 'true'],
      ],
      { encoding: 'utf8', input: '' },
    );
    if (run.status === 0) return 'known';
    if (/REVOKED/i.test(run.stderr)) return 'revoked';
    if (/IDENTIFICATION HAS CHANGED/.test(run.stderr)) return 'changed';
    if (/host key is known for/.test(run.stderr)) return 'unknown';
    return run.stderr;
  }

  async function weSay(file: string, changes: Partial<HostConfig>): Promise<string> {
    const config = sshd.config({ userKnownHostsFiles: [file], strictHostKeyChecking: 'yes', ...changes });
    return connect(config, answer('cancel')).then(
      (connection) => {
        connection.close();
        return 'known';
      },
      (error: unknown) => failureOf(error).code.replace('host-key-', ''),
    );
  }

  test.each([
    ['nothing', '', 'unknown'],
    ['the key', '[127.0.0.1]:@P@ @KEY@', 'known'],
    ['its RSA key', '[127.0.0.1]:@P@ @RSA@', 'known'],
    ['another key', '[127.0.0.1]:@P@ @OTHER@', 'changed'],
    ['another key and the key', '[127.0.0.1]:@P@ @OTHER@\n[127.0.0.1]:@P@ @KEY@', 'known'],
    ['another key and its RSA key', '[127.0.0.1]:@P@ @OTHER@\n[127.0.0.1]:@P@ @RSA@', 'changed'],
    ['the plain name', '127.0.0.1 @KEY@', 'known'],
    ['another key for the plain name', '127.0.0.1 @OTHER@', 'unknown'],
    ['another port', '[127.0.0.1]:1 @KEY@', 'unknown'],
    ['a pattern', '[127.0.0.*]:@P@ @KEY@', 'known'],
    ['a pattern with ?', '[127.0.0.?]:* @KEY@', 'known'],
    ['everything', '* @KEY@', 'known'],
    ['everything but this', '*,![127.0.0.1]:@P@ @KEY@', 'known'],
    ['everything but this, in every form', '*,!*127.0.0.1* @KEY@', 'unknown'],
    ['a list', 'x,[127.0.0.1]:@P@,y @KEY@', 'known'],
    ['a hashed name', '@HASHED@ @KEY@', 'known'],
    ['a hashed name, another key', '@HASHED@ @OTHER@', 'changed'],
    ['a hash that is none', '|1|xx|yy @KEY@', 'unknown'],
    ['revoked', '@revoked [127.0.0.1]:@P@ @KEY@', 'revoked'],
    ['known and revoked', '[127.0.0.1]:@P@ @KEY@\n@revoked * @KEY@', 'revoked'],
    ['revoked for another', '[127.0.0.1]:@P@ @KEY@\n@revoked other @KEY@', 'known'],
    ['another key revoked', '[127.0.0.1]:@P@ @KEY@\n@revoked * @OTHER@', 'known'],
    ['a certificate authority', '@cert-authority [127.0.0.1]:@P@ @KEY@', 'unknown'],
    ['a certificate authority and the key', '@cert-authority * @OTHER@\n[127.0.0.1]:@P@ @KEY@', 'known'],
    ['an unknown marker', '@trusted [127.0.0.1]:@P@ @KEY@', 'unknown'],
    ['a comment', '#[127.0.0.1]:@P@ @KEY@', 'unknown'],
    ['garbage before and behind', 'garbage\n\0\0\xff\n[127.0.0.1]:@P@ @KEY@ me@there\nx y', 'known'],
    ['blanks and tabs', ' \t[127.0.0.1]:@P@\t \t@KEY@ ', 'known'],
    ['CRLF', '[127.0.0.1]:@P@ @KEY@\r\n', 'known'],
    ['no newline', '[127.0.0.1]:@P@ @KEY@', 'known'],
  ])('%s', async (_what, text, wanted) => {
    const file = join(directory, 'table');
    writeFileSync(file, `${fill(text)}\n`, 'latin1');
    expect({ ssh: sshSays(file, []), skblens: await weSay(file, {}) }).toEqual({
      ssh: wanted,
      skblens: wanted,
    });
  });

  test('HostKeyAlias is looked up instead, without the port', async () => {
    const file = join(directory, 'alias');
    for (const [text, wanted] of [
      ['real.example @KEY@', 'known'],
      ['[real.example]:@P@ @KEY@', 'unknown'],
      ['[127.0.0.1]:@P@ @KEY@', 'unknown'],
    ] as const) {
      writeFileSync(file, `${fill(text)}\n`);
      expect([
        sshSays(file, ['HostKeyAlias=real.example']),
        await weSay(file, { hostKeyAlias: 'real.example' }),
      ]).toEqual([wanted, wanted]);
    }
  });

  test('RevokedHostKeys: a listed key is refused, and without the file every key', async () => {
    const revoked = join(directory, 'revoked');
    for (const [text, wanted] of [
      ['@KEY@ comment', 'revoked'],
      ['# nothing\n\n@OTHER@', 'known'],
    ] as const) {
      writeFileSync(revoked, `${fill(text)}\n`);
      expect([
        sshSays(sshd.knownHosts, [`RevokedHostKeys=${revoked}`]),
        await weSay(sshd.knownHosts, { revokedHostKeys: revoked }),
      ]).toEqual([wanted, wanted]);
    }
    for (const text of [null, 'nonsense\n', 'SSHKRL\n\0\0\0\0\x01']) {
      rmSync(revoked, { force: true });
      if (text !== null) writeFileSync(revoked, text);
      expect(await weSay(sshd.knownHosts, { revokedHostKeys: revoked })).toBe('file-unreadable');
    }
    expect(sshSays(sshd.knownHosts, [`RevokedHostKeys=${join(directory, 'nothing')}`])).not.toBe('known');
  });

  test('an unknown key for which an authority vouches says that ssh2 cannot check certificates', async () => {
    const file = join(directory, 'authority');
    writeFileSync(file, fill('# CA\n@cert-authority [127.0.0.1]:* @OTHER@\n'));
    const failure = await connect(
      sshd.config({ userKnownHostsFiles: [file], strictHostKeyChecking: 'yes' }),
      answer('cancel'),
    ).then(() => expect.fail('it connected'), failureOf);
    expect(failure).toMatchObject({ code: 'host-key-unknown' });
    expect(failure.detail).toMatch(new RegExp(`^${file} line 2 .*certificate`));
  });

  test.each([false, true])(
    'what is saved ssh reads, ssh-keygen finds and removes; hashed: %s',
    async (hashKnownHosts) => {
      const file = join(directory, `saved-${hashKnownHosts}`);
      writeFileSync(file, 'garbage line that stays\n@revoked x y', { mode: 0o600 });
      (await connect(sshd.config({ userKnownHostsFiles: [file], hashKnownHosts }), answer('save'))).close();
      const text = readFileSync(file, 'utf8');
      expect(text.startsWith('garbage line that stays\n@revoked x y\n')).toBe(true);
      expect(text.includes('127.0.0.1')).toBe(!hashKnownHosts);
      expect(/\n\|1\|/.test(text)).toBe(hashKnownHosts);
      expect(sshSays(file, [])).toBe('known');
      const name = `[127.0.0.1]:${sshd.port}`;
      expect(execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' })).toContain('line 3');
      // ssh-keygen removes nothing from a file with lines that it does not understand.
      writeFileSync(file, text.split('\n').slice(2).join('\n'));
      execFileSync('ssh-keygen', ['-R', name, '-f', file], { stdio: 'ignore' });
      expect(await weSay(file, {})).toBe('unknown');
    },
  );

  test('several are saved at once without mixing their lines; a link stays a link', async () => {
    const file = join(directory, 'many');
    const link = join(directory, 'link');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    symlinkSync(file, link);
    const key = Buffer.from(sshd.hostPublicKey.split(' ')[1] ?? '', 'base64');
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => appendKnownHost(link, `h${index}`, 22, key, index % 2 === 0)),
    );
    expect(
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ).toHaveLength(50);
    for (const host of ['h0', 'h1', 'h48', 'h49'])
      expect(spawnSync('ssh-keygen', ['-F', host, '-f', link]).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('a file that cannot be written says so, and the connection is closed', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    await expect(
      connect(sshd.config({ userKnownHostsFiles: [join(file, 'known_hosts')] }), answer('save')),
    ).rejects.toMatchObject({ failure: { code: 'file-unwritable' } });
  });
});

const root =
  userInfo().uid === 0 && existsSync('/bin/mount') ? null : 'needs root to mount a small file system';
describeUnless(root, 'saving on a full disk', () => {
  const folder = join(directory, 'small');
  let mounted = false;
  beforeAll(() => {
    mkdirSync(folder);
    mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', folder]).status === 0;
  });
  afterAll(() => {
    if (mounted) execFileSync('umount', [folder]);
  });

  test('leaves the old file as it was', async (context) => {
    if (!mounted) context.skip('no file system can be mounted here');
    const file = join(folder, 'known_hosts');
    // One page is full but for 20 bytes, the second belongs to another file: a line fits in part only.
    const before = `${'x'.repeat(4096 - 21)}\n`;
    writeFileSync(file, before);
    writeFileSync(join(folder, 'rest'), Buffer.alloc(4096));
    const failed = await appendKnownHost(file, 'host.example', 22, Buffer.alloc(200, 1)).then(
      () => null,
      (error: unknown) => error as NodeJS.ErrnoException,
    );
    expect(failed).not.toBe(null);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('a name in known_hosts', () => {
  test('is never longer than what was asked for: a hashed one has one salt a line', async () => {
    const file = join(directory, 'salts');
    for (let round = 0; round < 2; round++)
      await appendKnownHost(file, 'h', 2222, Buffer.from([0, 0, 0, 1, 0x61]), true);
    const salts = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('|')[2]);
    expect(new Set(salts).size).toBe(2);
    expect(salts.every((salt) => Buffer.from(salt ?? '', 'base64').length === 20)).toBe(true);
  });
});
