import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LoadGuard, parseLoad, tooMuch } from '../../../shared/probe/load-guard.ts';
import type { LoadReading } from '../../../shared/probe/load-guard.ts';

const SAID = `81.30 150.02
0.15 0.07 0.05 2/65 442
cpu  3056 0 1720 68845 35 0 61 0 9 9
cpu0 1000 0 720 34000 15 0 31 0 0 0
cpu1 2056 0 1000 34845 20 0 30 0 0 0
431 (bpf) trace) S 420 431 431 0 -1 4194304 1 2 3 4 250 50 0 0 20 0 1 0 100
432 (x) R 420 1 1
`;

test('the files are read, whatever a process is called', () => {
  expect(parseLoad(SAID)).toEqual({
    uptime: 81.3,
    load: 0.15,
    cpus: 2,
    ticks: 3056 + 1720 + 68845 + 35 + 61,
    idle: 68880,
    ours: 300,
  });
});

test('this machine’s own files', () => {
  const files = ['uptime', 'loadavg', 'stat', 'self/stat'].map((file) =>
    readFileSync(`/proc/${file}`, 'utf8'),
  );
  const reading = parseLoad(files.join(''));
  expect(reading?.cpus).toBeGreaterThan(0);
  expect(reading?.ticks).toBeGreaterThan(reading?.idle ?? Infinity);
});

test('what is not whole is nothing, and no text makes it throw', () => {
  for (const line of SAID.split('\n').slice(0, 3))
    expect(parseLoad(SAID.replace(`${line}\n`, ''))).toBeNull();
  const pieces = SAID.split('\n').map((line) => `${line}\n`);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...pieces))), (lines) => {
      const found = parseLoad(lines.join(''));
      if (found !== null) for (const value of Object.values(found)) expect(Number.isNaN(value)).toBe(false);
    }),
  );
});

/** A target of two CPUs, read every three seconds; `busy` of 100 ticks a second and CPU. */
function readings(loads: readonly number[], busy = 1, cpus = 2): LoadReading[] {
  return loads.map((load, i) => ({
    uptime: 100 + 3 * i,
    load,
    cpus,
    ticks: 300 * cpus * i,
    idle: 300 * cpus * i * (1 - busy),
    ours: 30 * i,
  }));
}

function decide(list: readonly LoadReading[]): boolean[] {
  const guard = new LoadGuard();
  return list.map((reading) => guard.take(reading).stop);
}

test('a steep rise on a busy machine stops the probe at the third reading, and not before', () => {
  expect(decide(readings([1, 9, 17.5, 18, 19]))).toEqual([false, false, false, false, true]);
});

test('one peak, an idle machine, a rise that the machine can bear: none of them does', () => {
  expect(decide(readings([1, 22, 1, 22, 22, 1])).some(Boolean)).toBe(false);
  expect(decide(readings([1, 22, 22, 22, 22], 0.2)).some(Boolean)).toBe(false);
  expect(decide(readings([1, 22, 22, 22, 22], 1, 16)).some(Boolean)).toBe(false);
  expect(decide(readings([9, 22, 22, 22, 22])).some(Boolean)).toBe(false);
});

test('the state in figures', () => {
  const guard = new LoadGuard();
  const [first, second] = readings([1, 2], 0.5);
  if (!first || !second) throw new Error('no readings');
  expect(guard.take(first)).toEqual({ state: null, stop: false });
  expect(guard.take(second).state).toEqual({
    load: 2,
    loadAtAttach: 1,
    cpus: 2,
    busyPercent: 50,
    ourPercent: 10,
  });
  expect(guard.take(second)).toEqual({ state: null, stop: false });
});

test('the bound grows with the machine', () => {
  const state = { loadAtAttach: 1, busyPercent: 95, ourPercent: 1 };
  expect(tooMuch({ ...state, cpus: 1, load: 16.9 })).toBe(false);
  expect(tooMuch({ ...state, cpus: 1, load: 17 })).toBe(true);
  expect(tooMuch({ ...state, cpus: 32, load: 60 })).toBe(false);
  expect(tooMuch({ ...state, cpus: 32, load: 65 })).toBe(true);
});
