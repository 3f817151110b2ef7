import { failureTexts } from './failure-texts.ts';
import type { FailureCode } from './failure-texts.ts';

export type { FailureCode } from './failure-texts.ts';

/** What a `{name}` in a failure's sentence is replaced by. */
export type FailureValues = Record<string, string | number>;

/**
 * A failure as it travels: over the wire, into `--json`, onto the screen. `code` names an entry of
 * the catalogue (failure-texts.ts); `message` and `remedy` are that entry's English sentences with
 * their values filled in; a page in another language fills in its own from `code` and `values`.
 * `detail` is what the other side said in its own words (bpftrace, sshd), shown behind a disclosure.
 */
export interface Failure {
  readonly code: FailureCode;
  readonly values: FailureValues;
  readonly message: string;
  readonly remedy: string;
  readonly detail: string | null;
  /** The failure behind this one, where `{message}` and `{remedy}` are its sentences. */
  readonly cause?: Failure;
}

/** An error that is meant for a person. Anything else that is thrown is a defect: see `failureOf`. */
export class Fail extends Error {
  readonly failure: Failure;

  constructor(
    code: FailureCode,
    values: FailureValues = {},
    detail: string | null = null,
    cause: Failure | null = null,
  ) {
    const failure = makeFailure(code, values, detail, cause);
    super(failure.message);
    this.name = 'Fail';
    this.failure = failure;
  }
}

export function makeFailure(
  code: FailureCode,
  values: FailureValues = {},
  detail: string | null = null,
  cause: Failure | null = null,
): Failure {
  const failure = { code, values, detail, ...(cause === null ? {} : { cause }) };
  return { ...failure, ...textOf(failure, 'en') };
}

/** The sentences of a failure in the reader's language. */
export function failureText(failure: Failure, locale: 'en' | 'zh-CN'): { message: string; remedy: string } {
  return textOf(failure, locale);
}

/** Any thrown value as a failure; what is not a `Fail` becomes `internal-error` with its stack as detail. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Fail) return thrown.failure;
  if (thrown instanceof Error)
    return makeFailure('internal-error', { message: thrown.message }, thrown.stack ?? null);
  return makeFailure('internal-error', { message: String(thrown) });
}

/** A received failure as an error to throw again on this side of the wire. */
export function failFrom(failure: Failure): Fail {
  return new Fail(failure.code, failure.values, failure.detail, failure.cause ?? null);
}

/** Closes a union: a new `kind` that is not handled fails to compile, and throws if it comes over a wire. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}

function textOf(
  { code, values, cause }: Pick<Failure, 'code' | 'values' | 'cause'>,
  locale: 'en' | 'zh-CN',
): { message: string; remedy: string } {
  const text = failureTexts[locale][code];
  const all = cause === undefined ? values : { ...values, ...textOf(cause, locale) };
  return { message: fill(text.message, all), remedy: fill(text.remedy, all) };
}

function fill(text: string, values: FailureValues): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
