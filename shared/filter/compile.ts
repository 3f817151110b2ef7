import { MAX_VALUES } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import type { Span } from './ast.ts';
import { bind } from './bind.ts';
import type { Bound, NumberValue, PathValue } from './bound.ts';
import type { FilterLanguage, FilterNames, FilterPoint } from './context.ts';
import { evaluator } from './evaluate.ts';
import { plain, verified } from './expected-header.ts';
import type { Version } from './expected-header.ts';
import { all, any, formulaText, opposite } from './formula.ts';
import type { Formula } from './formula.ts';
import { BpftraceWriter } from './kernel-bpftrace.ts';
import { tracefsFormula } from './kernel-tracefs.ts';
import { parse } from './parse.ts';
import type { PartReason } from './part-texts.ts';
import { FilterError, failOf } from './problem.ts';
import type { FilterProblem } from './problem.ts';
import { recordField } from './record-fields.ts';

/** Where one part of a filter is decided. `both`: the kernel drops what surely does not match, arrival decides. */
export type PartPlace = 'kernel' | 'arrival' | 'both';

export interface FilterPart {
  readonly text: string;
  readonly runs: PartPlace;
  /** Its sentence: partText() of part-texts.ts. */
  readonly why: PartReason;
}

/** A filter, made ready for the points of a probe. */
export interface CompiledFilter {
  /**
   * The kernel's condition at each point, in the engine's own language; null where the kernel lets all through.
   * bpftrace: an expression over `$s` (skb), `$d` (its device, may be 0), `$p` (expected header), `$n` (skb->len),
   * and what `argument` gave. tracefs: an event filter.
   */
  readonly kernel: readonly (string | null)[];
  /** What is still to be decided on arrival; null: nothing. Safe to call with any record; `record.point` chooses. */
  readonly arrival: ((record: EventRecord) => boolean) | null;
  /** Names of the values that every record must carry: those of `names.fields`, then those that `arrival` reads. */
  readonly fields: readonly string[];
  readonly parts: readonly FilterPart[];
}

/** Longest condition that is pushed at one point: bpftrace compiles it, the verifier walks it. */
const MOST_CONDITION = 12_000;

/**
 * Compiles a filter (the language: build/guide/filters.md) for the points of a probe. Blank text lets all through.
 * Throws Fail `filter-invalid`, whose values tell `at` and `length` of what is wrong in the text.
 */
export function compileWhere(text: string, names: FilterNames, language: FilterLanguage): CompiledFilter {
  return asFail(text, () => compile(text, names, language));
}

/** A filter over records that are already here: for tables. Null for blank text. Throws Fail as compileWhere. */
export function compileDisplay(text: string, names: FilterNames): ((record: EventRecord) => boolean) | null {
  if (text.trim() === '') return null;
  return asFail(text, () => evaluator(bind(parse(text), names), names, names.fields));
}

/** What is wrong with a filter, or null. */
export function checkFilter(text: string, names: FilterNames): FilterProblem | null {
  if (text.trim() === '') return null;
  try {
    bind(parse(text), names);
    return null;
  } catch (thrown) {
    if (thrown instanceof FilterError) return thrown.problem;
    throw thrown;
  }
}

function asFail<T>(text: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof FilterError) throw failOf(text, thrown.problem);
    throw thrown;
  }
}

/** What one term of the outermost `and` becomes. */
interface Placed {
  readonly bound: Bound;
  /** Exactly the term, at each point; null where the kernel cannot say it. */
  readonly exact: readonly (Formula | null)[];
  readonly why: PartReason;
}

function compile(text: string, names: FilterNames, language: FilterLanguage): CompiledFilter {
  const none = names.points.map(() => null);
  if (text.trim() === '') return { kernel: none, arrival: null, fields: names.fields, parts: [] };
  const bound = bind(parse(text), names);
  const terms = bound.kind === 'and' ? bound.terms : [bound];
  const placed = terms.map((term) => place(term, names, language));
  const late = placed.filter(({ exact }) => exact.includes(null)).map((part) => part.bound);
  const kernel = names.points.map((point, at) => {
    const exact = placed.flatMap((part) => part.exact[at] ?? []);
    const looked = language.engine === 'bpftrace' ? expectedHeader(late, point, language) : true;
    const whole = formulaText(all(...exact, looked), never(language));
    if (whole === null || whole.length <= MOST_CONDITION) return whole;
    return formulaText(all(...exact), never(language));
  });
  const fields = withPaths(names.fields, late);
  const arrival =
    late.length === 0
      ? null
      : evaluator({ kind: 'and', terms: late, at: bound.at, length: bound.length }, names, fields);
  const parts = placed.map((part): FilterPart => {
    const written = sliceOf(text, part.bound);
    if (!part.exact.includes(null)) return { text: written, runs: 'kernel', why: 'kernel-exact' };
    if (part.exact.some((formula) => formula !== null))
      return { text: written, runs: 'both', why: 'both-points' };
    const tried =
      language.engine === 'bpftrace' &&
      names.points.some((point) => expectedHeader([part.bound], point, language) !== true);
    return tried
      ? { text: written, runs: 'both', why: 'both-expected' }
      : { text: written, runs: 'arrival', why: part.why };
  });
  return { kernel, arrival, fields, parts };
}

function place(bound: Bound, names: FilterNames, language: FilterLanguage): Placed {
  const exact = names.points.map((point) => {
    const formula =
      language.engine === 'bpftrace'
        ? new BpftraceWriter(point, language, null).formula(bound)
        : tracefsFormula(bound, point, language);
    const text = formula === null ? null : formulaText(formula, never(language));
    return text !== null && text.length > MOST_CONDITION ? null : formula;
  });
  return { bound, exact, why: reason(bound, language) };
}

/**
 * A condition that lets through at least all packets that fit `terms`: those whose expected header does not verify,
 * and of the others those that fit. True where nothing can be said.
 */
function expectedHeader(
  terms: readonly Bound[],
  point: FilterPoint,
  language: FilterLanguage & { readonly engine: 'bpftrace' },
): Formula {
  if (point.captures !== 'packet' || point.output) return true;
  const versions: readonly Version[] =
    point.expect === 'ipv4' ? [4] : point.expect === 'ipv6' ? [6] : point.expect === 'ip' ? [4, 6] : [];
  // The packet's length counts from skb->data, the header may lie before it.
  const left = point.pointer === 'data' ? '$n' : '($n + (uint64)$s->data - (uint64)$p)';
  const conditions = versions.map((version): Formula => {
    const fitting: Formula[] = [];
    let inner = false;
    for (const term of terms) {
      const writer = new BpftraceWriter(point, language, version);
      const formula = writer.formula(term);
      if (formula === null) continue;
      fitting.push(formula);
      inner ||= writer.innermost;
    }
    const fits = all(...fitting);
    if (fits === true) return true;
    const certain = opposite(inner ? all(verified(version, left), plain(version)) : verified(version, left));
    return certain === null ? true : any(certain, fits);
  });
  return all(...conditions);
}

function never(language: FilterLanguage): string {
  return language.engine === 'bpftrace' ? '0 == 1' : 'common_pid < 0';
}

/** Why a term that no kernel decides waits for its arrival. */
function reason(bound: Bound, language: FilterLanguage): PartReason {
  if (some(bound, (node) => isPacket(node))) return 'arrival-content';
  if (some(bound, (node) => node.kind === 'numbers' && usesVerdict(node))) return 'arrival-verdict';
  return language.engine === 'tracefs' ? 'arrival-tracefs' : 'arrival-bpftrace';
}

function usesVerdict(node: Bound & { readonly kind: 'numbers' }): boolean {
  const decided = [recordField('verdict'), recordField('header_at')];
  return [node.left, node.right].some((value) => value.kind === 'record' && decided.includes(value.field));
}

function isPacket(node: Bound): boolean {
  switch (node.kind) {
    case 'numbers':
      return [node.left, node.right].some((value) => value.kind === 'packet' || value.kind === 'slice');
    case 'and':
    case 'or':
    case 'not':
    case 'constant':
    case 'text':
      return false;
    default:
      return true;
  }
}

function some(bound: Bound, fits: (node: Bound) => boolean): boolean {
  if (fits(bound)) return true;
  if (bound.kind === 'and' || bound.kind === 'or') return bound.terms.some((term) => some(term, fits));
  return bound.kind === 'not' && some(bound.term, fits);
}

/** The names of the record's values, with the paths that are compared on arrival. */
function withPaths(fields: readonly string[], terms: readonly Bound[]): readonly string[] {
  const paths = [...fields];
  let last: Span = { at: 0, length: 1 };
  const take = (path: PathValue, span: Span): void => {
    if (path.type.kind === 'text')
      throw new FilterError(span, 'path-not-value', { path: path.path, type: path.type.type });
    if (!paths.includes(path.path)) paths.push(path.path);
    last = span;
  };
  for (const term of terms)
    some(term, (node) => {
      if (node.kind === 'text' && node.field.kind === 'path') take(node.field, node);
      if (node.kind === 'numbers')
        for (const path of [...pathsOf(node.left), ...pathsOf(node.right)]) take(path, node);
      return false;
    });
  if (paths.length > MAX_VALUES)
    throw new FilterError(last, 'values-many', { count: paths.length - fields.length, most: MAX_VALUES });
  return paths;
}

function pathsOf(value: NumberValue): readonly PathValue[] {
  switch (value.kind) {
    case 'path':
      return [value];
    case 'arithmetic':
      return [...pathsOf(value.left), ...pathsOf(value.right)];
    case 'slice':
      return pathsOf(value.offset);
    case 'number':
    case 'record':
    case 'packet':
      return [];
  }
}

function sliceOf(text: string, span: Span): string {
  return text.slice(span.at, span.at + span.length).trim();
}
