import { randomBytes } from 'node:crypto';
import type { TargetFacts } from '../../../shared/contract/api.ts';
import { writeBpftraceProgram } from '../../../shared/probe/bpftrace-program.ts';
import type { EngineWhy } from '../../../shared/probe/engine-why.ts';
import type { ProgramFacts, WrittenProgram } from '../../../shared/probe/program.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { KernelTypes } from '../target/kernel-types.ts';
import { chooseEngine } from './engine.ts';
import { fieldTypesOf } from './field-types.ts';
import { resolvePoints } from './points.ts';
import { prepareTracefs } from './tracefs.ts';
import type { Tracepoints } from './tracepoints.ts';
import { dropReasons } from './drop-reasons.ts';

/** A probe that is ready to run, with everything that led to it. */
export interface PreparedRun extends WrittenProgram {
  readonly points: readonly ResolvedPoint[];
  readonly why: EngineWhy;
  /** Names of drop reasons by number, where a point tells one; else empty. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** From a spec to the program of the engine that fits it. Throws what resolvePoints, chooseEngine and the writers throw. */
export async function prepareRun(
  spec: ProbeSpec,
  facts: TargetFacts,
  types: KernelTypes,
  tracepoints: Tracepoints,
  host: string,
): Promise<PreparedRun> {
  const candidates = await resolvePoints(spec, types, tracepoints, host);
  const { engine, points, why } = chooseEngine(spec.engine, candidates, facts, host);
  const reasons = dropReasons(types);
  const programFacts: ProgramFacts = {
    connection: facts.connection,
    machine: facts.machine,
    tag: `k${randomBytes(4).toString('hex')}`,
    fieldTypes: fieldTypesOf(types.modules),
    reasons: reasons.size === 0 ? null : new Map([...reasons].map(([number, name]) => [name, number])),
  };
  const written =
    engine === 'bpftrace'
      ? writeBpftraceProgram(spec, points, programFacts)
      : prepareTracefs(spec, points, programFacts, types);
  const tells = written.program.points.some(({ reason }) => reason === true);
  return { ...written, points, why, reasons: tells ? reasons : new Map() };
}
