import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  appendKnownHost,
  fingerprint,
  judgeHostKey,
  keyType,
  knownKeyTypes,
  lookupName,
  readKnownHosts,
} from '../../../../electron/backend/ssh/known-hosts.ts';
import { needs } from '../../../support/needs.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-known-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'known_hosts');

/** An SSH key blob of that type; its content is no key, which nobody here looks at. */
function blob(type: string, content: Buffer): Buffer {
  const length = (size: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(size);
    return bytes;
  };
  return Buffer.concat([length(type.length), Buffer.from(type), length(content.length), content]);
}

const KEY = blob('ssh-ed25519', Buffer.alloc(32, 1));
const OTHER = blob('ssh-ed25519', Buffer.alloc(32, 2));
const RSA = blob('ssh-rsa', Buffer.alloc(64, 3));
const line = (names: string, key: Buffer, marker = ''): string =>
  `${marker}${names} ${keyType(key)} ${key.toString('base64')}`;

async function judge(text: string, host: string, port = 22, key = KEY): Promise<string> {
  writeFileSync(file, text);
  return judgeHostKey(await readKnownHosts([file]), host, port, key).kind;
}

describe('judging a host key', () => {
  test.each([
    ['an empty file', '', 'h', 22, 'unknown'],
    ['the same key', line('h', KEY), 'h', 22, 'known'],
    ['names in any case', line('HoSt', KEY), 'hOsT', 22, 'known'],
    ['another key', line('h', OTHER), 'h', 22, 'changed'],
    ['another type only', line('h', RSA), 'h', 22, 'changed'],
    [
      'several keys, one of them equal',
      `${line('h', RSA)}\n${line('h', OTHER)}\n${line('h', KEY)}`,
      'h',
      22,
      'known',
    ],
    ['another host', line('g', KEY), 'h', 22, 'unknown'],
    ['a list of names', line('f,g,h', KEY), 'h', 22, 'known'],
    ['a negated name', line('*,!h', KEY), 'h', 22, 'unknown'],
    ['a negated name first', line('!h,*', OTHER), 'h', 22, 'unknown'],
    ['another port', line('[h]:2222', KEY), 'h', 2222, 'known'],
    ['another port, pattern', line('[h]:*', KEY), 'h', 2222, 'known'],
    ['another port, the plain name has it too', line('h', KEY), 'h', 2222, 'known'],
    ['another port, the plain name has another', line('h', OTHER), 'h', 2222, 'unknown'],
    ['port 22 does not match a port in brackets', line('[h]:2222', KEY), 'h', 22, 'unknown'],
    ['a revoked key', line('*', KEY, '@revoked '), 'h', 22, 'revoked'],
    [
      'a revoked key that is also known',
      `${line('h', KEY)}\n${line('h', KEY, '@revoked ')}`,
      'h',
      22,
      'revoked',
    ],
    ['another key was revoked', `${line('h', KEY)}\n${line('h', OTHER, '@revoked ')}`, 'h', 22, 'known'],
    ['a certificate authority is no host key', line('h', KEY, '@cert-authority '), 'h', 22, 'unknown'],
    [
      'a certificate authority makes nothing changed',
      line('h', OTHER, '@cert-authority '),
      'h',
      22,
      'unknown',
    ],
    ['an unknown marker', line('h', KEY, '@trusted '), 'h', 22, 'unknown'],
    ['a comment', `# ${line('h', KEY)}`, 'h', 22, 'unknown'],
    [
      'blanks, tabs and a comment behind',
      `  \t${line('h', KEY).replaceAll(' ', '\t ')}  me@there \r\n`,
      'h',
      22,
      'known',
    ],
    ["a type that is not the key's", line('h', KEY).replace('ssh-ed25519', 'ssh-rsa'), 'h', 22, 'unknown'],
    ['RSA1 of old', 'h 1024 35 1234567890', 'h', 22, 'unknown'],
    ['half a line', 'h ssh-ed25519', 'h', 22, 'unknown'],
    ['a hash of another version', '|2|AAAA|BBBB ssh-ed25519 AAAA', 'h', 22, 'unknown'],
    ['half a hash', `|1|AAAA ${keyType(KEY)} ${KEY.toString('base64')}`, 'h', 22, 'unknown'],
  ])('%s', async (_what, text, host, port, wanted) => {
    expect(await judge(text, host, port)).toBe(wanted);
  });

  test('a changed key names the line that knows another, over several files', async () => {
    writeFileSync(file, `# one\n\n${line('x', KEY)}\n`);
    const second = join(directory, 'second');
    writeFileSync(second, `${line('x', KEY)}\n${line('h', OTHER)}\n`);
    const entries = await readKnownHosts([file, '/nonexistent', second]);
    expect(judgeHostKey(entries, 'h', 22, KEY)).toEqual({
      kind: 'changed',
      file: second,
      line: 2,
      known: `ssh-ed25519 ${fingerprint(OTHER)}`,
    });
  });

  test('the types on file, for the order in which the server is asked', async () => {
    writeFileSync(
      file,
      [line('h', RSA), line('h', KEY), line('h', OTHER), line('h', KEY, '@revoked ')].join('\n'),
    );
    expect(knownKeyTypes(await readKnownHosts([file]), 'H', 22)).toEqual(['ssh-rsa', 'ssh-ed25519']);
  });

  test('a pattern matches what its regular expression matches, and never takes long', () => {
    const pattern = fc.string({
      unit: fc.constantFrom('*', '?', 'a', 'b', '.'),
      minLength: 1,
      maxLength: 12,
    });
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pattern, name, (wanted, host) => {
        const oracle = new RegExp(
          `^${wanted.replace(/\./g, '\\.').replace(/\*/g, '.*').replace(/\?/g, '.')}$`,
        );
        const entry = {
          file,
          line: 1,
          marker: null,
          names: wanted,
          type: keyType(KEY),
          key: KEY.toString('base64'),
        };
        expect(judgeHostKey([entry], host, 22, KEY).kind).toBe(oracle.test(host) ? 'known' : 'unknown');
      }),
      { numRuns: 3000 },
    );
    const entry = { file, line: 1, marker: null, names: `${'*a'.repeat(500)}b`, type: 'x', key: '' };
    const began = Date.now();
    expect(judgeHostKey([entry], 'a'.repeat(5000), 22, KEY).kind).toBe('unknown');
    expect(Date.now() - began).toBeLessThan(2000);
  });

  test('a hashed name is the HMAC of exactly that name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.domain(), fc.integer({ min: 1, max: 65535 }), async (host, port) => {
        const salt = randomBytes(20);
        const hash = createHmac('sha1', salt).update(lookupName(host, port)).digest('base64');
        const text = line(`|1|${salt.toString('base64')}|${hash}`, KEY);
        expect(await judge(text, host, port)).toBe('known');
        expect(await judge(text, `x${host}`, port)).toBe('unknown');
      }),
      { numRuns: 50 },
    );
  });

  test('no file makes the reader throw', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '@revoked',
        '@cert-authority',
        'h',
        '|1|',
        '|',
        'ssh-ed25519',
        KEY.toString('base64'),
        '*',
        '!',
      ),
      fc.string(),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(piece)), async (lines) => {
        writeFileSync(file, lines.map((pieces) => pieces.join(' ')).join('\n'));
        const entries = await readKnownHosts([file]);
        judgeHostKey(entries, 'h', 2222, KEY);
        knownKeyTypes(entries, 'h', 22);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(keyType(Buffer.from(bytes)).length).toBeLessThanOrEqual(64);
      }),
    );
  });
});

describe('saving a host key', () => {
  test('makes folder and file for the user alone, and closes a last line that was left open', async () => {
    const fresh = join(directory, 'a', 'b', 'known_hosts');
    await appendKnownHost(fresh, 'H', 22, KEY);
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'a', 'b')).mode & 0o777).toBe(0o700);
    writeFileSync(fresh, readFileSync(fresh, 'utf8').trimEnd());
    await appendKnownHost(fresh, 'h', 2222, OTHER);
    expect(readFileSync(fresh, 'utf8')).toBe(`${line('h', KEY)}\n${line('[h]:2222', OTHER)}\n`);
    const entries = await readKnownHosts([fresh]);
    expect(judgeHostKey(entries, 'h', 22, KEY).kind).toBe('known');
    expect(judgeHostKey(entries, 'h', 2222, OTHER).kind).toBe('known');
  });
});

needs('ssh-keygen')('as ssh-keygen sees it', () => {
  const realKey = (): string => {
    const path = join(directory, `key-${randomBytes(4).toString('hex')}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    return readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  };

  test('-F finds the same names; hashed by -H they are still found', async () => {
    const key = realKey();
    const wire = Buffer.from(key.split(' ')[1] ?? '', 'base64');
    expect(fingerprint(wire)).toBe(
      execFileSync('ssh-keygen', ['-lf', '-'], { input: key, encoding: 'utf8' }).split(' ')[1],
    );
    const names = [
      'h',
      'H',
      'web.example',
      '*.example',
      'w?b.example',
      '!web.example,*.example',
      '[h]:2222',
      '[*]:2222',
      '10.0.0.1,h',
    ];
    const hosts = [
      'h',
      'web.example',
      'wab.example',
      '10.0.0.1',
      '[h]:2222',
      '[web.example]:2222',
      '[h]:2223',
    ];
    for (const name of names) {
      writeFileSync(file, `${name} ${key}\n`);
      const hashable = !/[*?!]/.test(name);
      for (const hashed of hashable ? [false, true] : [false]) {
        if (hashed) execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
        const entries = await readKnownHosts([file]);
        for (const host of hosts) {
          const found = spawnSync('ssh-keygen', ['-F', host, '-f', file]).status === 0;
          const [, bare = host, port = '22'] = /^\[(.*)\]:(\d+)$/.exec(host) ?? [];
          const mine = knownKeyTypes(entries, bare, Number(port)).length > 0;
          expect([name, hashed, host, mine]).toEqual([name, hashed, host, found]);
        }
      }
    }
  });
});
