import type { Bound, NumberValue, Order } from './bound.ts';
import type { FilterPoint, TracefsLanguage } from './context.ts';
import { all, any, compare, opposite } from './formula.ts';
import type { Formula } from './formula.ts';

const MIRRORED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/**
 * A filter, or a part of one, as a tracefs event filter (Documentation/trace/events.rst): comparisons of one fetched
 * argument with a constant, `&` with a mask, strings by == and ~. Null where that cannot say exactly this.
 */
export function tracefsFormula(bound: Bound, point: FilterPoint, language: TracefsLanguage): Formula | null {
  switch (bound.kind) {
    case 'and':
    case 'or': {
      const terms: Formula[] = [];
      for (const term of bound.terms) {
        const formula = tracefsFormula(term, point, language);
        if (formula === null) return null;
        terms.push(formula);
      }
      return bound.kind === 'and' ? all(...terms) : any(...terms);
    }
    case 'not': {
      // A device that is not there has no name: only arrival tells that from another name.
      if (looksAtText(bound.term)) return null;
      const term = tracefsFormula(bound.term, point, language);
      return term === null ? null : opposite(term);
    }
    case 'numbers': {
      const { operator, left, right } = bound;
      if (right.kind === 'number') return numbers(operator, left, right.value, point, language);
      return left.kind === 'number' ? numbers(MIRRORED[operator], right, left.value, point, language) : null;
    }
    case 'text': {
      const { field, operator, value } = bound;
      const name = field.kind === 'record' ? field.field.name : field.path;
      const fetched = language.fetched(name, point);
      if (fetched?.kind !== 'text' || !/^[ !#-[\]-~]{1,63}$/.test(value)) return null;
      if (operator === '==' && !/[*?]/.test(value)) return compare(fetched.name, '==', `"${value}"`);
      // The kernel's globs know brackets and backslashes too.
      if (operator === 'like' && !/[[\]\\]/.test(value)) return compare(fetched.name, '~', `"${value}"`);
      return null;
    }
    case 'constant':
      return bound.value;
    default:
      return null;
  }
}

function numbers(
  operator: Order,
  value: NumberValue,
  constant: bigint,
  point: FilterPoint,
  language: TracefsLanguage,
): Formula | null {
  if (constant < 0n || constant > 0x7fffffffffffffffn) return null;
  if (value.kind === 'arithmetic') {
    // `x & mask` is true where any bit of the mask is set.
    const { operator: sign, left, right } = value;
    if (sign !== '&' || operator !== '!=' || constant !== 0n || right.kind !== 'number') return null;
    const name = numberName(left, point, language);
    if (name === null || name.swapped || right.value < 0n) return null;
    return { kind: 'compare', left: name.name, operator: '&', right: right.value.toString() };
  }
  const name = numberName(value, point, language);
  if (name === null) return null;
  if (!name.swapped) return compare(name.name, operator, constant.toString());
  if (operator !== '==' && operator !== '!=') return null;
  if (constant > 0xffffn) return operator === '!=';
  const number = Number(constant);
  return compare(name.name, operator, `0x${(((number & 0xff) << 8) | (number >> 8)).toString(16)}`);
}

function numberName(
  value: NumberValue,
  point: FilterPoint,
  language: TracefsLanguage,
): { readonly name: string; readonly swapped: boolean } | null {
  if (value.kind !== 'record' && value.kind !== 'path') return null;
  if (value.kind === 'path' && value.type.signed) return null;
  if (value.kind === 'record' && value.field.needs !== null && point.captures !== 'packet') return null;
  const fetched = language.fetched(value.kind === 'record' ? value.field.name : value.path, point);
  return fetched?.kind === 'number' ? { name: fetched.name, swapped: fetched.swapped ?? false } : null;
}

function looksAtText(bound: Bound): boolean {
  if (bound.kind === 'text') return true;
  if (bound.kind === 'and' || bound.kind === 'or') return bound.terms.some(looksAtText);
  return bound.kind === 'not' && looksAtText(bound.term);
}
