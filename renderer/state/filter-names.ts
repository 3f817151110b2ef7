import type { FilterNames, FilterPoint } from '../../shared/filter/context.ts';
import { expectationOf } from '../../shared/probe/expects.ts';
import type { ProgramPoint } from '../../shared/probe/program.ts';
import { expectedLayer } from '../../shared/probe/record-verdict.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';

/** Names and types of arguments, as far as the page knows them. */
export type KnownParameters = readonly { readonly name: string; readonly type: string }[];

/** What a filter may name at the points of a probe; types of arguments where they are known. */
export function filterNames(
  spec: ProbeSpec | null,
  points: readonly ProgramPoint[],
  fields: readonly string[],
  known: KnownParameters = [],
  reasons: ReadonlyMap<string, number> | null = null,
): FilterNames {
  const layers = points.map((point): FilterPoint => {
    const { name, edge, captures, pointer, parameters } = point;
    const names = new Set([...parameters, ...known.map((one) => one.name)]);
    return {
      name,
      edge,
      captures,
      pointer,
      expect: spec === null ? 'auto' : expectedLayer(spec, point),
      output: expectationOf(name)?.output ?? false,
      parameters: [...names].map((one) => ({
        name: one,
        type: known.find((parameter) => parameter.name === one)?.type ?? '',
      })),
    };
  });
  return { points: layers.length > 0 ? layers : [ANYWHERE], fields, reasons };
}

/** Before anything is known of the probe: a packet, whatever it is. */
const ANYWHERE: FilterPoint = {
  name: '',
  edge: 'return',
  captures: 'packet',
  expect: 'auto',
  pointer: 'data',
  output: false,
  parameters: [],
};
