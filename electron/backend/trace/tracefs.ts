import { BtfError } from '../../../shared/btf/failure.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { ProbeProgram, ProgramFacts } from '../../../shared/probe/program.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
import { skbOffsets } from '../../../shared/probe/skb-offsets.ts';
import type { SkbOffsets } from '../../../shared/probe/skb-offsets.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import { writeTracefsProgram } from '../../../shared/probe/tracefs-program.ts';
import type { Target } from '../ssh/command.ts';
import type { KernelTypes } from '../target/kernel-types.ts';

/** The tracefs program of a spec. Throws what writeTracefsProgram() throws, and `engine-unfit` for an sk_buff that we do not know. */
export function prepareTracefs(
  spec: ProbeSpec,
  points: readonly ResolvedPoint[],
  facts: ProgramFacts,
  types: KernelTypes,
): ReturnType<typeof writeTracefsProgram> {
  return writeTracefsProgram(spec, points, facts, offsetsOf(types));
}

const OFFSETS = new WeakMap<KernelTypes, SkbOffsets>();

function offsetsOf(types: KernelTypes): SkbOffsets {
  const known = OFFSETS.get(types);
  if (known !== undefined) return known;
  const [vmlinux] = types.modules;
  try {
    if (vmlinux === undefined) throw new BtfError('E_NOTFOUND', 'there is no BTF of the kernel proper');
    const offsets = skbOffsets(vmlinux.btf);
    OFFSETS.set(types, offsets);
    return offsets;
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    throw new Fail('engine-unfit', { engine: 'tracefs', message: error.message });
  }
}

/**
 * Why a script of ours gave up: `said` is its F line, `code what message`, where `message` is the kernel's own word
 * (error_log of tracefs, kernel/trace/trace_probe.h). Null when it said nothing.
 */
export function explainTracefs(
  target: Target,
  program: Pick<ProbeProgram, 'points'>,
  said: readonly string[] | null,
  stderr: string,
): Fail | null {
  if (said === null) return null;
  const { alias: host, user } = target.connection.config;
  const [code = '', what = '', words = ''] = said;
  const detail = [words, stderr.trim()].filter(Boolean).join('\n') || null;
  const point = /_(\d+)$/.exec(what)?.[1];
  const name = program.points[Number(point ?? Number.NaN)]?.name ?? what;
  if (code === 'missing') return new Fail('tracefs-missing', { host }, detail);
  // Root may open the file, and no rights of files keep it from reading: lockdown does (LOCKDOWN_TRACEFS).
  if (code === 'locked')
    return new Fail('kernel-locked-down', { host, mode: target.lockdown ?? 'unknown' }, detail);
  if (/ermission denied|not permitted/i.test(stderr) && code === 'refused')
    return new Fail('not-privileged', { host, user, message: `tracefs refused ${what}` }, detail);
  if (code === 'unfit')
    return new Fail('engine-unfit', { engine: 'tracefs', message: UNFIT[what] ?? what }, detail);
  if (code === 'define' && /probed address or symbol|symbol is not unique|Failed to find symbol/i.test(words))
    return new Fail('function-unknown', { function: name, host }, detail);
  if (
    code === 'define' &&
    /blacklist|notrace|not on an instruction|Kprobes? (?:is|are) disabled/i.test(words)
  )
    return new Fail('function-not-attachable', { function: name, host, message: `${words}.` }, detail);
  return new Fail('tracefs-refused', { host, what: name, message: words || 'without a word' }, detail);
}

const UNFIT: Readonly<Record<string, string>> = {
  'raw-tracepoints': 'this kernel has no events on raw tracepoints (6.5 and later do); bpftrace reads them',
  'return-arguments': 'this kernel gives no arguments where a function returns (6.9 and later do)',
  arguments: 'this kernel names no arguments, and the registers of this machine are not known to skblens',
};
