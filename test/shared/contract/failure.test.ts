import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { failureTexts } from '../../../shared/contract/failure-texts.ts';
import { Fail, failFrom, failureOf, failureText, makeFailure } from '../../../shared/contract/failure.ts';
import type { FailureCode } from '../../../shared/contract/failure.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CODES = Object.keys(failureTexts.en) as FailureCode[];

/** The text of every source file below `folders`, without the catalogue itself and without this test. */
function sources(...folders: readonly string[]): string {
  const texts: string[] = [];
  const walk = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path)) walk(join(path, name));
    else if (/\.(?:ts|svelte)$/.test(path) && !/failure-texts\.ts$|contract\/failure\.test\.ts$/.test(path))
      texts.push(readFileSync(path, 'utf8'));
  };
  for (const folder of folders) walk(join(ROOT, folder));
  return texts.join('\n');
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();

describe.each(CODES)('%s', (code) => {
  const { en, 'zh-CN': chinese } = failureTexts;

  test('says what happened and what to do, in both languages, with the same values', () => {
    for (const text of [en[code], chinese[code]]) {
      expect(text.message).not.toBe('');
      expect(text.remedy).not.toBe('');
    }
    const all = (text: { message: string; remedy: string }) =>
      [...new Set([...placeholders(text.message), ...placeholders(text.remedy)])].sort();
    expect(all(chinese[code])).toEqual(all(en[code]));
    if (code !== 'usage') expect(chinese[code].message).toMatch(/[\u4e00-\u9fff]/);
  });
});

describe('every code', () => {
  const program = sources('electron', 'shared', 'renderer');
  const tests = sources('test');
  const quoted = (text: string, code: string): boolean => text.includes(`'${code}'`);

  test('is used by the program', () => {
    expect(CODES.filter((code) => !quoted(program, code))).toEqual([]);
  });

  test('is caused by a test', () => {
    expect(CODES.filter((code) => !quoted(tests, code))).toEqual([]);
  });
});

describe('a failure', () => {
  test('fills in its values, and nothing that a value says', () => {
    const { failure } = new Fail('host-invalid', { host: '{host} {message} $& \\1' });
    expect(failure.message).toBe('"{host} {message} $& \\1" is not a host name, alias or user@host:port.');
    expect(makeFailure('command-timeout', { command: 'x', seconds: 0 }).message).toContain(
      'within 0 s on {host}',
    );
  });

  test('reads in the reader’s language, and crosses JSON whole', () => {
    const sent = new Fail('connect-refused', { host: 'web', port: 22 }, 'detail').failure;
    const received = failFrom(JSON.parse(JSON.stringify(sent)) as typeof sent);
    expect(received.failure).toEqual(sent);
    expect(received.message).toBe(sent.message);
    expect(failureText(sent, 'en').message).toBe(sent.message);
    expect(failureText(sent, 'zh-CN').message).toBe('web 端口 22 拒绝连接。');
  });

  test('anything thrown becomes one', () => {
    expect(failureOf(new Error('boom'))).toMatchObject({
      code: 'internal-error',
      values: { message: 'boom' },
    });
    expect(failureOf(new Error('boom')).detail).toContain('failure.test.ts');
    for (const thrown of [undefined, null, 'text', 7, {}, Symbol('s')])
      expect(failureOf(thrown).code).toBe('internal-error');
  });
});
