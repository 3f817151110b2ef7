import { describe, expect, test } from 'vitest';
import { hostBeside, hostRows, shortPath } from '../../../renderer/state/host-rows.ts';
import type { HostRow } from '../../../renderer/state/host-rows.ts';

const entry = (host: string, source: string) => ({ host, source, resolved: `root@${host}.example` });
const hosts = [
  entry('edge-01', '/home/me/.ssh/config'),
  entry('db', '/home/me/.ssh/config.d/work'),
  entry('edge-02', '/home/me/.ssh/config'),
];
const short = (rows: readonly HostRow[]) =>
  rows.map((row) =>
    row.kind === 'host' ? row.entry.host : row.kind === 'file' ? `[${row.file}]` : '[recent]',
  );

describe('hostRows', () => {
  test('stand under the file that names them, in the order in which ssh reads them', () => {
    expect(short(hostRows(hosts, [], ''))).toEqual([
      '[/home/me/.ssh/config]',
      'edge-01',
      'edge-02',
      '[/home/me/.ssh/config.d/work]',
      'db',
    ]);
  });

  test('those used last come first, once, also one that no config names; five at most', () => {
    const rows = hostRows(hosts, ['root@10.0.0.9:2222', 'edge-02'], '');
    expect(short(rows)).toEqual([
      '[recent]',
      'root@10.0.0.9:2222',
      'edge-02',
      '[/home/me/.ssh/config]',
      'edge-01',
      '[/home/me/.ssh/config.d/work]',
      'db',
    ]);
    expect(rows[1]).toMatchObject({ recent: true, entry: { resolved: '', source: '' } });
    const many = ['1', '2', '3', '4', '5', '6', '7'];
    expect(short(hostRows([], many, ''))).toEqual(['[recent]', '1', '2', '3', '4', '5']);
  });

  test('the files keep their order when the first host of one has gone to the recent ones', () => {
    expect(short(hostRows(hosts, ['edge-01'], ''))).toEqual([
      '[recent]',
      'edge-01',
      '[/home/me/.ssh/config]',
      'edge-02',
      '[/home/me/.ssh/config.d/work]',
      'db',
    ]);
  });

  test('every word must be in the name or in what it resolves to, whatever its case', () => {
    expect(short(hostRows(hosts, ['edge-02'], 'EDGE root@'))).toEqual([
      '[recent]',
      'edge-02',
      '[/home/me/.ssh/config]',
      'edge-01',
    ]);
    expect(hostRows(hosts, ['edge-02'], 'edge nowhere')).toEqual([]);
  });

  test('arrows pass over headings, and stay at the ends', () => {
    const rows = hostRows(hosts, ['edge-02'], '');
    expect(short(rows)).toEqual([
      '[recent]',
      'edge-02',
      '[/home/me/.ssh/config]',
      'edge-01',
      '[/home/me/.ssh/config.d/work]',
      'db',
    ]);
    expect([hostBeside(rows, -1, 1), hostBeside(rows, 1, 1), hostBeside(rows, 5, 1)]).toEqual([1, 3, 5]);
    expect([hostBeside(rows, 3, -1), hostBeside(rows, 1, -1)]).toEqual([1, 1]);
  });
});

test('a file is written as people write it', () => {
  expect(shortPath('/home/me/.ssh/config')).toBe('~/.ssh/config');
  expect(shortPath('/root/.ssh/config.d/a b')).toBe('~/.ssh/config.d/a b');
  expect(shortPath('/Users/me/.ssh/config')).toBe('~/.ssh/config');
  expect(shortPath('C:\\Users\\me\\.ssh\\config')).toBe('~\\.ssh\\config');
  expect(shortPath('/etc/ssh/ssh_config')).toBe('/etc/ssh/ssh_config');
  expect(shortPath('/rooted/config')).toBe('/rooted/config');
});
