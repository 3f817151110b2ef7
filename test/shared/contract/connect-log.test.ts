import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CONNECT_LOG_TEXTS, connectLogText } from '../../../shared/contract/connect-log.ts';
import type { ConnectLogKey } from '../../../shared/contract/connect-log.ts';

const SOURCES = ['ssh', 'target']
  .map((folder) => fileURLToPath(new URL(`../../../electron/backend/${folder}/`, import.meta.url)))
  .flatMap((folder) => readdirSync(folder).map((name) => readFileSync(`${folder}${name}`, 'utf8')))
  .join('\n');

test('blanks are filled in once, whatever stands in the values', () => {
  const values = { host: '{port}', port: 22 };
  expect(connectLogText({ key: 'connecting', values, failure: null })).toBe('connecting to {port} port 22');
  expect(connectLogText({ key: 'connecting', values: {}, failure: null })).toContain('{host}');
});

test.each(Object.keys(CONNECT_LOG_TEXTS) as ConnectLogKey[])('%s is said somewhere', (key) => {
  const said = key.startsWith('host-key-') ? '`host-key-${judged.kind}`' : `'${key}'`;
  expect(SOURCES).toContain(said);
});
