import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  listNamespaces,
  MAX_NAMESPACES,
  parseNamespaces,
} from '../../../../electron/backend/target/netns.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import { scripted } from '../scripted-connection.ts';

const LISTED = `own=4 4026531840
file=4 4026532192 /run/netns/edge one
file=26 8812 /run/netns/left-over
file=4 4026532300 /var/run/docker/netns/3f2a
lrwxrwxrwx 1 root root 0 Nov 22 19:43 /proc/1/ns/net -> net:[4026531840]
lrwxrwxrwx 1 root root 0 Nov 22 19:43 /proc/96/ns/net -> net:[4026531840]
lrwxrwxrwx 1 root root 0 Nov 22 19:43 /proc/412/ns/net -> net:[4026532300]
/proc/1/comm:systemd
/proc/412/comm:ng\u001binx
/proc/412/comm:second line of its name
listed=yes
`;

test('who is where: our own first, then those with a name', () => {
  expect(parseNamespaces(LISTED)).toEqual([
    { inode: 4026531840, files: [], processes: 2, example: { pid: 1, comm: 'systemd' }, own: true },
    { inode: 4026532192, files: ['/run/netns/edge one'], processes: 0, example: null, own: false },
    {
      inode: 4026532300,
      files: ['/var/run/docker/netns/3f2a'],
      processes: 1,
      example: { pid: 412, comm: 'ng\\u001binx' },
      own: false,
    },
  ]);
});

test('any text gives a list with an end', () => {
  const pieces = LISTED.split('\n').map((line) => `${line}\n`);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...pieces))), (lines) => {
      for (const { inode } of parseNamespaces(lines.join(''))) expect(Number.isInteger(inode)).toBe(true);
    }),
  );
  const many = Array.from({ length: 5000 }, (_, i) => `x /proc/${i + 1}/ns/net -> net:[${i + 1}]\n`).join('');
  expect(parseNamespaces(`own=4 9\n${many}`)).toHaveLength(MAX_NAMESPACES);
});

test('a list that was cut short is none', async () => {
  const connection = scripted();
  const listing = listNamespaces(connection.target).catch(failureOf);
  const channel = await connection.started();
  channel.emit('own=4 4026531840\n');
  channel.end(1);
  expect(await listing).toMatchObject({ code: 'command-failed' });
});
