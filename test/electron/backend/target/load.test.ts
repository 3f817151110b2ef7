import { expect, test, vi } from 'vitest';
import { probeCost } from '../../../../electron/backend/target/hotness.ts';
import { watchLoad } from '../../../../electron/backend/target/load.ts';
import { probeSpec } from '../../../../shared/probe/spec.ts';
import { scripted } from '../scripted-connection.ts';

function said(second: number, load: number): string {
  return `${100 + second}.00 1.00\n${load.toFixed(2)} 0.00 0.00 2/65 442\ncpu  ${100 * second} 0 0 5 0 0 0 0\ncpu0 ${100 * second} 0 0 5 0 0 0 0\n\n`;
}

test('load is told, and a steep rise is told once', async () => {
  const connection = scripted();
  const load = vi.fn();
  const tooMuch = vi.fn();
  const starting = watchLoad(connection.target, 'skblensabcdef', { load, tooMuch });
  const channel = await connection.started();
  const stop = await starting;
  expect(connection.commands[0]).toContain('skblensabcde[f]');
  for (const [at, one] of [1, 20, 20].entries()) channel.emit(said(3 * at, one));
  expect(tooMuch).not.toHaveBeenCalled();
  expect(load).toHaveBeenCalledTimes(2);
  expect(load.mock.calls[0]?.[0]).toMatchObject({ load: 20, loadAtAttach: 1, cpus: 1, busyPercent: 100 });
  for (let at = 3; at < 9; at++) channel.emit(said(3 * at, 20));
  expect(tooMuch).toHaveBeenCalledTimes(1);
  channel.emit('x'.repeat(300_000));
  stop();
  expect(channel.written()).toContain('i\n');
});

test('what a probe would cost is told from a second of counters', async () => {
  const connection = scripted();
  const asked = probeCost(connection.target, probeSpec.parse({ function: 'ip_rcv_core' }));
  const channel = await connection.started();
  const snmp = (uptime: string, count: number): string =>
    `${uptime} 1.00\nIp: Forwarding InReceives\nIp: 1 ${count}\n\n`;
  channel.emit(snmp('100.00', 10) + snmp('102.00', 510));
  channel.end(0);
  expect(await asked).toEqual({ perSecond: 250, from: 'Ip.InReceives', warnings: [] });
});

test('without counters there is no figure, but the warnings stand', async () => {
  const connection = scripted();
  const asked = probeCost(connection.target, probeSpec.parse({ function: 'schedule' }));
  const channel = await connection.started();
  channel.end(127);
  expect(await asked).toEqual({
    perSecond: null,
    from: '',
    warnings: [{ code: 'scheduler', function: 'schedule' }],
  });
});
