import { Fail } from '../contract/failure.ts';
import { problemTexts } from './problem-texts.ts';
import type { ProblemCode } from './problem-texts.ts';

/** What is wrong with the text of a filter, and where. */
export interface FilterProblem {
  readonly code: ProblemCode;
  readonly values: Readonly<Record<string, string | number>>;
  /** UTF-16 units from the start of the text; `length` is at least 1, also at the end of the text. */
  readonly at: number;
  readonly length: number;
  /** What could stand there instead, a few of it; often none. */
  readonly expected: readonly string[];
}

/** Thrown inside of shared/filter; leaves it as a Fail or as the problem itself. */
export class FilterError extends Error {
  readonly problem: FilterProblem;

  constructor(
    span: { readonly at: number; readonly length: number },
    code: ProblemCode,
    values: FilterProblem['values'] = {},
    expected: readonly string[] = [],
  ) {
    super(code);
    this.name = 'FilterError';
    this.problem = { code, values, at: span.at, length: Math.max(1, span.length), expected };
  }
}

/** The sentence of a problem, without its position. */
export function problemText(problem: FilterProblem, locale: 'en' | 'zh-CN'): string {
  const text: string = problemTexts[locale][problem.code];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(problem.values[name] ?? whole));
}

/** `filter-invalid`: characters are counted from 1 in the sentence, from 0 in the values. */
export function failOf(text: string, problem: FilterProblem): Fail {
  const { at, length, expected } = problem;
  return new Fail('filter-invalid', {
    filter: text.length > 120 ? `${text.slice(0, 120)}…` : text,
    at,
    length,
    message: `character ${at + 1}: ${problemText(problem, 'en')}`,
    known: expected.length > 0 ? expected.join(', ') : 'a comparison, such as ip.ttl < 5',
  });
}
