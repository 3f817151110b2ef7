import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { assembleAlgorithms } from '../../../../electron/backend/ssh/algorithms.ts';
import { needs } from '../../../support/needs.ts';
import { askSsh, compareWithSsh } from './config-oracle.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-oracle-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;

/** A config of its own folder; `@DIR@` in it and in `more` (files beside it) is that folder. */
function configFile(text: string, more: Readonly<Record<string, string>> = {}): string {
  const folder = join(directory, String(count++));
  const files: [string, string][] = [['config', text], ...Object.entries(more)];
  for (const [name, content] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content.replaceAll('@DIR@', folder), { mode: 0o644 });
  }
  return join(folder, 'config');
}

const ME = userInfo().username;

/** [text, hosts]: each host is compared. */
const TABLE: readonly (readonly [string, ...string[]])[] = [
  ['', 'a', 'me@a', 'A', 'A.Example', '10.0.0.1', '::1', 'ssh://me@a:2200', 'ssh://a'],
  ['Host a\n HostName real\n', 'a', 'A', 'b'],
  ['Host a\n HostName REAL.example\n', 'a'],
  ['Host a\n HostName %h.example\n', 'a', 'b'],
  ['Host *\n HostName %h-%%x\n', 'web'],
  ['Host *\n HostName %n.example\n', 'web'],
  ['Host *\n HostName %\n', 'web'],
  ['HostName FE80::1\n', 'a'],
  ['Host a b  c\n Port 3\nHost *\n Port 4\n', 'a', 'b', 'c', 'd'],
  ['Host *.example !bad.example\n Port 7\n', 'good.example', 'bad.example', 'example'],
  ['Host !bad.example *.example\n Port 7\n', 'good.example', 'bad.example'],
  ['Host !bad\n Port 7\n', 'good', 'bad'],
  ['Host ?\n Port 7\nHost ??\n Port 8\n', 'a', 'ab', 'abc'],
  ['Host a*b*c\n Port 7\n', 'abc', 'aXbXc', 'ac', 'abcX', 'aabbcc'],
  ['Host "a" \'b\' "c d"\n Port 7\n', 'a', 'b', 'c'],
  ['Host=a\nPort=7\n', 'a'],
  ['Host = a\nPort = 7\n', 'a'],
  ['Host =a\nPort =7\n', 'a'],
  ['Host == a\nPort 7\n', 'a'],
  ['Port == 7\n', 'a'],
  ['"Port" 7\n', 'a'],
  ['Port "7"\n', 'a'],
  ["Port '7'\n", 'a'],
  ['Port"7"\n', 'a'],
  ['User "me" # c\n', 'a'],
  ['User me# c\n', 'a'],
  ['User me #c\n', 'a'],
  ['User "me\n', 'a'],
  ["User 'me\n", 'a'],
  ['User CORP\\me\n', 'a'],
  ['User CORP\\\\me\n', 'a'],
  ['IdentityFile "/tmp/a key"\n', 'a'],
  ['IdentityFile /tmp/a\\ key\n', 'a'],
  ['IdentityFile /tmp/a" key"/x\n', 'a'],
  ['IdentityFile /tmp/a key\n', 'a'],
  ['IdentityFile\n', 'a'],
  ['IdentityFile ""\n', 'a'],
  ['Port\n', 'a'],
  ['Port 22 23\n', 'a'],
  ['Host\n', 'a'],
  ['Host ""\n', 'a'],
  ['\tPort\t7\t\n', 'a'],
  ['Port 7\r\nUser me\r\n', 'a'],
  ['Port 7\f\n', 'a'],
  ['# c\n\n   # d\n Port 7 # e\n', 'a'],
  ['#Port 8\nPort 7', 'a'],
  ['port 7\nPORT 8\n', 'a'],
  ['Port abc\n', 'a'],
  ['Port 0\n', 'a'],
  ['Port 65536\n', 'a'],
  ['Port -1\n', 'a'],
  ['Port 65535\n', 'a'],
  ['Port ssh\n', 'a'],
  ['Host b\n Port abc\n', 'a'],
  ['Nonsense yes\n', 'a'],
  ['Host b\n Nonsense yes\n', 'a'],
  ['IgnoreUnknown Nonsense\nNonsense yes\n', 'a'],
  ['IgnoreUnknown Non*,Use*\nNonsense yes\nUseKeychainX yes\n', 'a'],
  ['Nonsense yes\nIgnoreUnknown Nonsense\n', 'a'],
  ['IgnoreUnknown x\nIgnoreUnknown Nonsense\nNonsense yes\n', 'a'],
  ['Host b\n IgnoreUnknown Nonsense\nHost a\n Nonsense yes\n', 'a', 'b'],
  ['User me\nHost a\n User you\n', 'a', 'x@a'],
  ['Match all\n Port 7\n', 'a'],
  ['Match !all\n Port 7\n', 'a'],
  ['Match ALL\n Port 7\n', 'a'],
  ['Match all # c\n Port 7\n', 'a'],
  ['Match all host a\n Port 7\n', 'a'],
  ['Match host a all\n Port 7\n', 'a', 'b'],
  ['Match host a user b all\n Port 7\n', 'a'],
  ['Match host a\n Port 7\n', 'a', 'A', 'b'],
  ['Match host A\n Port 7\n', 'a', 'A'],
  ['Match host=a\n Port 7\n', 'a'],
  ['Match host "a"\n Port 7\n', 'a'],
  ['Match host a,b,!c,d*\n Port 7\n', 'a', 'b', 'c', 'dd', 'e'],
  ['Match host *,!c\n Port 7\n', 'a', 'c'],
  ['Match !host a\n Port 7\n', 'a', 'b'],
  ['Match host\n Port 7\n', 'a'],
  ['Match\n Port 7\n', 'a'],
  ['Match nothing a\n Port 7\n', 'a'],
  ['Match host a # c\n Port 7\n', 'a'],
  ['Match host a b\n Port 7\n', 'a'],
  ['Host a\n HostName real\nMatch host real\n Port 5\nMatch host a\n Port 6\n', 'a'],
  ['Host a\n HostName %h.real\nMatch host a.real\n Port 5\n', 'a'],
  ['Host a\n HostName real\nMatch originalhost a\n Port 5\n', 'a', 'real'],
  ['Match originalhost A\n Port 5\n', 'a', 'A'],
  ['Match user me\n Port 5\n', 'me@a', 'a'],
  ['User me\nMatch user me\n Port 5\n', 'you@a', 'a'],
  ['Match user me\n Port 5\nMatch all\n User me\n', 'a'],
  [`Match user ${ME}\n Port 5\n`, 'a', 'me@a'],
  [`Match localuser ${ME}\n Port 5\n`, 'a', 'me@a'],
  [`Match localuser nobody,${ME}x\n Port 5\n`, 'a'],
  [`Match !localuser ${ME}\n Port 5\n`, 'a'],
  [`Match host a user me localuser ${ME}\n Port 5\n`, 'me@a', 'a', 'me@b'],
  ['Match final\n Port 5\n', 'a'],
  ['Match final\n Port 5\nMatch all\n Port 6\n', 'a'],
  ['Match !final\n Port 5\n', 'a'],
  ['Match final all\n Port 5\n', 'a'],
  ['Match canonical\n Port 5\n', 'a'],
  ['Match !canonical\n Port 5\n', 'a'],
  ['Match canonical all\n Port 5\n', 'a'],
  ['Match final host real\n Port 5\nHost a\n HostName real\n', 'a', 'real'],
  ['Host real\n Port 5\nHost a\n HostName REAL\nMatch final\n User f\n', 'a', 'real', 'A'],
  ['Match final\n HostName other\nHost a\n HostName one\n', 'a', 'b'],
  ['Match final\n IdentityFile /f\nHost *\n IdentityFile /g\n', 'a'],
  ['Match final originalhost a host real\n User f\nHost a\n HostName real\n', 'a', 'real'],
  ['IdentityFile ~/.ssh/one\nIdentityFile /abs/%h-%r-%n-%p-%u-%d-%i-%k-%L-%l\n', 'a', 'me@A'],
  ['IdentityFile /a\nIdentityFile /b\nIdentityFile /a\n', 'a'],
  ['IdentityFile none\n', 'a'],
  ['IdentityFile none\nIdentityFile /b\n', 'a'],
  ['IdentityFile %d/x%%y\n', 'a'],
  ['IdentityFile ${HOME}/x\n', 'a'],
  ['IdentityFile /k%C\n', 'a'],
  ['IdentitiesOnly yes\n', 'a'],
  ['IdentitiesOnly TRUE\n', 'a'],
  ['IdentitiesOnly maybe\n', 'a'],
  ['IdentityAgent none\n', 'a'],
  ['IdentityAgent ~/agent-%C-%k-%L-%l-%i\n', 'a', 'me@A'],
  ['IdentityAgent /run/${HOME}/%u\n', 'a'],
  ['IdentityAgent SSH_AUTH_SOCK\n', 'a'],
  ['UserKnownHostsFile /a /b\nUserKnownHostsFile /c\n', 'a'],
  ['UserKnownHostsFile ~/k-%h-%k-%C /b\n', 'a', 'me@A'],
  ['UserKnownHostsFile ${HOME}/k%%\n', 'a'],
  ['UserKnownHostsFile ${SKBLENS_NOT_SET}/k\n', 'a'],
  ['UserKnownHostsFile /k%Z\n', 'a'],
  ['UserKnownHostsFile none\n', 'a'],
  ['HostKeyAlias other\nUserKnownHostsFile /k-%k\n', 'a'],
  ['GlobalKnownHostsFile /a /b\n', 'a'],
  ['GlobalKnownHostsFile ~/a%h\n', 'a'],
  ['GlobalKnownHostsFile none\n', 'a'],
  ...['yes', 'no', 'ask', 'off', 'accept-new', 'true', 'false', 'YES', 'perhaps'].map(
    (value) => [`StrictHostKeyChecking ${value}\n`, 'a'] as const,
  ),
  ...['inet', 'inet6', 'any', 'INET', 'ipv4'].map((value) => [`AddressFamily ${value}\n`, 'a'] as const),
  ...['7', '1m', '1m30s', '1h', '2d', '1w', 'none', '0', 'x', '1x', '-1', '1.5'].map(
    (value) => [`ConnectTimeout ${value}\n`, 'a'] as const,
  ),
  ...['11', '1m', 'x', '0'].map((value) => [`ServerAliveInterval ${value}\n`, 'a'] as const),
  ...['4', 'x', '1m'].map((value) => [`ServerAliveCountMax ${value}\n`, 'a'] as const),
  ['NumberOfPasswordPrompts 4\n', 'a'],
  ['BatchMode yes\nServerAliveInterval 9\n', 'a'],
  ['HashKnownHosts yes\n', 'a'],
  ['PasswordAuthentication no\nKbdInteractiveAuthentication no\nPubkeyAuthentication no\n', 'a'],
  ['ChallengeResponseAuthentication no\n', 'a'],
  ['PreferredAuthentications publickey,password\n', 'a'],
  ...['3072', 'x', '1k'].map((value) => [`RequiredRSASize ${value}\n`, 'a'] as const),
  ...['+ssh-rsa', '-ssh-ed25519', '^rsa-sha2-256', 'rsa-sha2-256,ssh-ed25519', '-*nistp*,ssh-rsa'].map(
    (value) => [`PubkeyAcceptedAlgorithms ${value}\n`, 'a'] as const,
  ),
  ['PubkeyAcceptedKeyTypes rsa-sha2-512\n', 'a'],
  ['BindAddress 127.0.0.2\n', 'a'],
  ['Ciphers aes256-ctr,aes128-ctr\n', 'a'],
  ['MACs hmac-sha2-512,umac-64@openssh.com\n', 'a'],
  ['KexAlgorithms ecdh-sha2-nistp256,curve25519-sha256\n', 'a'],
  ['HostKeyAlgorithms rsa-sha2-512,ssh-ed25519\n', 'a'],
  ['HostKeyAlgorithms *ed25519*,ssh-rsa\n', 'a'],
  ['HostKeyAlgorithms ssh-ed25519,ecdsa-*\n', 'a'],
  ['Host a\n ProxyJump j\nHost j\n HostName jump.real\n User ju\n Port 2022\n', 'a'],
  ['Host a\n ProxyJump u@j:33\nHost j\n HostName jump.real\n User ju\n Port 2022\n', 'a'],
  ['Host a\n ProxyJump ssh://u@j:33/\nHost j\n HostName jump.real\n', 'a'],
  ['Host a\n ProxyJump j1,u@j2:33,j3\nHost j?\n User ju\n', 'a'],
  ['Host a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump d\n', 'a', 'b', 'c', 'd'],
  ['Host a\n ProxyJump gate-%h\nHost gate-*\n User g\n', 'a'],
  ['Host a\n ProxyJump j # c\n', 'a'],
  ['Host a\n ProxyJump=j\n', 'a'],
  ['Host a\n ProxyJump none\nHost *\n ProxyJump x\n', 'a'],
  ['Host a\n ProxyJump none\nHost *\n ProxyCommand nc %h %p\n', 'a'],
  ['Host a\n ProxyCommand none\nHost *\n ProxyJump x\n', 'a'],
  ['Host a\n ProxyCommand nc %h %p\n ProxyJump x\n', 'a'],
  ['Host a\n ProxyJump x\n ProxyCommand nc %h %p\n', 'a'],
  ['ProxyCommand ssh -W %h:%p "a b" \'c\' # no comment %r@%n %%\n', 'me@A'],
  ['ProxyCommand=nc %h %p  \n', 'a'],
  ['ProxyCommand "/opt/a b" %h\n', 'a'],
  ['ProxyJump\n', 'a'],
  ['ProxyCommand\n', 'a'],
  [
    'ForwardAgent yes\nCompression yes\nControlMaster auto\nControlPath /x/%C\nControlPersist 10m\nLogLevel DEBUG\nSendEnv LANG LC_*\nSetEnv A=b\nRequestTTY yes\nLocalForward 1 h:2\nDynamicForward 3\nVisualHostKey yes\nUpdateHostKeys no\nTCPKeepAlive no\nRekeyLimit 1G\nEscapeChar none\n',
    'a',
  ],
  ['Protocol 2\nCipher 3des\nUseRoaming no\n', 'a'],
  ['Host 10.0.*\n User net\n', '10.0.0.1', '10.1.0.1'],
  ['Host fe80::*\n User six\n', 'fe80::1'],
  ['Host team/web\n User t\n', 'team/web'],
];

needs('ssh')('as ssh -G resolves it, option by option', () => {
  const cases = TABLE.flatMap(([text, ...hosts]) => hosts.map((host) => [text, host] as const));

  test('there are enough of them', () => expect(cases.length).toBeGreaterThan(150));

  test.each(cases)('%j for %s', async (text, host) => {
    await compareWithSsh(configFile(text), host);
  });

  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['one file', 'Include @DIR@/more\nPort 9\n', { more: 'Port 7\nHost a\n User me\n' }],
    ['a file that is not there', 'Include @DIR@/nothing\nPort 9\n', {}],
    ['a pattern without files', 'Include @DIR@/*.conf\nPort 9\n', {}],
    [
      'a pattern, in byte order, without hidden files',
      'Include @DIR@/d/*\n',
      { 'd/b': 'Port 2\n', 'd/a': 'User first\n', 'd/Z': 'Port 1\n', 'd/.hidden': 'Port 9\n' },
    ],
    ['brackets', 'Include @DIR@/[ab]?\n', { a1: 'Port 2\n', c1: 'User no\n', b2: 'User yes\n' }],
    ['a negated bracket', 'Include @DIR@/x[!a-c]\n', { xa: 'Port 2\n', xd: 'Port 3\n' }],
    ['folders by pattern', 'Include @DIR@/d*/conf\n', { 'd1/conf': 'Port 2\n', 'd2/conf': 'User u\n' }],
    ['several words', 'Include @DIR@/x @DIR@/y\n', { x: 'Port 2\n', y: 'User u\n' }],
    ['a quoted path', 'Include "@DIR@/a b"\n', { 'a b': 'Port 2\n' }],
    ['an equals sign', 'Include=@DIR@/x\n', { x: 'Port 2\n' }],
    [
      'files in files',
      'Include @DIR@/x\n',
      { x: 'Include @DIR@/y\n', y: 'Include @DIR@/z\n', z: 'Port 5\n' },
    ],
    ['below a Host that applies', 'Host a\n Include @DIR@/x\n User after\n', { x: 'Port 5\n' }],
    [
      'below a Host that does not',
      'Host b\n Include @DIR@/x\n User after\n',
      { x: 'Port 5\nHost a\n User in\n' },
    ],
    ['a Host inside ends with its file', 'Include @DIR@/x\nUser after\n', { x: 'Host b\n Port 5\n' }],
    [
      'a Host inside, below one that applies',
      'Host a\n Include @DIR@/x\n Port 9\n',
      { x: 'Host b\n User no\nHost a\n User in\n' },
    ],
    [
      'Match inside, below one that does not',
      'Match host b\n Include @DIR@/x\n',
      { x: 'Match all\n Port 5\n' },
    ],
    ['Match final inside', 'Include @DIR@/x\nPort 5\n', { x: 'Match final\n User f\n' }],
    ['itself', 'Include @DIR@/config\nPort 5\n', {}],
    ['each other', 'Include @DIR@/x\n', { x: 'Include @DIR@/y\n', y: 'Include @DIR@/x\n' }],
    ['a mistake inside', 'Include @DIR@/x\n', { x: 'Port abc\n' }],
    ['a mistake inside, where it does not apply', 'Host b\n Include @DIR@/x\n', { x: 'Nonsense abc\n' }],
    ['no path', 'Include\n', {}],
    ['an empty path', 'Include ""\n', {}],
  ])('Include of %s', async (_what, text, more) => {
    await compareWithSsh(configFile(text, more), 'a');
  });

  test('an included file that others may write to is refused', async () => {
    const file = configFile('Include @DIR@/x\n', { x: 'Port 5\n' });
    chmodSync(join(dirname(file), 'x'), 0o666);
    expect(await compareWithSsh(file, 'a')).toBe(0);
  });

  test('generated configs', { timeout: 120_000 }, async () => {
    const name = fc.constantFrom('a', 'b', 'real', 'web.example', 'A', 'j1', 'j2');
    const pattern = fc.constantFrom('a', 'b', '*', '?', '*.example', '!a', '!b', 'real', 'w*', 'A', 'j*');
    const user = fc.constantFrom('me', 'you', 'root');
    const hostLine = fc
      .array(pattern, { minLength: 1, maxLength: 3 })
      .map((list) => `Host ${list.join(' ')}`);
    const criterion = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('host', '!host', 'originalhost', '!originalhost'),
          fc.array(pattern, { minLength: 1, maxLength: 3 }),
        )
        .map(([what, list]) => `${what} ${list.join(',')}`),
      fc.tuple(fc.constantFrom('user', '!user'), user).map((parts) => parts.join(' ')),
      fc.constantFrom('final', '!final', 'canonical', '!canonical', `localuser ${ME}`),
    );
    const matchLine = fc.oneof(
      fc.array(criterion, { minLength: 1, maxLength: 3 }).map((list) => `Match ${list.join(' ')}`),
      fc.constantFrom('Match all', 'Match final all', 'Match canonical all'),
    );
    const option = fc.oneof(
      fc.integer({ min: 1, max: 9 }).map((port) => `Port ${port}`),
      user.map((one) => `User ${one}`),
      fc.constantFrom('HostName real', 'HostName %h.example', 'HostName B', 'HostName 10.0.0.1'),
      fc.constantFrom('IdentityFile /k1', 'IdentityFile ~/k2', 'IdentityFile /%h/%r', 'IdentityFile none'),
      fc.constantFrom('IdentitiesOnly yes', 'IdentitiesOnly no', 'BatchMode yes', 'HashKnownHosts yes'),
      fc.constantFrom('UserKnownHostsFile /u1 /u2', 'UserKnownHostsFile /u-%k', 'GlobalKnownHostsFile /g'),
      fc.constantFrom(
        'HostKeyAlias x',
        'HostKeyAlias y',
        'StrictHostKeyChecking yes',
        'StrictHostKeyChecking no',
      ),
      fc.constantFrom('ProxyCommand nc %h %p', 'ProxyCommand none', 'ProxyJump none'),
      fc.constantFrom(
        'ConnectTimeout 3',
        'ServerAliveInterval 4',
        'AddressFamily inet',
        'IdentityAgent /s%h',
      ),
      fc.constantFrom('Include @DIR@/x', 'Include @DIR@/y @DIR@/x', 'Include @DIR@/*'),
      fc.constantFrom('# comment', '', 'ForwardAgent yes', 'IgnoreUnknown No*', 'Nonsense 1'),
    );
    const line = fc.oneof(
      { weight: 2, arbitrary: hostLine },
      { weight: 2, arbitrary: matchLine },
      { weight: 6, arbitrary: option },
    );
    const text = fc.array(line, { maxLength: 12 }).map((lines) => `${lines.join('\n')}\n`);
    const included = text.map((lines) => lines.replace(/^Include.*$/gm, ''));
    let resolved = 0;
    await fc.assert(
      fc.asyncProperty(text, included, included, name, fc.option(user), async (config, x, y, host, login) => {
        const file = configFile(config.replace('@DIR@/*', '@DIR@/[xy]'), { x, y });
        if ((await compareWithSsh(file, login === null ? host : `${login}@${host}`)) > 0) resolved++;
      }),
      { numRuns: 400 },
    );
    expect(resolved).toBeGreaterThan(200);
  });

  test('generated lines: quotes, backslashes, comments and blanks', { timeout: 120_000 }, async () => {
    const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '='), maxLength: 2 });
    const word = fc.string({ unit: fc.constantFrom(...'ab\\"\'#= \t%~$,!*'), maxLength: 8 });
    const line = fc
      .tuple(
        blank,
        fc.constantFrom(
          'User',
          'HostKeyAlias',
          'Host',
          'Match host',
          'BindAddress',
          'ProxyCommand',
          'UserKnownHostsFile',
        ),
        fc.constantFrom(' ', '\t', '=', ' = ', ' "', '  '),
        word,
        word,
      )
      .map(([before, keyword, between, first, second]) => `${before}${keyword}${between}${first} ${second}`);
    const refused = /[\s\0'"`$;&|<>(){}]|^-|\\$/;
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), async (lines) => {
        const file = configFile(`${lines.join('\n')}\n`);
        const theirs = askSsh(file, 'a');
        // ssh takes any user and proxy command out of a config; here they must be harmless in a shell as well.
        if (typeof theirs !== 'string') {
          fc.pre(!refused.test(theirs.one('user') ?? ''));
          fc.pre(
            !/%(?![hnpr%])/.test(theirs.one('proxycommand') ?? '') && theirs.one('proxycommand') !== '-',
          );
        }
        await compareWithSsh(file, 'a');
      }),
      { numRuns: 400 },
    );
  });
});

needs('ssh')('lists of algorithms, as ssh assembles them', () => {
  const query = (what: string): string[] =>
    execFileSync('ssh', ['-Q', what], { encoding: 'utf8' }).trim().split('\n');
  const plain = askSsh(configFile(''), 'a');

  describe.each([
    ['Ciphers', 'cipher', 'aes128-cbc', 'aes256-ctr', 'aes*-ctr,*gcm*'],
    ['MACs', 'mac', 'hmac-md5', 'hmac-sha2-256', '*-etm@openssh.com,umac-*'],
    ['KexAlgorithms', 'kex', 'diffie-hellman-group1-sha1', 'ecdh-sha2-nistp384', 'diffie-*,sntrup*'],
    ['HostKeyAlgorithms', 'HostKeyAlgorithms', 'ssh-rsa', 'rsa-sha2-256', '*cert*,*nistp*'],
  ])('%s', (option, kind, extra, usual, patterns) => {
    test.each([
      `+${extra}`,
      `+${usual}`,
      `^${extra}`,
      `^${usual}`,
      `^${usual},${extra}`,
      `-${usual}`,
      `-${patterns}`,
      `${usual},${extra}`,
      usual,
    ])('%s', (text) => {
      if (typeof plain === 'string') expect.fail(plain);
      const lower = option.toLowerCase();
      const offered = (plain.one(lower) ?? '').split(',');
      const theirs = askSsh(configFile(`${option} ${text}\n`), 'a');
      if (typeof theirs === 'string') expect.fail(theirs);
      expect(assembleAlgorithms(text, { offered, spoken: query(kind) })).toEqual(
        (theirs.one(lower) ?? '').split(','),
      );
    });
  });
});
