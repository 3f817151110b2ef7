import { expect, test } from 'vitest';
import type { Target } from '../../../../electron/backend/ssh/command.ts';
import { explainTracefs } from '../../../../electron/backend/trace/tracefs.ts';
import { probeProgram } from '../../../shared/probe/probe-program.ts';

const target = { connection: { config: { alias: 'lab', user: 'root' } } } as Target;
const program = probeProgram('k1234abcd');

test.each([
  ['tracefs-missing', ['missing', 'tracefs', ''], ''],
  ['kernel-locked-down', ['locked', 'README', ''], ''],
  ['not-privileged', ['refused', 'instances', ''], 'mkdir: Permission denied'],
  ['tracefs-refused', ['refused', 'instances', ''], ''],
  ['tracefs-refused', ['filter', 'k1234abcd_0', 'Field not found'], ''],
  ['engine-unfit', ['unfit', 'return-arguments', ''], ''],
  ['engine-unfit', ['unfit', 'raw-tracepoints', ''], ''],
  ['engine-unfit', ['unfit', 'arguments', ''], ''],
  ['function-unknown', ['define', 'no_such_fn', 'Invalid probed address or symbol'], ''],
  ['function-not-attachable', ['define', 'memcpy', 'Cannot probe a function marked notrace'], ''],
  ['tracefs-refused', ['define', 'ip_rcv_core', 'Too many arguments are specified'], ''],
] as const)('%s: %j', (code, said, stderr) => {
  expect(explainTracefs(target, program, said, stderr)?.failure.code).toBe(code);
});

test('the kernel is quoted, and a point is named as the user knows it', () => {
  const failure = explainTracefs(target, program, ['filter', 'k1234abcd_0', 'Field not found'], '')?.failure;
  expect(failure?.message).toContain('ip_rcv_core');
  expect(failure?.message).toContain('Field not found');
});

test('a script that did not say why has none of these reasons', () => {
  expect(explainTracefs(target, program, null, 'Killed')).toBeNull();
});
