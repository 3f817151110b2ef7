import type { ProbeCost } from '../../../shared/contract/target-state.ts';
import { parseCounterFiles } from '../../../shared/counters/reading.ts';
import { costWarnings, estimateRate } from '../../../shared/probe/hot-functions.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';

const TWICE_SCRIPT = `take() { cat /proc/uptime /proc/net/snmp /proc/net/snmp6 /proc/net/dev 2>/dev/null; echo; }
take
sleep 1
take
`;

const LIMITS = { seconds: 20, bytes: 2 << 20 };

/**
 * How often the points of a probe would be hit, from a second of counters that are kept anyway, and what is known of
 * the functions. Nothing is attached for it. Counters of the namespace that commands run in: others are not in the figure.
 */
export async function probeCost(target: Target, spec: ProbeSpec): Promise<ProbeCost> {
  const warnings = costWarnings(spec);
  const result = await runCommand(target, TWICE_SCRIPT, 'cost', LIMITS);
  const [before, now] = result.stdout.toString('latin1').split('\n\n').map(parseCounterFiles);
  const seconds = (now?.uptime ?? 0) - (before?.uptime ?? 0);
  const estimate = before && now ? estimateRate(spec, before.values, now.values, seconds) : null;
  return {
    perSecond: estimate?.perSecond ?? null,
    from: estimate?.from.slice(0, 4).join(' + ') ?? '',
    warnings,
  };
}
