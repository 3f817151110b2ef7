import { constants } from 'node:os';
import { Fail } from '../../../shared/contract/failure.ts';
import type { WrittenProgram } from '../../../shared/probe/program.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { ProbeStream } from '../../../shared/probe/stream.ts';
import { TracefsStream } from '../../../shared/probe/tracefs-stream.ts';
import type { ChannelExit } from '../ssh/connection.ts';
import type { Target } from '../ssh/command.ts';
import { explainTracefs } from './tracefs.ts';

/** What bpftrace says of a function that has no BTF, from 0.17 to 0.27. */
export const NO_SUCH_FUNCTION = /No BTF found for|No matches for/;

/** `/dev/stdin:8:100-125: ERROR: what`, `stdin:3-5: ERROR: what`: where in the script, and bpftrace's own words. */
const AT_LINE = /^(?:\/dev\/)?stdin:(\d{1,6})(?:-\d{1,6})?(?::\d{1,6}(?:-\d{1,6})?)?: ERROR: (.{1,300})/m;

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
  if (/lockdown|locked down/i.test(stderr)) {
    const [said] = /\b(?:integrity|confidentiality)\b/.exec(stderr) ?? [];
    return new Fail('kernel-locked-down', { host, mode: said ?? target.lockdown ?? 'unknown' }, stderr);
  }
  return new Fail('command-failed', { host, command, status }, stderr);
}

/** How a run ended that nobody had stopped. */
export interface RunEnd {
  readonly target: Target;
  readonly spec: ProbeSpec;
  readonly written: WrittenProgram;
  readonly stream: ProbeStream;
  /** What was written to stderr, and lines that are not ours. */
  readonly said: string;
  readonly exit: ChannelExit;
  readonly strayCount: number;
}

/** Why a program ended by itself before its time. */
export function explainEnd({ target, spec, written, stream, said, exit, strayCount }: RunEnd): Fail {
  const host = target.connection.config.alias;
  const { program } = written;
  const told = stream instanceof TracefsStream ? explainTracefs(target, program, stream.failure, said) : null;
  if (told !== null) return told;
  const status = exit.code ?? -1;
  const detail = said || null;
  if (status === 127) return noBpftrace(target, said, `probe ${spec.function}`);
  if (NO_SUCH_FUNCTION.test(said))
    return new Fail('function-unknown', { function: spec.function, host }, detail);
  const known = explainBpftrace(target, said, status, program.command);
  if (known.failure.code !== 'command-failed') return known;
  const refused = refusedPart(spec, program.script, said);
  if (refused !== null) return new Fail('probe-refused', { host, ...refused }, detail);
  const signal = exit.signal ?? signalName(status);
  if (signal !== null)
    return new Fail(
      'probe-killed',
      { host, engine: program.engine, function: spec.function, signal },
      detail,
    );
  if (status === 0 && strayCount > 0)
    return new Fail('probe-stream-damaged', { host, count: strayCount }, said);
  return new Fail('probe-failed', { host, function: spec.function, status }, detail);
}

/** The part of the spec that a line of the script was written from, with bpftrace's words on it; null if it names no line. */
export function refusedPart(
  spec: ProbeSpec,
  script: string,
  said: string,
): { readonly part: string; readonly message: string } | null {
  const [, number, words] = AT_LINE.exec(said) ?? [];
  if (number === undefined || words === undefined) return null;
  const message = words.replace(/\.$/, '');
  if (spec.script !== null) return { part: `script:${number}`, message };
  const at = script.split('\n')[Number(number) - 1] ?? '';
  const field = spec.fields.find((one) => at.includes(one.replace(/^\w+/, '')) && /->|\./.test(one));
  if (field !== undefined) return { part: field, message };
  if (/^\w+:/.test(at)) return { part: at.trim().replace(/\s*\{$/, ''), message };
  return spec.where !== '' && /^\s*if \(/.test(at)
    ? { part: spec.where, message }
    : { part: spec.function, message };
}

/** A shell tells a signal as 128 and its number. */
function signalName(status: number): string | null {
  if (status <= 128 || status > 192) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found?.[0] ?? `signal ${status - 128}`;
}
