import { describe, expect, it } from 'vitest';
import { parseLabArguments } from './arguments.ts';
import { LabFailure } from './failure.ts';

function failureOf(...words: string[]): LabFailure {
  try {
    parseLabArguments(words);
  } catch (error) {
    if (error instanceof LabFailure) return error;
    throw error;
  }
  throw new Error(`"${words.join(' ')}" was understood`);
}

describe('parseLabArguments', () => {
  it('reads each command', () => {
    expect(parseLabArguments([])).toEqual({ kind: 'help' });
    expect(parseLabArguments(['up', 'bookworm', 'sid', 'sid'])).toEqual({
      kind: 'up',
      names: ['bookworm', 'sid'],
      processors: 1,
      memoryMegabytes: 2048,
      rebuild: false,
    });
    expect(parseLabArguments(['up', '--smp', '2', 'trixie', '--memory=1024', '--rebuild'])).toMatchObject({
      processors: 2,
      memoryMegabytes: 1024,
      rebuild: true,
    });
    expect(parseLabArguments(['down'])).toEqual({ kind: 'down', names: ['bookworm', 'trixie', 'sid'] });
    expect(parseLabArguments(['ssh-config', '--path'])).toEqual({ kind: 'ssh-config', pathOnly: true });
    expect(parseLabArguments(['break', 'sid'])).toEqual({
      kind: 'break',
      name: 'sid',
      faultCase: 'xdp',
      count: 100,
      intervalMilliseconds: 200,
    });
    expect(
      parseLabArguments(['break', 'sid', '--case', 'mac45', '--count', '3', '--interval', '0']),
    ).toMatchObject({ faultCase: 'mac45', count: 3, intervalMilliseconds: 0 });
  });

  it('leaves the words of a remote command alone', () => {
    expect(parseLabArguments(['ssh', 'bookworm-sudo', 'ls', '--all', '-l'])).toEqual({
      kind: 'ssh',
      alias: 'bookworm-sudo',
      words: ['ls', '--all', '-l'],
    });
  });

  it('says what is wrong', () => {
    expect(failureOf('frobnicate').message).toContain('"frobnicate"');
    expect(failureOf('up').message).toContain('at least one NAME');
    expect(failureOf('up', 'buster').remedy).toContain('bookworm, trixie, sid');
    expect(failureOf('up', 'sid', '--smp', 'many').message).toContain('"many"');
    expect(failureOf('up', 'sid', '--smp', '0').message).toContain('from 1 to 16');
    expect(failureOf('up', 'sid', '--kvm').message).toContain('--kvm');
    expect(failureOf('break').message).toContain('exactly one NAME, not 0');
    expect(failureOf('break', 'sid', 'trixie').message).toContain('not 2');
    expect(failureOf('break', 'sid', '--case', 'nope').message).toContain('"nope"');
    expect(failureOf('break', 'sid', '--count', '-3').code).toBe('usage');
    expect(failureOf('status', 'sid').message).toContain('takes no NAME');
    expect(failureOf('ssh', 'elsewhere').message).toContain('"elsewhere"');
  });

  it('calls every failure of this kind "usage"', () => {
    for (const words of [['up'], ['nope'], ['fix'], ['down', 'x'], ['ssh'], ['build']]) {
      expect(failureOf(...words).code).toBe('usage');
    }
  });
});
