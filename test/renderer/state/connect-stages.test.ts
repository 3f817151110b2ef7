import { describe, expect, test } from 'vitest';
import { stagesReached } from '../../../renderer/state/connect-stages.ts';
import type { ConnectLogKey } from '../../../shared/contract/connect-log.ts';
import type { ConnectLine, ConnectStep } from '../../../shared/contract/ssh-session.ts';

const line = (at: number, host: string, step: ConnectStep, key: ConnectLogKey): ConnectLine => ({
  at,
  host,
  step,
  key,
  text: key,
  values: {},
  failure: null,
});

describe('stagesReached', () => {
  test('each line moves the attempt on, and the stages before keep their time', () => {
    const lines = [
      line(5, 'edge', 'authentication', 'agent-holds'),
      line(10, 'edge', 'connect', 'connecting'),
      line(30, 'edge', 'connect', 'connected'),
      line(60, 'edge', 'host-key', 'host-key-known'),
      line(70, 'edge', 'key-exchange', 'key-exchange'),
      line(75, 'edge', 'authentication', 'offering'),
      line(190, 'edge', 'privilege', 'root-through'),
    ];
    const stages = lines.map((_, at) => stagesReached(lines.slice(0, at + 1), null).stage);
    expect(stages).toEqual([
      'resolve',
      'connect',
      'key-exchange',
      'host-key',
      'authentication',
      'authentication',
      'survey',
    ]);
    const { spent, since } = stagesReached(lines, null);
    expect([...spent]).toEqual([
      ['resolve', 10],
      ['connect', 20],
      ['key-exchange', 30],
      ['host-key', 10],
      ['authentication', 120],
    ]);
    expect(since).toBe(190);
  });

  test('nothing said yet is the first stage; the survey begins when the backend says so', () => {
    expect(stagesReached([], null)).toMatchObject({ leg: '', stage: 'resolve', since: 0 });
    const lines = [line(70, 'edge', 'key-exchange', 'key-exchange')];
    expect(stagesReached(lines, 200)).toMatchObject({ stage: 'survey', since: 200 });
  });

  test('a name that is looked up holds the attempt at the first stage', () => {
    const lines = [
      line(10, 'edge', 'connect', 'connecting'),
      line(11, 'edge', 'connect', 'resolving'),
      line(4011, 'edge', 'connect', 'resolved'),
      line(4031, 'edge', 'connect', 'connected'),
    ];
    expect(stagesReached(lines.slice(0, 2), null).stage).toBe('resolve');
    expect(stagesReached(lines.slice(0, 3), null).stage).toBe('connect');
    const { spent } = stagesReached(lines, null);
    expect([spent.get('resolve'), spent.get('connect')]).toEqual([4010, 21]);
  });

  test('an unknown host key makes a second connection: the times add up', () => {
    const lines = [
      line(10, 'edge', 'connect', 'connecting'),
      line(30, 'edge', 'connect', 'connected'),
      line(40, 'edge', 'host-key', 'host-key-unknown'),
      line(5040, 'edge', 'connect', 'connecting'),
      line(5065, 'edge', 'connect', 'connected'),
      line(5075, 'edge', 'key-exchange', 'key-exchange'),
    ];
    const { stage, spent } = stagesReached(lines, null);
    expect(stage).toBe('authentication');
    expect([spent.get('connect'), spent.get('key-exchange'), spent.get('host-key')]).toEqual([45, 20, 5000]);
  });

  test('behind a jump host the stages begin anew, with the target named', () => {
    const lines = [
      line(10, 'jump', 'connect', 'connecting'),
      line(30, 'jump', 'connect', 'connected'),
      line(50, 'jump', 'key-exchange', 'key-exchange'),
      line(90, 'edge', 'connect', 'connecting'),
    ];
    expect(stagesReached(lines.slice(0, 3), null).leg).toBe('jump');
    const { leg, stage, spent } = stagesReached(lines, null);
    expect([leg, stage, [...spent]]).toEqual(['edge', 'connect', [['resolve', 0]]]);
  });
});
