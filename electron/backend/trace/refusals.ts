import { Fail } from '../../../shared/contract/failure.ts';
import type { Target } from '../ssh/command.ts';

/** What bpftrace says of a function that has no BTF, from 0.17 to 0.27. */
export const NO_SUCH_FUNCTION = /No BTF found for|No matches for/;

/** Exit status 127: the shell found no bpftrace, or the demo target has no recording of this command. */
export function noBpftrace(target: Target, stderr: string, command: string): Fail {
  const { alias: host } = target.connection.config;
  return /: not in this recording$/m.test(stderr)
    ? new Fail('not-recorded', { host, command })
    : new Fail('bpftrace-missing', { host }, stderr.trim() || null);
}

/** bpftrace's refusal to work at all, as a failure of ours; its own words stay as the detail. */
export function explainBpftrace(target: Target, stderr: string, status: number, command: string): Fail {
  const { alias: host, user } = target.connection.config;
  if (/root user|CAP_/i.test(stderr))
    return new Fail('not-privileged', { host, user, message: 'bpftrace must run as root' }, stderr);
  if (/lockdown|locked down/i.test(stderr))
    return new Fail('kernel-locked-down', { host, mode: 'confidentiality' }, stderr);
  return new Fail('command-failed', { host, command, status }, stderr);
}
