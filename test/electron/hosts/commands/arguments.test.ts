import { describe, expect, test } from 'vitest';
import { parseCommandLine, parseDuration, specFor } from '../../../../electron/hosts/commands/arguments.ts';
import { runCli } from '../run-cli.ts';

describe('the command line', () => {
  test('as values', () => {
    const line = parseCommandLine(
      'probe me@web:22 ip_rcv_core --json -F cfg -i k1 -i k2 -p 2222 -J me@gate:23,second -l me -o ConnectTimeout=3 -oUser=x --filter misfit --expect ipv6 --count 5 --for 2m --per-second 50 --expect-verdict as-expected --pcapng out'.split(
        ' ',
      ),
    );
    expect(line).toMatchObject({
      command: 'probe',
      positionals: ['me@web:22', 'ip_rcv_core'],
      json: true,
      ssh: {
        configFile: 'cfg',
        identityFiles: ['k1', 'k2'],
        port: 2222,
        proxyJump: 'me@gate:23,second',
        user: 'me',
        options: ['ConnectTimeout=3', 'User=x'],
      },
      expectVerdict: 'as-expected',
      pcapng: 'out',
      spec: { filter: 'misfit', expect: 'ipv6', engine: 'auto', count: 5, seconds: 120, perSecond: 50 },
    });
    expect(specFor('ip_rcv_core', line)).toMatchObject({
      function: 'ip_rcv_core',
      count: 5,
      perSecond: 50,
    });
    expect(specFor('f', parseCommandLine(['probe', 'web', 'f']))).toMatchObject({ perSecond: 2000 });
  });

  test.each([
    ['1', 1],
    ['10s', 10],
    ['1500ms', 1.5],
    ['2m', 120],
    ['24h', 86400],
    ['0.5m', 30],
  ])('--for %s is %d s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '0', '500ms', '25h', '-1s', '1d', '1e3', 'Infinity', '1 s', 's', '1.s'])(
    '--for %j is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow(
        expect.objectContaining({ failure: expect.objectContaining({ code: 'usage' }) as object }) as Error,
      );
    },
  );
});

test.each([
  [['nothing']],
  [['--nothing']],
  [['-x']],
  [['survey']],
  [['survey', 'a', 'b']],
  [['functions']],
  [['probe']],
  [['probe', 'web']],
  [['probe', 'web', 'f', 'g']],
  [['probe', 'web', 'f', '--count', '0']],
  [['probe', 'web', 'f', '--count', '1.5']],
  [['probe', 'web', 'f', '--count', '1e3']],
  [['probe', 'web', 'f', '--count']],
  [['probe', 'web', 'f', '--per-second', '0']],
  [['probe', 'web', 'f', '--per-second', '1000001']],
  [['probe', 'web', 'f', '--for', 'ever']],
  [['probe', 'web', 'f', '--engine', 'magic']],
  [['probe', 'web', 'f', '--expect', 'token-ring']],
  [['probe', 'web', 'f', '--expect-verdict', 'good']],
  [['probe', 'web', 'f', '-p', '0']],
  [['probe', 'web', 'f', '-p', '65536']],
  [['inspect']],
  [['inspect', 'a', 'b']],
  [['run']],
  [['run', 'p.json', 'a', 'b', '--pcapng', 'out']],
  [['demo', 'web']],
  [['serve', 'web']],
  [['serve', '--port', '-1']],
  [['serve', '--port', '65536']],
])('%j is wrong usage: status 2, and one line says why', async (args) => {
  const json = await runCli('--json', ...args);
  expect(json.status).toBe(2);
  const [line, ...more] = json.lines();
  expect(more).toEqual([]);
  expect(line).toMatchObject({ type: 'failure', code: 'usage', remedy: 'See skblens --help.' });
  expect(line?.['message']).not.toBe('');
  const text = await runCli(...args);
  expect([text.status, text.stdout]).toEqual([2, '']);
  expect(text.stderr).toMatch(/^skblens: \S/);
});

test.each([
  [['probe', 'web', 'f', '--filter', 'nothing'], 'filter-invalid'],
  [['probe', 'web', 'a;b'], 'function-name-invalid'],
  [['probe', 'web', '$(id)'], 'function-name-invalid'],
])('%j is wrong usage, by its own name', async (args, code) => {
  const { status, lines } = await runCli('--json', ...args);
  expect(status).toBe(2);
  expect(lines()).toMatchObject([{ type: 'failure', code }]);
});

test('help is no failure, and names every command', async () => {
  for (const args of [[], ['help'], ['--help'], ['probe', '-h']]) {
    const { status, stdout } = await runCli(...args);
    expect(status).toBe(0);
    for (const command of ['survey', 'functions', 'probe', 'inspect', 'run', 'demo', 'serve'])
      expect(stdout).toContain(`skblens ${command}`);
  }
});

test.each([
  [['survey', '-oProxyCommand=id'], 2, 'usage'],
  [['survey', '--', '-oProxyCommand=id'], 1, 'host-invalid'],
  [['survey', 'web', '-F', '/nonexistent/config'], 1, 'ssh-config-unreadable'],
  [['inspect', '/nonexistent/file'], 1, 'file-unreadable'],
  [['run', '/nonexistent/profile'], 1, 'profile-unreadable'],
])('%j ends with %i', async (args, status, code) => {
  const result = await runCli('--json', ...args);
  expect(result.status).toBe(status);
  expect(result.lines()).toMatchObject([{ type: 'failure', code }]);
});
