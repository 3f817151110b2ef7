import type { ProbeProgram, ProgramPoint } from '../../../shared/probe/program.ts';

/** A program with one point, as far as a parser of its stream needs to know it. */
export function probeProgram(
  tag: string,
  point: Partial<ProgramPoint> = {},
  more: Partial<ProbeProgram> = {},
): ProbeProgram {
  return {
    engine: 'bpftrace',
    command: '',
    script: '',
    tag,
    points: [
      {
        name: 'ip_rcv_core',
        kind: 'function',
        edge: 'entry',
        captures: 'packet',
        pointer: 'data',
        parameters: [],
        ...point,
      },
    ],
    fields: [],
    ...more,
  };
}
