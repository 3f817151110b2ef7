import { beforeEach, describe, expect, test } from 'vitest';
import { encodeBatch } from '../../../shared/capture/batch.ts';
import { RECORD_BYTES } from '../../../shared/capture/record.ts';
import type { Backend, RunState, SessionInfo } from '../../../shared/contract/api.ts';
import { Runs } from '../../../renderer/state/runs.svelte.ts';
import { Session } from '../../../renderer/state/session.svelte.ts';
import { Sessions } from '../../../renderer/state/sessions.svelte.ts';
import { recordBytes } from './record-bytes.ts';

const totals = { seen: 0, matched: 0, received: 0, limited: 0, lost: 0, own: 0 };
const info = (session: string, host: string): SessionInfo => ({
  session,
  host,
  user: 'root',
  address: '192.0.2.1',
  port: 22,
  hostKey: '',
  replay: null,
});

let credited: { run: number; bytes: number }[];
let backend: Backend;
let sessions: Sessions;
let runs: Runs;
beforeEach(() => {
  credited = [];
  backend = {
    credit: async (given: { run: number; bytes: number }) => void credited.push(given),
  } as unknown as Backend;
  sessions = new Sessions();
  runs = new Runs(backend, sessions);
});

function add(id: string, host: string): Session {
  const session = new Session(backend, info(id, host));
  runs.join(session);
  sessions.add(session);
  return session;
}

const tell = (run: number, session: string, state: RunState = { kind: 'starting' }): void =>
  runs.takeState({ run, session, state, totals });
const batch = (run: number, from: number, count: number): Uint8Array =>
  encodeBatch(run, recordBytes(from, count));
const bytesOf = (run: number): number =>
  credited.filter((given) => given.run === run).reduce((sum, { bytes }) => sum + bytes, 0);

describe('the runs of several hosts', () => {
  test('are taken in together, each into its own ring, each credited for itself', async () => {
    const [a, b] = [add('s1', 'a'), add('s2', 'b')];
    tell(1, 's1');
    tell(2, 's2');
    const [one, two] = [runs.choose(1, a), runs.choose(2, b)];
    const messages = [batch(1, 1, 40), batch(2, 1, 3), batch(1, 41, 40), batch(2, 4, 3)];
    for (const message of messages) runs.takeBatch(message);
    await expect.poll(() => credited.length).toBe(2);
    expect([one.ring.next, two.ring.next]).toEqual([80, 6]);
    expect(bytesOf(1) + bytesOf(2)).toBe(messages.reduce((sum, { byteLength }) => sum + byteLength, 0));
    expect(bytesOf(2)).toBeLessThan(bytesOf(1));
    expect(bytesOf(2)).toBeGreaterThanOrEqual(6 * RECORD_BYTES);
    expect(runs.current).toBe(one);
    sessions.current = b;
    expect(runs.current).toBe(two);
  });

  test('a slow host begins a run after a quick one with a higher number: both are told of', async () => {
    const [a, b] = [add('s1', 'slow'), add('s2', 'quick')];
    tell(2, 's2', { kind: 'attached', seconds: 1 });
    tell(1, 's1', { kind: 'attached', seconds: 9 });
    runs.takeBatch(batch(1, 1, 5));
    await expect.poll(() => bytesOf(1)).toBeGreaterThan(0);
    expect(runs.choose(2, b).state).toEqual({ kind: 'attached', seconds: 1 });
    const slow = runs.choose(1, a);
    expect([slow.state, slow.ring.next]).toEqual([{ kind: 'attached', seconds: 9 }, 5]);
  });

  test('an older run of a session is let go of, and what comes of it yet is credited and passed over', async () => {
    const a = add('s1', 'a');
    tell(1, 's1');
    runs.choose(1, a);
    tell(2, 's1');
    const second = runs.choose(2, a);
    tell(1, 's1', { kind: 'stopped', reason: 'user', totals });
    runs.takeBatch(batch(1, 1, 7));
    runs.takeBatch(Uint8Array.of(1, 2, 3));
    await expect.poll(() => bytesOf(1)).toBeGreaterThan(0);
    expect([runs.current, second.state.kind, second.ring.next, runs.damaged]).toEqual([
      second,
      'starting',
      0,
      1,
    ]);
  });

  test('the run of a session that was disconnected is told of its end, and is there again for the same host', () => {
    const a = add('s1', 'a');
    tell(1, 's1', { kind: 'attached', seconds: 1 });
    const run = runs.choose(1, a);
    runs.leave(a);
    sessions.remove(a);
    expect(runs.current).toBe(run);
    tell(1, 's1', { kind: 'stopped', reason: 'user', totals });
    expect(run.running).toBe(false);
    const again = add('s2', 'a');
    expect([runs.current, again.run]).toEqual([run, run]);
    runs.leave(again);
    sessions.remove(again);
    add('s3', 'another');
    expect(runs.current).toBeNull();
  });
});
