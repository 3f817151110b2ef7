import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeFacts, readFacts } from '../../../../electron/backend/target/survey.ts';
import type { SurveyItem, TargetFacts } from '../../../../shared/contract/api.ts';

/** What the survey script printed on Debian 12, and lines to put in place of others. */
function printed(changes: Readonly<Record<string, string | null>> = {}): string {
  const lines: Record<string, string | null> = {
    hostname: 'bookworm',
    release: '6.1.0-50-cloud-amd64',
    machine: 'x86_64',
    uid: '0',
    connection: '',
    btf: '4177112',
    bpftrace: 'bpftrace v0.17.0',
    tracefs: '/sys/kernel/tracing',
    lockdown: '[none] integrity confidentiality',
    uptime: '123.45 200.00',
    now: '1795000000.500000000',
    ...changes,
  };
  return Object.entries(lines)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const facts = (changes: Readonly<Record<string, string | null>> = {}, own = '10.0.2.2 43104 10.0.2.15 22') =>
  readFacts(printed(changes), own);

function item(id: SurveyItem['id'], of: TargetFacts): SurveyItem {
  return judgeFacts(of).find((one) => one.id === id) ?? expect.fail(`no item ${id}`);
}

test('the facts of a good target', () => {
  expect(facts()).toEqual({
    hostname: 'bookworm',
    release: '6.1.0-50-cloud-amd64',
    machine: 'x86_64',
    btfBytes: 4177112,
    bpftrace: { version: '0.17.0', major: 0, minor: 17 },
    uid: 0,
    tracefs: '/sys/kernel/tracing',
    lockdown: 'none',
    connection: { clientAddress: '10.0.2.2', clientPort: 43104, serverAddress: '10.0.2.15', serverPort: 22 },
    clockOffset: '1794999877050000000',
  });
  expect(judgeFacts(facts()).map(({ state }) => state)).toEqual(Array(8).fill('ok'));
});

describe('bpftrace', () => {
  test.each([
    ['bpftrace v0.17.0', [0, 17], 'ok'],
    ['bpftrace v0.23.2', [0, 23], 'ok'],
    ['bpftrace v0.27.1-12-gabcdef', [0, 27], 'ok'],
    ['bpftrace v1.0', [1, 0], 'ok'],
    ['bpftrace v0.9.4', [0, 9], 'warn'],
    ['', null, 'bad'],
    ['bpftrace: error while loading shared libraries: libbcc.so.0.26: cannot open', null, 'bad'],
    ['sh: 1: bpftrace: not found', null, 'bad'],
    [`bpftrace v${'9'.repeat(400)}.1`, null, 'bad'],
  ])('%s', (text, version, state) => {
    const read = facts({ bpftrace: text });
    expect(read.bpftrace === null ? null : [read.bpftrace.major, read.bpftrace.minor]).toEqual(version);
    expect(item('bpftrace', read).state).toBe(state);
    expect(item('bpftrace', read).remedy === '').toBe(state === 'ok');
  });

  test('its name for BTF probes goes by the version', () => {
    expect(item('bpftrace', facts()).value).toContain('called kfunc');
    expect(item('bpftrace', facts({ bpftrace: 'bpftrace v0.20.0' })).value).toContain('fentry');
    expect(item('bpftrace', facts({ bpftrace: 'bpftrace v1.0.0' })).value).toContain('fentry');
  });
});

test.each([
  ['btf', { btf: '' }, 'bad', 'none'],
  ['btf', { btf: null }, 'bad', 'none'],
  ['btf', { btf: 'cannot open' }, 'bad', 'none'],
  ['privilege', { uid: '1000' }, 'bad', 'uid 1000'],
  ['privilege', { uid: '' }, 'bad', 'uid -1'],
  ['tracefs', { tracefs: null }, 'warn', 'not readable'],
  ['lockdown', { lockdown: '' }, 'ok', 'not built in'],
  ['lockdown', { lockdown: 'none [integrity] confidentiality' }, 'warn', 'integrity'],
  ['lockdown', { lockdown: 'none integrity [confidentiality]' }, 'bad', 'confidentiality'],
  ['lockdown', { lockdown: '[something]' }, 'ok', 'not built in'],
  ['architecture', { machine: 'aarch64' }, 'ok', 'aarch64'],
  ['architecture', { machine: 's390x' }, 'warn', 's390x'],
] as const)('%s of %j is %s', (id, changes, state, value) => {
  const judged = item(id, facts(changes));
  expect(judged).toMatchObject({ id, state, value });
  expect(judged.remedy === '').toBe(state === 'ok');
});

test.each([
  ['10.0.2.2 43104 10.0.2.15 22', true],
  ['fe80::1%eth0 43104 fe80::2 22', true],
  ['', false],
  ['10.0.2.2 43104 10.0.2.15', false],
  ['10.0.2.2 0 10.0.2.15 22', false],
  ['10.0.2.2 43104 10.0.2.15 22 more', false],
  ['$(id) 1 x 2', false],
])('the connection %j is known: %s', (own, known) => {
  const read = readFacts(printed(), own);
  expect(read.connection !== null).toBe(known);
  expect(item('own-traffic', read).state).toBe(known ? 'ok' : 'warn');
});

test('without sudo the connection of the survey itself counts', () => {
  expect(readFacts(printed({ connection: '1.2.3.4 5 6.7.8.9 22' }), '').connection?.clientPort).toBe(5);
});

test.each([
  [{ now: null }, '0'],
  [{ uptime: null }, '0'],
  [{ now: '' }, '0'],
  [{ now: '1795000000.%N' }, '0'],
  [{ now: '1e308' }, '0'],
  [{ now: 'Infinity' }, '0'],
  [{ uptime: '9'.repeat(150) }, '0'],
  [{ now: '1795000000', uptime: '0.01 0.02' }, '1794999999990000000'],
] as const)('a clock that says %j has the offset %s', (changes, offset) => {
  expect(facts(changes).clockOffset).toBe(offset);
});

test('whatever the target prints, facts and items come, and none is longer than a line', () => {
  const names = fc.constantFrom(
    'hostname',
    'release',
    'uid',
    'btf',
    'bpftrace',
    'lockdown',
    'uptime',
    'now',
    '__proto__',
  );
  const numbers = fc.oneof(fc.double().map(String), fc.bigInt().map(String), fc.constant('9'.repeat(5000)));
  const line = fc.tuple(
    names,
    fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 2000 }), numbers),
  );
  fc.assert(
    fc.property(fc.array(line), fc.string(), (lines, own) => {
      const read = readFacts(lines.map((parts) => parts.join('=')).join('\n'), own);
      expect(read.clockOffset).toMatch(/^-?\d{1,25}$/);
      for (const one of judgeFacts(read)) expect(one.value.length).toBeLessThan(500);
      expect(() => JSON.stringify(read)).not.toThrow();
    }),
  );
});
