import { describe, expect, test } from 'vitest';
import type { SshConnection } from '../../../shared/contract/ssh-session.ts';
import { ownScript } from '../../../shared/probe/own-script.ts';
import { ownConditions as ofBpftrace, parseSshConnection } from '../../../shared/probe/own-traffic.ts';
import { ownConditions as ofTracefs } from '../../../shared/probe/tracefs-filter.ts';

const connection = (text: string): SshConnection => parseSshConnection(text) ?? expect.fail(text);
const V4 = connection('192.0.2.7 50000 192.0.2.1 22');
const OTHER_V4 = connection('198.51.100.9 1234 198.51.100.1 2222');
const V6 = connection('2001:db8::7 50001 2001:db8::1 22');

describe.each([
  ['bpftrace', ofBpftrace],
  ['tracefs', ofTracefs],
] as const)('a script of %s that was edited on one connection', (_engine, conditions) => {
  const scriptFor = (one: SshConnection): string =>
    [
      '// mine',
      ...conditions(one).map((condition) => `if (${condition}) { $own = 1; } // 22 is ssh`),
      'e',
    ].join('\n');

  test.each([
    ['another', V4, OTHER_V4],
    ['the same', V4, V4],
    ['one over IPv6', V4, V6],
    ['one over IPv4 again', V6, OTHER_V4],
  ])('leaves out the packets of %s, and nothing else in it changes', (_which, from, to) => {
    expect(ownScript(scriptFor(from), to, conditions)).toEqual({
      script: scriptFor(to),
      feedsItself: false,
    });
  });

  test('without a condition is said to feed itself, and stays as it is', () => {
    const script = 'kfunc:ip_rcv_core { $i = 50000; printf("%d", 0x7); }';
    expect(ownScript(script, V4, conditions)).toEqual({ script, feedsItself: true });
    expect(ownScript('', V4, conditions).feedsItself).toBe(true);
  });

  test('is left alone where the connection is not known', () => {
    expect(ownScript(scriptFor(V4), null, conditions)).toEqual({ script: scriptFor(V4), feedsItself: false });
  });
});
