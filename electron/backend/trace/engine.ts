import { isAtLeast } from '../../../shared/btf/attach/version.ts';
import type { TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { engineWhy } from '../../../shared/probe/engine-why.ts';
import type { EngineWhy } from '../../../shared/probe/engine-why.ts';
import type { ProbeProgram } from '../../../shared/probe/program.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { Candidate, Obstacle } from './points.ts';

/** Which engine runs a probe, how each point is attached by it, and why. */
export interface EngineChoice {
  readonly engine: ProbeProgram['engine'];
  readonly points: readonly ResolvedPoint[];
  readonly why: EngineWhy;
}

/**
 * `auto`: bpftrace with trampolines, else with kprobes where a function takes none, else tracefs. An engine that was
 * asked for and cannot do it is a failure: `bpftrace-missing`, `engine-unfit`. What no engine can attach to is
 * `function-not-attachable`, with the reason.
 */
export function chooseEngine(
  asked: ProbeSpec['engine'],
  candidates: readonly Candidate[],
  facts: Pick<TargetFacts, 'bpftrace'>,
  host: string,
): EngineChoice {
  if (asked === 'tracefs') return tracefs(candidates, engineWhy('asked', { engine: 'tracefs' }), host);
  if (facts.bpftrace === null) {
    if (asked === 'bpftrace') throw new Fail('bpftrace-missing', { host });
    return tracefs(candidates, engineWhy('no-bpftrace', {}), host);
  }
  const { version } = facts.bpftrace;
  let why = engineWhy('trampolines', { version });
  const points: ResolvedPoint[] = [];
  for (const candidate of candidates) {
    const { point, trampoline, kprobe } = candidate;
    // bpftrace 0.17 aborts on the script (seen on Debian 12); 0.23 and 0.27 run it.
    if (point.kind === 'rawtracepoint' && !isAtLeast(facts.bpftrace, 0, 18))
      throw new Fail('engine-unfit', {
        engine: 'bpftrace',
        message: `bpftrace ${version} aborts on raw tracepoints (${point.name})`,
      });
    if (point.kind === 'tracepoint' || point.kind === 'rawtracepoint') {
      if (candidates.length === 1) why = engineWhy('tracepoint', { version });
      points.push(point);
    } else if (point.kind === 'function' && trampoline === null) points.push(point);
    else if (kprobe === null) {
      why =
        trampoline === null
          ? engineWhy('kprobe-asked', { version })
          : engineWhy('kprobe', { version, function: point.name, message: trampoline.sentence });
      points.push({ ...point, kind: 'kprobe' });
    } else throw notAttachable(point, point.kind === 'kprobe' ? kprobe : (trampoline ?? kprobe), host);
  }
  return { engine: 'bpftrace', points, why };
}

/** tracefs reads functions by fprobe and kprobe events, and tracepoints; what a kernel lacks of that, the script tells. */
function tracefs(candidates: readonly Candidate[], why: EngineWhy, host: string): EngineChoice {
  for (const { point, kprobe } of candidates) if (kprobe !== null) throw notAttachable(point, kprobe, host);
  return { engine: 'tracefs', points: candidates.map(({ point }) => point), why };
}

function notAttachable(point: ResolvedPoint, obstacle: Obstacle, host: string): Fail {
  return new Fail('function-not-attachable', { function: point.name, host, message: obstacle.sentence });
}
