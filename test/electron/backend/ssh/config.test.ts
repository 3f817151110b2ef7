import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../../../../electron/backend/ssh/algorithms.ts';
import { resolveHost } from '../../../../electron/backend/ssh/config.ts';
import type { HostConfig, SshOverrides } from '../../../../electron/backend/ssh/config.ts';
import { isPrivateGroup } from '../../../../electron/backend/ssh/config-permissions.ts';
import { parseDestination } from '../../../../electron/backend/ssh/destination.ts';
import { listHosts } from '../../../../electron/backend/ssh/host-list.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { needs } from '../../../support/needs.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-config-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

function configFile(text: string): string {
  const file = join(directory, `config-${files++}`);
  writeFileSync(file, text);
  return file;
}

function resolve(text: string, host: string, overrides: Partial<SshOverrides> = {}): Promise<HostConfig> {
  return resolveHost(host, { configFile: configFile(text), identityFiles: [], port: null, ...overrides });
}

async function refusal(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('it was accepted'),
    (error: unknown) => failureOf(error),
  );
}

describe('HOST on the command line', () => {
  test.each([
    ['web', { host: 'web', user: null, port: null }],
    ['  web  ', { host: 'web', user: null, port: null }],
    ['root@web', { host: 'web', user: 'root', port: null }],
    ['root@web:2222', { host: 'web', user: 'root', port: 2222 }],
    ['web:1', { host: 'web', user: null, port: 1 }],
    ['web:65535', { host: 'web', user: null, port: 65535 }],
    ['10.0.0.1:22', { host: '10.0.0.1', user: null, port: 22 }],
    ['::1', { host: '::1', user: null, port: null }],
    ['fe80::1%eth0', { host: 'fe80::1%eth0', user: null, port: null }],
    ['[::1]', { host: '::1', user: null, port: null }],
    ['me@[::1]:2200', { host: '::1', user: 'me', port: 2200 }],
    ['ssh://me@web:2200/', { host: 'web', user: 'me', port: 2200 }],
    ['first.last@corp@web', { host: 'web', user: 'first.last@corp', port: null }],
    ['CORP\\me@web', { host: 'web', user: 'CORP\\me', port: null }],
    ['team/web', { host: 'team/web', user: null, port: null }],
    ['me@web_1.example', { host: 'web_1.example', user: 'me', port: null }],
  ])('%s', (text, wanted) => {
    expect(parseDestination(text)).toEqual(wanted);
  });

  test.each([
    '',
    '   ',
    '@web',
    'me@',
    '-oProxyCommand=id',
    'me@-oProxyCommand=id',
    '-l@web',
    'web:0',
    'web:65536',
    'web:abc',
    'web:-1',
    'web:',
    '[::1',
    '[]:22',
    'a b',
    'web;id',
    '$(id)',
    '`id`@web',
    'me;id@web',
    'web\nother',
    "we'b",
    'we"b',
    'web|id',
    'ssh://',
    'me\\@web',
    'me\\@web:22',
  ])('refused: %j', (text) => {
    let failure: Failure | null = null;
    try {
      parseDestination(text);
    } catch (error) {
      failure = failureOf(error);
    }
    expect(failure).toMatchObject({ code: 'host-invalid', values: { host: text } });
  });

  test('whatever is written, no shell metacharacter, blank or option gets through', () => {
    const hostile = fc.string({ unit: fc.constantFrom(...'ab1.:@[]-%/ \t\n\'"`$;&|<>(){}\\*?!#~^=,é\0') });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        let parsed;
        try {
          parsed = parseDestination(text);
        } catch (error) {
          expect(failureOf(error).code).toBe('host-invalid');
          return;
        }
        expect(parsed.host).not.toMatch(/^-|[\s'"`$;&|<>(){}\\\0]/);
        expect(parsed.user ?? 'x').not.toMatch(/^-|[\s'"`$;&|<>(){}\0]|\\$/);
        if (parsed.port !== null) expect(parsed.port).toSatisfy((port: number) => port >= 1 && port <= 65535);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the ssh config', () => {
  test.each([
    ['ProxyUseFdpass', 'yes'],
    ['BindInterface', 'eth0'],
    ['ProxyCommand', '-'],
    ['KnownHostsCommand', '/bin/cat'],
    ['PKCS11Provider', '/usr/lib/x.so'],
    ['CertificateFile', '~/.ssh/id-cert.pub'],
    ['CanonicalizeHostname', 'yes'],
  ])('%s cannot be honoured, and is named; for other hosts it does not matter', async (option, value) => {
    const failure = await refusal(resolve(`Host a\n  ${option} ${value}\nHost b\n  Port 3\n`, 'a'));
    expect(failure).toMatchObject({
      code: 'ssh-config-unsupported',
      values: { option, host: 'a', line: 2 },
    });
    expect(failure.values['why']).not.toBe('');
    expect((await resolve(`Host a\n  ${option} ${value}\nHost b\n  Port 3\n`, 'b')).port).toBe(3);
    expect((await resolve(`${option} ${option === 'ProxyUseFdpass' ? 'no' : 'none'}\n`, 'b')).hostName).toBe(
      'b',
    );
  });

  test.each([
    'exec "touch FILE"',
    '!exec "touch FILE"',
    'host a exec "touch FILE"',
    'localnetwork 10.0.0.0/8',
  ])('Match %s is refused, and runs nothing', async (criteria) => {
    const proof = join(directory, 'executed');
    const failure = await refusal(
      resolve(`Match ${criteria.replace('FILE', proof)}\n  HostName evil\nHost a\n  Port 3\n`, 'a'),
    );
    expect(failure.code).toBe('ssh-config-unsupported');
    await listHosts({
      configFile: configFile(`Match ${criteria.replace('FILE', proof)}\n  Port 3\nHost a\n`),
      identityFiles: [],
      port: null,
    });
    expect(existsSync(proof)).toBe(false);
  });

  test.each([
    ['HostName "a b"', 'host'],
    ['HostName -oProxyCommand=id', 'host'],
    ['HostName $(id)', 'host'],
    ['User m;id', 'user'],
    ['User "-l"', 'user'],
  ])('%s is no name that a shell may see', async (line) => {
    const failure = await refusal(resolve(`${line}\n`, 'a'));
    expect(failure).toMatchObject({ code: 'ssh-config-unreadable' });
    expect(failure.values['message']).toMatch(/^line 1: .* contains invalid characters$/);
  });

  test.each([
    ['%h', 'a~b'],
    ['%n', 'a*b'],
    ['%r', 'CORP\\me@a'],
  ])('%s of %s may be a name, but not in a ProxyCommand, which a shell reads', async (token, host) => {
    expect((await refusal(resolve(`ProxyCommand nc ${token}\n`, host))).code).toBe('ssh-config-unreadable');
    expect((await resolve('ProxyCommand nc there\n', host)).route).toEqual({
      kind: 'command',
      command: 'nc there',
    });
  });

  test.each([
    ['ProxyJump j\n', 'a', 'a -> j -> j'],
    ['Host a b\n ProxyJump b\n', 'a', 'a -> b -> b'],
    ['Host a\n ProxyJump b\nHost b\n ProxyJump c\nHost c\n ProxyJump a\n', 'a', 'a -> b -> c -> a'],
    ['Host a\n ProxyJump x,b\nHost x\n ProxyJump b\n', 'a', 'a -> b -> x -> b'],
  ])('jump hosts in a circle: %j', async (text, host, way) => {
    const failure = await refusal(resolve(text, host));
    expect(failure).toMatchObject({ code: 'jump-loop', values: { way } });
  });

  test('a jump host that is exempt from its own ProxyJump is no circle; -J counts over the config', async () => {
    const text = 'Host * !gate\n ProxyJump gate\nHost gate\n Port 9\n';
    expect((await resolve(text, 'a')).route).toMatchObject({
      kind: 'jump',
      via: { alias: 'gate', port: 9, route: { kind: 'direct' } },
    });
    expect((await resolve(text, 'a', { proxyJump: 'none' })).route).toEqual({ kind: 'direct' });
    expect((await resolve('ProxyCommand nc\n', 'a', { proxyJump: 'me@x:5,gate' })).route).toMatchObject({
      kind: 'jump',
      via: { alias: 'gate', route: { kind: 'jump', via: { alias: 'x', user: 'me', port: 5 } } },
    });
    expect((await refusal(resolve('', 'a', { proxyJump: 'x;id' }))).code).toBe('host-invalid');
    // -i and -p are for the host, not for those on the way to it.
    const hop = (await resolve('', 'a', { proxyJump: 'x', port: 7, identityFiles: ['/k'] })).route;
    expect(hop).toMatchObject({ via: { port: 22, identitiesNamed: false } });
  });

  test('-l and -o count over the files, as in ssh, and not for jump hosts', async () => {
    const text = 'Host a\n User file\n ConnectTimeout 5\n ProxyJump gate\n';
    const options = ['ConnectTimeout=7', 'User option', 'ConnectTimeout=9'];
    const config = await resolve(text, 'a', { options });
    expect(config).toMatchObject({ user: 'option', connectTimeoutSeconds: 7 });
    expect(config.route).toMatchObject({ via: { connectTimeoutSeconds: 15 } });
    expect((await resolve(text, 'other@a', { options, user: 'login' })).user).toBe('login');
    expect((await resolve('', 'a', { options: ['HostName=b.example'] })).hostName).toBe('b.example');
    for (const [option, message] of [
      ['NoSuch=1', 'line 0: Bad configuration option: NoSuch'],
      ['User', 'line 0: no argument after keyword "User"'],
      ['ConnectTimeout=soon', 'line 0'],
    ] as const)
      expect(await refusal(resolve('', 'a', { options: [option] }))).toMatchObject({
        code: 'ssh-config-unreadable',
        values: { file: 'command-line', message: expect.stringContaining(message) as string },
      });
  });

  test('algorithms that nothing speaks here are named with their line; those that are spoken are kept', async () => {
    expect(await refusal(resolve('Host a\n Ciphers blowfish-xyz,chacha9\n', 'a'))).toMatchObject({
      code: 'algorithms-unsupported',
      values: { option: 'Ciphers', line: 2, names: 'blowfish-xyz,chacha9' },
    });
    expect((await refusal(resolve('KexAlgorithms mlkem768x25519-sha256\n', 'a'))).code).toBe(
      'algorithms-unsupported',
    );
    const { algorithms } = await resolve(
      'MACs -*etm*\nHostKeyAlgorithms +ssh-rsa\nCiphers ^aes256-ctr\nKexAlgorithms sntrup761x25519-sha512@openssh.com,ecdh-*\n',
      'a',
    );
    expect(algorithms.mac).toEqual(['hmac-sha2-256', 'hmac-sha2-512']);
    expect(algorithms.hostKey?.at(-1)).toBe('ssh-rsa');
    expect(algorithms.hostKeyOrdered).toBe(false);
    expect(algorithms.cipher?.[0]).toBe('aes256-ctr');
    expect(algorithms.kex).toEqual(['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521']);
    expect((await resolve('HostKeyAlgorithms ssh-rsa\n', 'a')).algorithms.hostKeyOrdered).toBe(true);
    expect((await resolve('', 'a')).algorithms.kex).toBe(null);
  });

  test('what is named as spoken, ssh2 speaks', () => {
    const constants = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as Record<
      string,
      string[]
    >;
    for (const [kind, name] of [
      ['kex', 'KEX'],
      ['hostKey', 'SERVER_HOST_KEY'],
      ['cipher', 'CIPHER'],
      ['mac', 'MAC'],
    ] as const) {
      expect(constants[`SUPPORTED_${name}`]).toEqual(expect.arrayContaining([...ALGORITHMS[kind].spoken]));
    }
  });

  test('Match exec matters only where its block would change the connection', async () => {
    const proof = join(directory, 'executed-too');
    const text = `Port 5\nMatch exec "touch ${proof}"\n ForwardAgent yes\n Port 6\nMatch user nobody exec "touch ${proof}"\n User x\n`;
    expect((await resolve(text, 'a')).port).toBe(5);
    expect(await refusal(resolve(`${text}Match exec "touch ${proof}"\n HostName evil\n`, 'a'))).toMatchObject(
      {
        values: { option: 'Match exec', line: 7 },
      },
    );
    expect(existsSync(proof)).toBe(false);
  });

  test.each([
    ['a group of the user alone', 'me:x:7:70:::\nyou:x:8:80:::\n', 'me:x:70:\nyou:x:80:\n', true],
    ['named in it as well', 'me:x:7:70:::\n', 'me:x:70:me\n', true],
    ['another has it too', 'me:x:7:70:::\nyou:x:8:70:::\n', 'me:x:70:\n', false],
    ['another is named in it', 'me:x:7:70:::\nyou:x:8:80:::\n', 'me:x:70:you\n', false],
    ['nobody is in it', 'me:x:7:71:::\n', 'games:x:70:\n', false],
    ['it is not there', 'me:x:7:70:::\n', '', false],
    ['nobody is known', '', 'me:x:70:\n', false],
  ])('a group that may write to a config: %s', (_what, passwd, group, wanted) => {
    expect(isPrivateGroup(70, 7, passwd, group)).toBe(wanted);
  });

  test('Match tagged compares the Tag', async () => {
    const text = 'Host a\n Tag work\nMatch tagged work\n Port 5\n';
    expect([(await resolve(text, 'a')).port, (await resolve(text, 'b')).port]).toEqual([5, 22]);
  });

  test('files that include each other without end are refused soon', async () => {
    const file = join(directory, 'endless');
    writeFileSync(file, `Include ${file} ${file} ${file}\n`);
    const began = Date.now();
    expect((await refusal(resolveHost('a', { configFile: file, identityFiles: [], port: null }))).code).toBe(
      'ssh-config-unreadable',
    );
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test('a file that was named must be there; the default one need not', async () => {
    const missing = { configFile: join(directory, 'nothing'), identityFiles: [], port: null };
    expect((await refusal(resolveHost('a', missing))).code).toBe('ssh-config-unreadable');
    expect((await refusal(resolveHost('a', { ...missing, configFile: directory }))).code).toBe(
      'ssh-config-unreadable',
    );
  });

  test.each(['abc', '0', '65536', '-1', '1.5'])('a port that is none: %s', async (port) => {
    expect((await refusal(resolve(`Host a\n Port ${port}\n`, 'a'))).code).toBe('ssh-config-unreadable');
  });

  test('options of the command line win', async () => {
    const text = 'Host a\n Port 1\n User one\n IdentityFile /k1\n';
    expect(await resolve(text, 'two@a:2')).toMatchObject({ user: 'two', port: 2 });
    expect(await resolve(text, 'two@a:2', { port: 3, identityFiles: ['/k0'] })).toMatchObject({
      port: 3,
      identityFiles: ['/k0', '/k1'],
      identitiesNamed: true,
    });
    expect((await resolve('', 'a')).identitiesNamed).toBe(false);
  });

  test('aliases are the names without patterns, each once, in order', async () => {
    const text = 'Host b a\nHost *.example !x c?\nHost=d\nHOST "e" a\nMatch host z\n Port 1\n';
    const entries = await listHosts({ configFile: configFile(text), identityFiles: [], port: null });
    expect(entries.map((entry) => entry.host)).toEqual(['b', 'a', 'd', 'e']);
  });

  test('aliases of included files too, each with the file that names it first; what cannot be resolved says why', async () => {
    const more = configFile(
      'Host inside\n HostName 10.0.0.9\n User me\n Port 44\nHost a b*\nHost bad\n CanonicalizeHostname yes\n',
    );
    const file = configFile(`Include ${more}\nHost a last\n`);
    const entries = await listHosts({ configFile: file, identityFiles: [], port: null });
    expect(entries.map(({ host, source }) => [host, source])).toEqual([
      ['inside', more],
      ['a', more],
      ['bad', more],
      ['last', file],
    ]);
    expect(entries[0]?.resolved).toBe('me@10.0.0.9:44');
    expect(entries[2]?.resolved).toContain(`${more} line 7 sets CanonicalizeHostname`);
  });

  test('no text makes it throw anything but a failure', async () => {
    const line = fc.tuple(
      fc.constantFrom(
        'Host',
        'Match',
        'Port',
        'User',
        'HostName',
        'Include',
        'IdentityFile',
        '#',
        '',
        'x',
        '"',
      ),
      fc.constantFrom(' ', '=', '\t', ' = ', ''),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        const text = lines.map((parts) => parts.join('')).join('\n');
        await resolve(text, 'a').catch((error: unknown) =>
          expect(failureOf(error).code).not.toBe('internal-error'),
        );
        await listHosts({ configFile: configFile(text), identityFiles: [], port: null }).catch(
          (error: unknown) => expect(failureOf(error).code).toBe('ssh-config-unreadable'),
        );
      }),
      { numRuns: 300 },
    );
  });
});

/** What `ssh -G` prints of one option; several lines are joined. */
function sshSays(file: string, host: string): (option: string) => string {
  const text = execFileSync('ssh', ['-G', '-F', file, '--', host], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (option) =>
    [...text.matchAll(new RegExp(`^${option} (.*)$`, 'gm'))].map((match) => match[1]).join('\n');
}

/** ssh prints identity files with their tokens, and `~` where it has not been needed yet. */
function expanded(path: string, to: HostConfig): string {
  const tokens: Record<string, string> = {
    d: homedir(),
    h: to.hostName,
    n: to.alias,
    p: String(to.port),
    r: to.user,
    u: userInfo().username,
    '%': '%',
  };
  return path
    .replace(/^~(?=\/)/, homedir())
    .replace(/%(.)/g, (whole, letter: string) => tokens[letter] ?? whole);
}

needs('ssh')('as ssh -G resolves it', () => {
  test.each([
    ['nothing', '', 'a'],
    ['plain options', 'Host a\n HostName 10.0.0.1\n Port 2222\n User me\n', 'a'],
    [
      'the first value wins, however it is spelled',
      'Host a\n hostname one\nHost *\n HOSTNAME two\n HostName three\n',
      'a',
    ],
    ['options before any Host', 'User early\nPort 7\nHost a\n User late\n Port 8\n', 'a'],
    ['patterns', 'Host *.example !bad.example\n Port 7\n User p\nHost b?d.*\n Port 9\n', 'good.example'],
    ['a negated pattern', 'Host *.example !bad.example\n Port 7\nHost b?d.*\n Port 9\n', 'bad.example'],
    ['equals signs and quotes', 'Host=a\n Port=2200\n User="me"\n  HostName = "10.0.0.2"\n', 'a'],
    ['%h in HostName', 'Host *\n HostName %h.example.com\n', 'web'],
    ['%% in HostName', 'Host *\n HostName %h-%%x\n', 'web'],
    ['Match host after HostName', 'Host a\n HostName real\nMatch host real\n Port 5\n', 'a'],
    ['Match originalhost', 'Match originalhost a\n Port 5\nMatch originalhost b\n User no\n', 'a'],
    ['Match all', 'Host b\n Port 1\nMatch all\n Port 2\n', 'a'],
    [
      'identity files, in order',
      'Host a\n IdentityFile ~/.ssh/one\n IdentityFile /abs/%h-%r-%n\nHost *\n IdentityFile %d/two\n',
      'a',
    ],
    ['a quoted identity file', 'Host a\n IdentityFile "/tmp/a key"\n', 'a'],
    ['identities only', 'Host a\n IdentitiesOnly yes\n', 'a'],
    [
      'several known_hosts files',
      'Host a\n UserKnownHostsFile /a/one /b/two\n GlobalKnownHostsFile /c\n',
      'a',
    ],
    ['a quoted known_hosts file', 'Host a\n UserKnownHostsFile "/a/with space" /b\n', 'a'],
    ['one quoted known_hosts file', 'Host a\n UserKnownHostsFile "/a/with space"\n', 'a'],
    ['host key alias', 'Host a\n HostKeyAlias other\n', 'a'],
    ['strictness no', 'Host a\n StrictHostKeyChecking no\n', 'a'],
    ['strictness yes', 'Host a\n StrictHostKeyChecking yes\n', 'a'],
    ['strictness accept-new', 'Host a\n StrictHostKeyChecking accept-new\n', 'a'],
    ['strictness off', 'Host a\n StrictHostKeyChecking off\n', 'a'],
    ['time-outs', 'Host a\n ConnectTimeout 7\n ServerAliveInterval 11\n ServerAliveCountMax 4\n', 'a'],
    [
      'comments and blank lines',
      '# c\n\n  # d\nHost a # no comment after an option before 8.7\n Port 3\n',
      'a',
    ],
    ['CRLF', 'Host a\r\n Port 3\r\n User me\r\n', 'a'],
    ['user and port of HOST', 'Host a\n User no\n', 'me@a'],
  ])('%s', async (_what, text, destination) => {
    const file = configFile(text);
    const ssh = sshSays(file, destination);
    const ours = await resolveHost(destination, { configFile: file, identityFiles: [], port: null });
    expect([ours.hostName, ours.port, ours.user]).toEqual([
      ssh('hostname'),
      Number(ssh('port')),
      ssh('user'),
    ]);
    if (ours.identitiesNamed)
      expect(ours.identityFiles).toEqual(
        ssh('identityfile')
          .split('\n')
          .map((path) => expanded(path.replace(/^"(.*)"$/, '$1'), ours)),
      );
    expect(ours.identitiesOnly).toBe(ssh('identitiesonly') === 'yes');
    const known = (option: string): string => expanded(ssh(option).replaceAll('"', ''), ours);
    expect(ours.globalKnownHostsFiles.join(' ')).toBe(known('globalknownhostsfile'));
    expect(ours.userKnownHostsFiles.join(' ')).toBe(
      known('userknownhostsfile').replace(/ ~(?=\/)/g, ` ${homedir()}`),
    );
    expect(ours.hostKeyAlias ?? '').toBe(ssh('hostkeyalias'));
    const strict = { yes: 'true', no: 'false', ask: 'ask', 'accept-new': 'accept-new' } as const;
    expect(strict[ours.strictHostKeyChecking]).toBe(ssh('stricthostkeychecking'));
    if (ssh('connecttimeout') !== 'none')
      expect([ours.connectTimeoutSeconds, ours.serverAliveIntervalSeconds, ours.serverAliveCountMax]).toEqual(
        ['connecttimeout', 'serveraliveinterval', 'serveralivecountmax'].map((option) => Number(ssh(option))),
      );
  });
});
