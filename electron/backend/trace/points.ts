import type { Btf } from '../../../shared/btf/decoder.ts';
import { typeText } from '../../../shared/btf/declare.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { AttachAnswer, FunctionDetails } from '../../../shared/contract/kernel-functions.ts';
import { globTest } from '../../../shared/probe/glob.ts';
import { nearNames } from '../../../shared/probe/near-names.ts';
import { parsePoint } from '../../../shared/probe/point.ts';
import type { PointName } from '../../../shared/probe/point.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
import type { Signature } from '../../../shared/probe/signature.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { KernelTypes } from '../target/kernel-types.ts';
import type { Tracepoints } from './tracepoints.ts';

/** Points beyond which a person must say twice that they are meant: attaching takes minutes, every packet pays. */
export const WISE_POINTS = 100;
/** What no word of the user lifts: bpftrace's own limit of probes is not much more. */
const MAX_POINTS = 500;
/** Of an ambiguous name, so many candidates are told. */
const TOLD_CANDIDATES = 8;
/** Of names near to one that is not there. */
const TOLD_NEAR = 3;

/** A point with what each way of attaching to it would meet. */
export interface Candidate {
  /** `kind` as the user asked. */
  readonly point: ResolvedPoint;
  readonly trampoline: Obstacle | null;
  /** By bpftrace or by tracefs. */
  readonly kprobe: Obstacle | null;
}

/** Why a probe cannot be put there, as shared/btf/attach says it. */
export interface Obstacle {
  readonly reason: string;
  readonly sentence: string;
}

/**
 * Every point of a spec, patterns resolved, each end by itself, none twice. Throws `function-unknown`,
 * `function-misspelt` with names near to it, `function-ambiguous` with the candidates, `too-many-points` above WISE_POINTS unless `spec.many`.
 */
export async function resolvePoints(
  spec: Pick<ProbeSpec, 'function' | 'also' | 'edge' | 'many'>,
  types: KernelTypes,
  tracepoints: Tracepoints,
  host: string,
): Promise<readonly Candidate[]> {
  const found = new Map<string, Candidate>();
  const limit = spec.many ? MAX_POINTS : WISE_POINTS;
  for (const text of [spec.function, ...spec.also]) {
    const name = parsePoint(text);
    if (name === null) throw new Fail('function-name-invalid', { function: text });
    const names = name.pattern ? await expand(name, types, tracepoints) : [name];
    if (names.length === 0) throw new Fail('function-unknown', { function: text, host });
    const edges = edgesOf(name, spec.edge);
    if (found.size + names.length * edges.length > limit)
      throw new Fail('too-many-points', {
        function: text,
        count: found.size + names.length * edges.length,
        limit,
      });
    for (const one of names)
      for (const candidate of await locate(one, types, tracepoints, host))
        for (const edge of edges) {
          const { kind, group, symbol } = candidate.point;
          const key = [kind, group, symbol, edge].join(' ');
          const end = atEdge(candidate, edge);
          // A pattern skips what cannot be probed; a name that was written out is refused, with the reason.
          if (name.pattern && end.trampoline !== null && end.kprobe !== null) continue;
          if (!found.has(key)) found.set(key, end);
        }
  }
  if (found.size === 0) throw new Fail('function-unknown', { function: spec.function, host });
  return [...found.values()];
}

interface Located {
  readonly point: Omit<ResolvedPoint, 'edge'>;
  /** [] for what is no function: nothing stands in the way of a tracepoint. */
  readonly attach: readonly AttachAnswer[];
}

function edgesOf(name: PointName, asked: ProbeSpec['edge']): readonly ('entry' | 'return')[] {
  if (name.kind === 'tracepoint' || name.kind === 'rawtracepoint') return ['entry'];
  if (name.edge !== null) return [name.edge];
  return asked === 'both' ? ['entry', 'return'] : [asked];
}

function atEdge(located: Located, edge: 'entry' | 'return'): Candidate {
  const obstacle = (engine: AttachAnswer['engine']): Obstacle | null => {
    const said = located.attach.find((one) => one.engine === engine && one.edge === edge);
    return said === undefined || said.answer === 'yes' || said.answer === 'unknown' ? null : said;
  };
  return {
    point: { ...located.point, edge },
    trampoline: obstacle('bpftrace'),
    kprobe: obstacle('tracefs'),
  };
}

async function locate(
  name: PointName,
  types: KernelTypes,
  tracepoints: Tracepoints,
  host: string,
): Promise<readonly Located[]> {
  switch (name.kind) {
    case 'function':
    case 'kprobe':
      return [locateFunction(name, types, host)];
    case 'tracepoint': {
      const full = `${name.group}:${name.name}`;
      if (!(await tracepoints.names()).includes(full))
        throw new Fail('function-unknown', { function: `tracepoint:${full}`, host });
      return [
        {
          point: {
            ...{ name: `tracepoint:${full}`, kind: 'tracepoint', group: name.group, symbol: name.name },
            ...{ signature: null, tracepointFields: await tracepoints.fields(full) },
          },
          attach: [],
        },
      ];
    }
    case 'rawtracepoint': {
      const signature = rawTracepointSignature(types, name.name);
      if (signature === null)
        throw new Fail('function-unknown', { function: `rawtracepoint:${name.name}`, host });
      return [
        {
          point: {
            ...{ name: `rawtracepoint:${name.name}`, kind: 'rawtracepoint', group: null, symbol: name.name },
            ...{ signature, tracepointFields: [] },
          },
          attach: [],
        },
      ];
    }
  }
}

function locateFunction(name: PointName, types: KernelTypes, host: string): Located {
  const written = writtenName(name);
  const modules = name.group === null ? modulesWith(types, name.name) : [name.group];
  if (modules.length > 1)
    throw ambiguous(
      written,
      modules.map((module) => `${module}:${name.name}`),
    );
  const [module] = modules;
  const details = module === undefined ? null : types.functions.details(`${module}:${name.name}`);
  if (details === null) throw unknownFunction(written, name.name, types, host);
  const same = details.attach.find((one) => one.answer === 'ambiguous');
  if (same !== undefined && name.kind === 'function')
    throw ambiguous(
      written,
      details.clones.length > 0 ? details.clones : [`${details.symbols ?? 'several'} × ${details.name}`],
    );
  return {
    point: {
      name: written,
      kind: name.kind,
      group: details.module,
      symbol: details.name,
      signature: signatureOf(details),
      tracepointFields: [],
    },
    attach: details.attach,
  };
}

/** The failure for a name that is not there, with those that may have been meant. */
function unknownFunction(written: string, name: string, types: KernelTypes, host: string): Fail {
  const near = nearNames(name, types.functions.table().names, TOLD_NEAR);
  return near.length === 0
    ? new Fail('function-unknown', { function: written, host })
    : new Fail('function-misspelt', { function: written, host, near: near.join(', ') });
}

function ambiguous(name: string, candidates: readonly string[]): Fail {
  return new Fail('function-ambiguous', {
    function: name,
    candidates: candidates.slice(0, TOLD_CANDIDATES).join(', '),
  });
}

/** Modules that have a function of this name, in BTF or in ftrace's list. */
function modulesWith(types: KernelTypes, name: string): readonly string[] {
  const { names, modules, moduleOf } = types.functions.table();
  const found = new Set<string>();
  for (let entry = names.indexOf(name); entry >= 0; entry = names.indexOf(name, entry + 1))
    found.add(modules[moduleOf[entry] ?? 0] ?? '');
  return [...found];
}

async function expand(
  name: PointName,
  types: KernelTypes,
  tracepoints: Tracepoints,
): Promise<readonly PointName[]> {
  const fits = globTest(name.name);
  switch (name.kind) {
    case 'function':
    case 'kprobe': {
      const { names, modules, moduleOf, marks, markOf } = types.functions.table();
      const found = new Map<string, PointName>();
      names.forEach((one, entry) => {
        const group = modules[moduleOf[entry] ?? 0] ?? '';
        const mark = marks[markOf[entry] ?? 0];
        const usable =
          name.kind === 'kprobe' ||
          mark?.useKprobe === true ||
          /^(?:yes|unknown|entry-only)$/.test(mark?.attachable ?? '');
        if (!usable || !fits(one) || (name.group !== null && name.group !== group)) return;
        if (mark?.attachable === 'ambiguous') return;
        found.set(`${group}:${one}`, { ...name, group, name: one, pattern: false });
      });
      return [...found.values()];
    }
    case 'tracepoint':
      return (await tracepoints.names())
        .map((full) => full.split(':'))
        .filter(([category, one]) => category === name.group && fits(one ?? ''))
        .map(([, one]) => ({ ...name, name: one ?? '', pattern: false }));
    case 'rawtracepoint':
      return rawTracepointNames(types)
        .filter(fits)
        .map((one) => ({ ...name, name: one, pattern: false }));
  }
}

function writtenName(name: PointName): string {
  const prefix = name.kind === 'kprobe' ? 'kprobe:' : '';
  return `${prefix}${name.group === null || name.group === 'vmlinux' ? '' : `${name.group}:`}${name.name}`;
}

function signatureOf(details: FunctionDetails): Signature | null {
  if (details.signature === '') return null;
  const { name, module, parameters, returns } = details;
  return { name, module, parameters, returns };
}

/** `typedef void (*btf_trace_NAME)(void *, ARGS…)` (include/trace/bpf_probe.h): what a raw tracepoint passes. */
const RAW_PREFIX = 'btf_trace_';

/** Every raw tracepoint that BTF knows, in order. */
export function rawTracepointNames(types: KernelTypes): readonly string[] {
  const names = new Set<string>();
  for (const { btf } of types.modules)
    for (let id = btf.startId; id < btf.typeCount; id++)
      if (btf.kind(id) === 'typedef' && btf.name(id).startsWith(RAW_PREFIX))
        names.add(btf.name(id).slice(RAW_PREFIX.length));
  return [...names].sort();
}

/** Null if BTF knows no such raw tracepoint. The parameters are named as far as BTF names them. */
export function rawTracepointSignature(types: KernelTypes, name: string): Signature | null {
  for (const { module, btf } of types.modules) {
    const [id] = btf.findAll(`${RAW_PREFIX}${name}`, 'typedef');
    const parameters = id === undefined ? null : pointedPrototype(btf, id);
    if (parameters === null) continue;
    return {
      name,
      module,
      // The first is the tracepoint's own data, which no program sees.
      parameters: parameters.slice(1),
      returns: 'void',
    };
  }
  return null;
}

function pointedPrototype(btf: Btf, id: number): Signature['parameters'] | null {
  const typedef = btf.type(id);
  const pointer = typedef.kind === 'typedef' ? btf.type(typedef.typeId) : typedef;
  const prototype = pointer.kind === 'ptr' ? btf.type(pointer.typeId) : pointer;
  if (prototype.kind !== 'func_proto') return null;
  return prototype.parameters.map((one) => ({ type: typeText(btf, one.typeId), name: one.name }));
}
