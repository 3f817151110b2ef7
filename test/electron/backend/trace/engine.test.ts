import { expect, test } from 'vitest';
import { chooseEngine } from '../../../../electron/backend/trace/engine.ts';
import type { Candidate } from '../../../../electron/backend/trace/points.ts';
import { engineWhyText } from '../../../../shared/probe/engine-why.ts';

const obstacle = { reason: 'ARGS_GT_n', sentence: 'It takes 9 arguments.' };
const candidate = (
  more: Partial<Candidate> = {},
  kind: Candidate['point']['kind'] = 'function',
): Candidate => ({
  point: {
    ...{
      name: 'f',
      kind,
      group: 'vmlinux',
      symbol: 'f',
      edge: 'entry',
      signature: null,
      tracepointFields: [],
    },
  },
  trampoline: null,
  kprobe: null,
  ...more,
});
const bpftrace = { bpftrace: { version: '0.17.0', major: 0, minor: 17 } };

test('trampolines where they can be, kprobes where not, tracefs without bpftrace; each with its reason', () => {
  const plain = chooseEngine('auto', [candidate()], bpftrace, 'h');
  expect(plain).toMatchObject({ engine: 'bpftrace', why: { code: 'trampolines' } });
  const other = chooseEngine('auto', [candidate({ trampoline: obstacle })], bpftrace, 'h');
  expect(other).toMatchObject({ points: [{ kind: 'kprobe' }], why: { code: 'kprobe' } });
  expect(engineWhyText(other.why, 'zh-CN')).toContain('0.17.0');
  const none = chooseEngine('auto', [candidate({ trampoline: obstacle })], { bpftrace: null }, 'h');
  expect(none).toMatchObject({ engine: 'tracefs', why: { code: 'no-bpftrace' } });
});

test.each([
  ['bpftrace-missing', 'bpftrace', candidate(), { bpftrace: null }],
  ['function-not-attachable', 'auto', candidate({ trampoline: obstacle, kprobe: obstacle }), bpftrace],
  ['function-not-attachable', 'tracefs', candidate({ kprobe: obstacle }), bpftrace],
  ['engine-unfit', 'auto', candidate({}, 'rawtracepoint'), bpftrace],
  ['engine-unfit', 'bpftrace', candidate({}, 'rawtracepoint'), bpftrace],
] as const)('%s', (code, asked, one, facts) => {
  expect(() => chooseEngine(asked, [one], facts, 'h')).toThrow(
    expect.objectContaining({ failure: expect.objectContaining({ code }) as object }) as Error,
  );
});

test('a raw tracepoint is refused on bpftrace 0.17, which aborts on it, and read by later ones', () => {
  const raw = [candidate({}, 'rawtracepoint')];
  expect(() => chooseEngine('auto', raw, bpftrace, 'h')).toThrow(
    /bpftrace 0\.17\.0 aborts on raw tracepoints/,
  );
  const later = { bpftrace: { version: '0.23.2', major: 0, minor: 23 } };
  expect(chooseEngine('auto', raw, later, 'h')).toMatchObject({
    engine: 'bpftrace',
    points: [{ kind: 'rawtracepoint' }],
    why: { code: 'tracepoint' },
  });
  expect(chooseEngine('tracefs', raw, bpftrace, 'h')).toMatchObject({ engine: 'tracefs' });
});
