import { isAtLeast } from '../../../shared/btf/attach/version.ts';
import type { FunctionEntry, ProbePoints, TargetFacts } from '../../../shared/contract/api.ts';
import { globTest } from '../../../shared/probe/glob.ts';
import type { ListedKind } from '../../../shared/probe/point.ts';
import { prototypeText } from '../../../shared/probe/signature.ts';
import type { KernelTypes } from '../target/kernel-types.ts';
import { rawTracepointNames, rawTracepointSignature } from './points.ts';

/** What a listing may be made of; each is asked for only where the kind needs it. */
export interface PointSources {
  readonly tracepoints: () => Promise<readonly string[]>;
  readonly types: () => Promise<KernelTypes>;
  /** Undefined: there is no target, only its BTF. */
  readonly bpftrace: TargetFacts['bpftrace'] | undefined;
}

const MAX_LISTED = 500;

/**
 * Points that are no functions by trampoline, in order of name, each named as a probe takes it. `query` is a pattern
 * of the name behind the kind if it holds `*` or `?`, else words that the line holds. Throws what its sources throw.
 */
export async function listPoints(
  kind: ListedKind,
  query: string,
  sources: PointSources,
): Promise<ProbePoints> {
  const found = (await every(kind, sources)).filter(queryTest(kind, query));
  const types = kind === 'rawtracepoint' ? await sources.types() : null;
  return {
    total: found.length,
    points: found.slice(0, MAX_LISTED).map((point) => {
      const known = types && rawTracepointSignature(types, point.name.slice(kind.length + 1));
      return known ? { ...point, module: known.module, signature: prototypeText(known) } : point;
    }),
  };
}

async function every(kind: ListedKind, sources: PointSources): Promise<readonly FunctionEntry[]> {
  switch (kind) {
    case 'tracepoint':
      return (await sources.tracepoints()).map((full) => ({
        name: `tracepoint:${full}`,
        module: full.split(':')[0] ?? '',
        signature: '',
        attachable: 'yes',
        reason: '',
      }));
    case 'rawtracepoint': {
      const { bpftrace } = sources;
      const able =
        bpftrace === undefined
          ? ({ attachable: 'unknown', reason: '' } as const)
          : bpftrace === null
            ? ({ attachable: 'no', reason: 'BPFTRACE_MISSING' } as const)
            : isAtLeast(bpftrace, 0, 18)
              ? ({ attachable: 'yes', reason: '' } as const)
              : ({ attachable: 'no', reason: 'BPFTRACE_HIDDEN' } as const);
      return rawTracepointNames(await sources.types()).map((name) => ({
        name: `rawtracepoint:${name}`,
        module: '',
        signature: '',
        ...able,
      }));
    }
    case 'kprobe': {
      const { names, modules, moduleOf, marks, markOf } = (await sources.types()).functions.table();
      const found: FunctionEntry[] = [];
      names.forEach((name, entry) => {
        const mark = marks[markOf[entry] ?? -1];
        if (mark?.useKprobe !== true) return;
        const module = modules[moduleOf[entry] ?? 0] ?? '';
        const { reason } = mark;
        found.push({ name: `kprobe:${name}`, module, signature: '', attachable: 'yes', reason });
      });
      return found.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
    }
  }
}

function queryTest(kind: ListedKind, query: string): (point: FunctionEntry) => boolean {
  const asked = query.trim();
  if (/[*?]/.test(asked)) {
    const fits = globTest(asked);
    return ({ name }) => fits(name.slice(kind.length + 1));
  }
  const words = asked.toLowerCase().split(/\s+/);
  return ({ name, module }) => {
    const text = `${name.slice(kind.length + 1)} ${module}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
