import type { Btf } from '../decoder.ts';
import { BtfError } from '../failure.ts';
import { KIND_FUNC } from '../kinds.ts';
import { sizeOf, sizeOrType } from '../resolve.ts';
import { prototypeObstacle } from './prototype-limits.ts';
import {
  isHiddenByBpftrace,
  isTracepointGlue,
  neverReturns,
  recursionRisks,
  trampolineDenied,
} from './special.ts';
import type { FunctionSymbols } from './symbols.ts';
import type { FunctionCounts } from './traceable.ts';
import type { Version } from './version.ts';

/** What is known of a target. Null = could not be read (lockdown, no rights, not mounted). */
export interface AttachFacts {
  /** As `uname -m` says: x86_64, aarch64, s390x, … */
  readonly arch: string;
  readonly kernel: Version;
  /** Null when it is not installed. */
  readonly bpftrace: Version | null;
  readonly traceable: FunctionCounts | null;
  readonly symbols: FunctionSymbols | null;
  readonly blacklist: ReadonlySet<string> | null;
}

export interface AttachTarget {
  readonly name: string;
  /** `vmlinux` for the kernel proper. */
  readonly module: string;
  /** Where the function stands in BTF; null when it has no record there. */
  readonly type: { readonly btf: Btf; readonly id: number } | null;
  /** Tagged bpf_kfunc with KF_IMPLICIT_ARGS: BTF's prototype is not what the machine code takes. */
  readonly implicitArguments?: boolean;
}

/** bpftrace: a BTF trampoline probe (kfunc/fentry). tracefs: a kprobe event. */
export type ProbeEngine = 'bpftrace' | 'tracefs';

export type AttachReason =
  | 'NOT_TRACEABLE'
  | 'NO_SYMBOL'
  | 'VARARGS'
  | 'RET_STRUCT'
  | 'RET_GT8'
  | 'ARG_STRUCT'
  | 'ARG_STRUCT_GT16'
  | 'ARG_UNION'
  | 'ARG_TYPE'
  | 'ARGS_GT_n'
  | 'FLOAT'
  | 'DENYLIST'
  | 'NORETURN'
  | 'KPROBE_BLACKLIST'
  | 'BPFTRACE_MISSING'
  | 'BPFTRACE_ARGS_GT6'
  | 'BPFTRACE_HIDDEN'
  | 'NO_BTF'
  | 'AMBIGUOUS'
  | 'AFF_UNREADABLE'
  | 'DAMAGED_BTF';

export type AttachWarning = 'IMPLICIT_ARGS_KFUNC' | 'RECURSION_RISK';

/** Why ftrace has no place to patch, where that can be told. */
export type NotTraceable = 'init' | 'noinstr' | 'tracepoint-glue' | 'other';

export interface Attachability {
  readonly answer: 'yes' | 'entry-only' | 'no' | 'ambiguous' | 'unknown';
  /** Null for a plain yes. */
  readonly reason: AttachReason | null;
  /** In plain words, with what can be done instead. */
  readonly sentence: string;
  /** With reason NOT_TRACEABLE. */
  readonly detail: NotTraceable | null;
  /** How many functions share the name; 1 unless the answer is `ambiguous`. */
  readonly instances: number;
  /** The function cannot be probed this way, but a kprobe would do. */
  readonly useKprobe: boolean;
  readonly warnings: readonly AttachWarning[];
}

/**
 * Whether a probe can be attached to a function, judged from what was read of the target, without trying.
 * `yes` is only said when every needed fact is at hand. Never throws for a BTF of parseBtf.
 */
export function attachability(target: AttachTarget, facts: AttachFacts, engine: ProbeEngine): Attachability {
  const verdict = engine === 'tracefs' ? kprobeVerdict(target, facts) : trampolineVerdict(target, facts);
  const useKprobe = (): boolean =>
    ['yes', 'entry-only'].includes(kprobeVerdict(target, facts).answer) && facts.bpftrace !== null;
  return {
    answer: verdict.answer,
    reason: verdict.reason,
    sentence: verdict.sentence,
    detail: verdict.detail ?? null,
    instances: verdict.instances ?? 1,
    useKprobe: engine === 'bpftrace' && verdict.answer === 'no' && useKprobe(),
    warnings: warningsOf(target),
  };
}

interface Verdict {
  readonly answer: Attachability['answer'];
  readonly reason: AttachReason | null;
  readonly sentence: string;
  readonly detail?: NotTraceable;
  readonly instances?: number;
}

function no(reason: AttachReason, sentence: string): Verdict {
  return { answer: 'no', reason, sentence };
}

function kprobeVerdict(target: AttachTarget, facts: AttachFacts): Verdict {
  const { name } = target;
  if (facts.blacklist?.has(name) === true) {
    return no('KPROBE_BLACKLIST', 'The kernel refuses probes here: it is on the kprobe blacklist.');
  }
  const place = placeVerdict(target, facts);
  if (place !== null) return place;
  if (neverReturns.has(name)) return entryOnly;
  return { answer: 'yes', reason: null, sentence: 'Entry and return can be probed.' };
}

const entryOnly: Verdict = {
  answer: 'entry-only',
  reason: 'NORETURN',
  sentence: 'It never returns: only its entry can be probed.',
};

/** The rules of bpftrace and of the kernel's trampolines. */
function trampolineVerdict(target: AttachTarget, facts: AttachFacts): Verdict {
  const { name, type } = target;
  if (facts.bpftrace === null) {
    return no(
      'BPFTRACE_MISSING',
      'bpftrace is not installed on the target; the tracefs engine needs nothing.',
    );
  }
  if (type === null) {
    return no('NO_BTF', 'BTF has no record of it (the compiler changed or inlined it): use a kprobe.');
  }
  if (trampolineDenied.has(name)) {
    return no('DENYLIST', 'The kernel refuses BPF trampolines here: they call this function themselves.');
  }
  const passable = passableByTrampoline(type, facts);
  if (passable.refused !== null) return passable.refused;
  if (isHiddenByBpftrace(name)) {
    return no('BPFTRACE_HIDDEN', 'bpftrace leaves it out, as tracing it has hung machines.');
  }
  if (facts.blacklist?.has(name) === true) {
    return no('KPROBE_BLACKLIST', 'bpftrace leaves out what is on the kprobe blacklist.');
  }
  const place = placeVerdict(target, facts);
  if (place !== null) return place;
  if (neverReturns.has(name)) return entryOnly;
  if (passable.returnsWide) {
    return {
      answer: 'entry-only',
      reason: 'RET_GT8',
      sentence: 'It returns more than 8 bytes: only its entry can be probed.',
    };
  }
  return { answer: 'yes', reason: null, sentence: 'Entry and return can be probed.' };
}

/** What a prototype alone decides. */
interface Passable {
  readonly refused: Verdict | null;
  readonly returnsWide: boolean;
}

/** Half of a kernel's functions share their prototype with another one. */
const judgedPrototypes = new WeakMap<AttachFacts, WeakMap<Btf, Map<number, Passable>>>();

function passableByTrampoline({ btf, id }: NonNullable<AttachTarget['type']>, facts: AttachFacts): Passable {
  const refused = (verdict: Verdict): Passable => ({ refused: verdict, returnsWide: false });
  try {
    if (btf.kindNumber(id) !== KIND_FUNC) return refused(noPrototype);
    const prototypeId = sizeOrType(btf, id);
    let ofFacts = judgedPrototypes.get(facts);
    if (ofFacts === undefined) judgedPrototypes.set(facts, (ofFacts = new WeakMap()));
    let ofBtf = ofFacts.get(btf);
    if (ofBtf === undefined) ofFacts.set(btf, (ofBtf = new Map<number, Passable>()));
    let passable = ofBtf.get(prototypeId);
    if (passable === undefined) ofBtf.set(prototypeId, (passable = judgePrototype(btf, prototypeId, facts)));
    return passable;
  } catch (failure) {
    if (!(failure instanceof BtfError)) throw failure;
    return refused({
      answer: 'unknown',
      reason: 'DAMAGED_BTF',
      sentence: `Its types cannot be read: ${failure.message}.`,
    });
  }
}

const noPrototype = no('NO_BTF', 'BTF has no prototype of it: use a kprobe.');

function judgePrototype(btf: Btf, prototypeId: number, facts: AttachFacts): Passable {
  const prototype = btf.type(prototypeId);
  if (prototype.kind !== 'func_proto') return { refused: noPrototype, returnsWide: false };
  const obstacle = prototypeObstacle(btf, prototype, facts.arch, facts.kernel);
  if (obstacle !== null) {
    const { reason, sentence } = obstacle;
    const refused: Verdict = { answer: obstacle.unsure === true ? 'unknown' : 'no', reason, sentence };
    return { refused, returnsWide: false };
  }
  const limit = bpftraceArguments(facts.arch);
  if (prototype.parameters.length > limit) {
    const refused = no(
      'BPFTRACE_ARGS_GT6',
      `It takes ${prototype.parameters.length} arguments; bpftrace reads ${limit}: use a kprobe.`,
    );
    return { refused, returnsWide: false };
  }
  return { refused: null, returnsWide: (sizeOf(btf, prototype.returnId) ?? 0) > 8 };
}

/** Arguments bpftrace's tables hold for an architecture. */
function bpftraceArguments(arch: string): number {
  switch (arch) {
    case 'x86_64':
      return 6;
    case 's390x':
      return 5;
    default:
      return 8;
  }
}

/** Whether there is exactly one place in the code to patch; null when there is. */
function placeVerdict(target: AttachTarget, facts: AttachFacts): Verdict | null {
  const { name, module } = target;
  const { symbols, traceable } = facts;
  const named = symbols?.counts.count(name, module) ?? null;
  if (named === 0) {
    const clones = symbols?.clones.get(name) ?? [];
    const found =
      clones.length === 0 ? 'it was inlined everywhere' : `only ${clones.slice(0, 3).join(', ')} exists`;
    return no('NO_SYMBOL', `The kernel has no symbol of that name: ${found}.`);
  }
  if (traceable === null) {
    return {
      answer: 'unknown',
      reason: 'AFF_UNREADABLE',
      sentence:
        'The target does not say what can be traced (available_filter_functions cannot be read): trying is the only way.',
    };
  }
  const places = traceable.count(name, module);
  if (places === 0) {
    const detail = whyNotTraceable(name, facts);
    return { ...no('NOT_TRACEABLE', notTraceableSentences[detail]), detail };
  }
  const instances = Math.max(places, named ?? 0);
  if (instances > 1) {
    return {
      answer: 'ambiguous',
      reason: 'AMBIGUOUS',
      sentence: `${instances} functions have this name; the kernel would take an arbitrary one or refuse.`,
      instances,
    };
  }
  return null;
}

const notTraceableSentences: Readonly<Record<NotTraceable, string>> = {
  init: 'It ran while the kernel started; its code is gone.',
  noinstr: 'It runs where tracing is not allowed (noinstr).',
  'tracepoint-glue': 'It is the code of a tracepoint: use the tracepoint itself.',
  other: 'ftrace has no place to patch in it (marked notrace, or built without).',
};

function whyNotTraceable(name: string, facts: AttachFacts): NotTraceable {
  if (isTracepointGlue(name)) return 'tracepoint-glue';
  if (facts.symbols?.init.has(name) === true) return 'init';
  if (facts.symbols?.noinstr.has(name) === true) return 'noinstr';
  return 'other';
}

function warningsOf(target: AttachTarget): AttachWarning[] {
  const warnings: AttachWarning[] = [];
  if (target.implicitArguments === true) warnings.push('IMPLICIT_ARGS_KFUNC');
  if (recursionRisks.has(target.name)) warnings.push('RECURSION_RISK');
  return warnings;
}
