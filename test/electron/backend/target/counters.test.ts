import { expect, test, vi } from 'vitest';
import { CounterWatch, watchCounters } from '../../../../electron/backend/target/counters.ts';
import type { CountersReading } from '../../../../shared/contract/api.ts';
import type { Fail } from '../../../../shared/contract/failure.ts';
import { scripted } from '../scripted-connection.ts';

const READING = `81.34 150.02
Ip: Forwarding InReceives InHdrErrors
Ip: 1 1234 7
`;

test('readings come whole however they are cut, and an endless one is not kept', async () => {
  const connection = scripted();
  const readings: CountersReading[] = [];
  const failed = vi.fn();
  const pending = watchCounters(connection.target, null, { reading: (one) => readings.push(one), failed });
  const channel = await connection.started();
  const stop = await pending;
  const text = `net:[4026531840]\n${READING}\n`;
  for (let at = 0; at < text.length; at += 7) channel.emit(text.slice(at, at + 7));
  expect(readings).toHaveLength(1);
  expect(readings[0]).toMatchObject({ uptime: 81.34, netns: 4026531840, values: { 'Ip.InHdrErrors': 7 } });
  channel.emit(`${READING}\n${READING.replace(' 7\n', ' 9\n')}\n`);
  expect(readings).toHaveLength(2);
  expect(readings[1]).toMatchObject({ netns: 4026531840, values: { 'Ip.InHdrErrors': 9 } });
  channel.emit('x'.repeat(1_100_000));
  channel.emit(`\n\n${READING}\n`);
  expect(readings.at(-1)?.values['Ip.InHdrErrors']).toBe(7);
  stop();
  channel.end(143);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(failed).not.toHaveBeenCalled();
  expect(channel.written()).toContain('i\n');
});

test('a watch that ends by itself says what it was told', async () => {
  const connection = scripted();
  const failed = vi.fn<(failure: Fail) => void>();
  const pending = watchCounters(connection.target, null, { reading: () => undefined, failed });
  const channel = await connection.started();
  await pending;
  channel.complain('cat: /proc/net/snmp: No such file or directory\n');
  channel.end(1);
  await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1));
  expect(failed.mock.calls[0]?.[0].failure).toMatchObject({
    code: 'command-failed',
    detail: expect.stringContaining('No such file') as string,
  });
});

test('a namespace that is gone is named', async () => {
  const connection = scripted();
  const failed = vi.fn<(failure: Fail) => void>();
  const pending = watchCounters(connection.target, 4026532281, { reading: () => undefined, failed });
  const channel = await connection.started();
  await pending;
  expect(connection.commands[0]).toContain('inode=4026532281\n');
  channel.end(3);
  await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1));
  expect(failed.mock.calls[0]?.[0].failure).toMatchObject({
    code: 'namespace-gone',
    values: { inode: 4026532281 },
  });
});

test('turned to another namespace, only that one is heard; turned off, none', async () => {
  const connection = scripted();
  const watch = new CounterWatch();
  const values: (number | undefined)[] = [];
  const failed = vi.fn();
  const listener = { reading: (one: CountersReading) => values.push(one.netns), failed };
  const first = watch.start(connection.target, null, listener);
  const again = watch.start(connection.target, null, listener);
  const own = await connection.started();
  await Promise.all([first, again]);
  own.emit(`net:[1]\n${READING}\n`);
  const turned = watch.start(connection.target, 77, listener);
  const other = await connection.started();
  await turned;
  own.emit(`${READING}\n`);
  other.emit(`net:[77]\n${READING}\n`);
  expect(own.written()).toContain('i\n');
  expect(values).toEqual([1, 77]);
  expect(watch.wanted).toEqual({ netns: 77 });
  watch.stop();
  other.emit(`${READING}\n`);
  other.end(3);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(values).toEqual([1, 77]);
  expect(failed).not.toHaveBeenCalled();
  expect(connection.commands).toHaveLength(2);
});

test('a lost connection leaves it wanted, and it can be started again', async () => {
  const connection = scripted();
  const watch = new CounterWatch();
  const failed = vi.fn();
  const listener = { reading: vi.fn(), failed };
  const starting = watch.start(connection.target, 77, listener);
  const channel = await connection.started();
  await starting;
  channel.end(null);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(failed).not.toHaveBeenCalled();
  expect(watch.wanted).toEqual({ netns: 77 });
  const again = watch.start(connection.target, 77, listener);
  const second = await connection.started();
  await again;
  second.emit(`net:[77]\n${READING}\n`);
  expect(listener.reading).toHaveBeenCalledTimes(1);
});
