/** A condition for a kernel, before it is text: negation is worked in, so that no engine needs a `!`. */
export type Formula =
  | boolean
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Formula[] }
  | { readonly kind: 'compare'; readonly left: string; readonly operator: Operator; readonly right: string };

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '~' | '&';

const NEGATED = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

export function compare(left: string, operator: Operator, right: string | number): Formula {
  return { kind: 'compare', left, operator, right: String(right) };
}

export function all(...terms: readonly Formula[]): Formula {
  return joined('and', terms, false);
}

export function any(...terms: readonly Formula[]): Formula {
  return joined('or', terms, true);
}

/** `deciding` is what settles the whole: false for and, true for or. */
function joined(kind: 'and' | 'or', terms: readonly Formula[], deciding: boolean): Formula {
  if (terms.includes(deciding)) return deciding;
  const kept = terms
    .filter((term) => typeof term !== 'boolean')
    .flatMap((term) => (term.kind === kind ? term.terms : [term]));
  // Guards come with every comparison: once is enough.
  const texts = kept.map((term) => (typeof term === 'boolean' ? '' : write(term)));
  const single = kept.filter((_, at) => texts.indexOf(texts[at] ?? '') === at);
  const [only] = single;
  if (only === undefined) return !deciding;
  return single.length === 1 ? only : { kind, terms: single };
}

/** Null where a part has no opposite (`~` of event filters). */
export function opposite(formula: Formula): Formula | null {
  if (typeof formula === 'boolean') return !formula;
  if (formula.kind === 'compare')
    return formula.operator === '~' || formula.operator === '&'
      ? null
      : { ...formula, operator: NEGATED[formula.operator] };
  const terms: Formula[] = [];
  for (const term of formula.terms) {
    const negative = opposite(term);
    if (negative === null) return null;
    terms.push(negative);
  }
  return formula.kind === 'and' ? any(...terms) : all(...terms);
}

/** As text, in C's syntax; null for what is always true, `0 == 1`-like text for what never is. */
export function formulaText(formula: Formula, never: string): string | null {
  if (formula === true) return null;
  if (formula === false) return never;
  return write(formula);
}

function write(formula: Exclude<Formula, boolean>): string {
  if (formula.kind === 'compare') return `${formula.left} ${formula.operator} ${formula.right}`;
  return formula.terms
    .map((term) =>
      typeof term === 'boolean' ? '' : term.kind === 'compare' ? write(term) : `(${write(term)})`,
    )
    .join(formula.kind === 'and' ? ' && ' : ' || ');
}
