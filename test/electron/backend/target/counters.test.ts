import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { parseSnmp, watchCounters } from '../../../../electron/backend/target/counters.ts';
import type { CountersReading } from '../../../../shared/contract/api.ts';
import { scripted } from '../scripted-connection.ts';

const SNMP = `Ip: Forwarding DefaultTTL InReceives InHdrErrors
Ip: 1 64 1234 7
Icmp: InMsgs InErrors
Icmp: 3 0
Tcp: RtoAlgorithm MaxConn
Tcp: 1 -1
`;

test('names and values are paired by their group', () => {
  expect(parseSnmp(SNMP)).toEqual({
    'Ip.Forwarding': 1,
    'Ip.DefaultTTL': 64,
    'Ip.InReceives': 1234,
    'Ip.InHdrErrors': 7,
    'Icmp.InMsgs': 3,
    'Icmp.InErrors': 0,
    'Tcp.RtoAlgorithm': 1,
    'Tcp.MaxConn': -1,
  });
});

test('this machine has the counter that matters', () => {
  const values = parseSnmp(readFileSync('/proc/net/snmp', 'utf8'));
  expect(values['Ip.InHdrErrors']).toBeGreaterThanOrEqual(0);
  expect(Object.keys(values).length).toBeGreaterThan(40);
});

test.each([
  ['nothing', '', {}],
  ['names only', 'Ip: A B\n', {}],
  ['values missing', 'Ip: A B\nIp: 1\n', { 'Ip.A': 1 }],
  ['blanks behind', 'Ip: A B \nIp: 1 2 \n', { 'Ip.A': 1, 'Ip.B': 2 }],
  ['no numbers', 'Ip: A B C D\nIp: x 0x10 1e5 \n', {}],
  ['groups that differ', 'Ip: A\nTcp: 1\n', {}],
  ['one line too many', 'Udp: 5\nIp: A\nIp: 1\nTcp: B\nTcp: 2\n', { 'Ip.A': 1, 'Tcp.B': 2 }],
])('%s', (_what, text, values) => {
  expect(parseSnmp(text)).toEqual(values);
});

test('no text makes it throw, and every value is a number', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('Ip: A B', 'Ip: 1 2', '__proto__: x'))),
      (lines) => {
        for (const value of Object.values(parseSnmp(lines.join('\n')))) expect(value).toBeTypeOf('number');
      },
    ),
  );
});

test('readings come whole however they are cut, and an endless one is not kept', async () => {
  const connection = scripted();
  const readings: CountersReading[] = [];
  const onEnd = vi.fn();
  const pending = watchCounters(connection.target, (reading) => readings.push(reading), onEnd);
  const channel = await connection.started();
  const stop = await pending;
  const text = `${SNMP}\n`;
  for (let at = 0; at < text.length; at += 7) channel.emit(text.slice(at, at + 7));
  expect(readings).toHaveLength(1);
  expect(readings[0]?.values['Ip.InHdrErrors']).toBe(7);
  channel.emit(text + text.replace(' 7\n', ' 9\n'));
  expect(readings).toHaveLength(2);
  expect(readings[1]?.values['Ip.InHdrErrors']).toBe(9);
  channel.emit('x'.repeat(70_000));
  channel.emit(`\n\n${text}`);
  expect(readings.at(-1)?.values['Ip.InHdrErrors']).toBe(7);
  stop();
  channel.end(143);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(onEnd).not.toHaveBeenCalled();
  expect(channel.written()).toContain('i\n');
});

test('a watch that ends by itself says what it was told', async () => {
  const connection = scripted();
  const onEnd = vi.fn();
  const pending = watchCounters(connection.target, () => undefined, onEnd);
  const channel = await connection.started();
  await pending;
  channel.complain('cat: /proc/net/snmp: No such file or directory\n');
  channel.end(1);
  await vi.waitFor(() =>
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('No such file')),
  );
});
