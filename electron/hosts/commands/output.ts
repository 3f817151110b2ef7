import { randomUUID } from 'node:crypto';
import { failureOf } from '../../../shared/contract/failure.ts';
import type { Failure } from '../../../shared/contract/failure.ts';

/** Where a command writes: text for people, or one JSON object a line for programs, and nothing else on stdout. */
export interface Output {
  readonly json: boolean;
  /** A line for people; silent in JSON mode. */
  text(line: string): void;
  /** A note beside the result: stderr, so that stdout stays the result. */
  note(line: string): void;
  /** A JSON line; silent in text mode. `ns` may be a bigint: it is written as a plain integer. */
  line(object: Readonly<Record<string, unknown>>): void;
  /** JSON lines that are made already, each with its newline; silent in text mode. */
  lines(text: string): void;
  failure(thrown: unknown, more?: Readonly<Record<string, unknown>>): void;
  /** Resolves when whoever reads stdout has kept up: nothing piles up in memory behind a slow reader. */
  drained(): Promise<void>;
}

export interface Streams {
  readonly stdout: {
    write(text: string): unknown;
    readonly writableNeedDrain: boolean;
    on(event: 'drain' | 'error' | 'close', listener: () => void): unknown;
    off(event: 'drain' | 'error' | 'close', listener: () => void): unknown;
  };
  readonly stderr: { write(text: string): unknown };
}

export function createOutput(json: boolean, streams: Streams): Output {
  let draining: Promise<void> | null = null;
  return {
    json,
    text: (line) => {
      if (!json) streams.stdout.write(`${printable(line)}\n`);
    },
    note: (line) => void streams.stderr.write(`${printable(line)}\n`),
    line: (object) => {
      if (json) streams.stdout.write(`${jsonLine(object)}\n`);
    },
    lines: (text) => {
      if (json && text !== '') streams.stdout.write(text);
    },
    failure: (thrown, more = {}) => {
      const failure = failureOf(thrown);
      const { code, message, remedy, detail } = failure;
      if (json)
        streams.stdout.write(`${jsonLine({ type: 'failure', ...more, code, message, remedy, detail })}\n`);
      else streams.stderr.write(failureLines(failure));
    },
    drained: () => {
      if (!streams.stdout.writableNeedDrain) return Promise.resolve();
      draining ??= drainOf(streams.stdout).then(() => {
        draining = null;
      });
      return draining;
    },
  };
}

/** Listens once for all who wait, and takes its listeners off again: a slow reader stalls many times. */
function drainOf(stdout: Streams['stdout']): Promise<void> {
  const events = ['drain', 'error', 'close'] as const;
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of events) stdout.off(event, done);
      resolve();
    };
    for (const event of events) stdout.on(event, done);
  });
}

function failureLines(failure: Failure): string {
  const detail = failure.detail ? `\n${printable(failure.detail.trim()).replace(/^/gm, '  | ')}` : '';
  return `skblens: ${printable(failure.message)}\n  ${printable(failure.remedy)}${detail}\n`;
}

/** Stands where an integer goes; no text of a target can know it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}(\\d+)"`, 'g');

/** Integers beyond 2^53 are exact in JSON text, only JSON.stringify cannot write them. */
function jsonLine(object: Readonly<Record<string, unknown>>): string {
  const bigs: string[] = [];
  const text = JSON.stringify(object, (_key, value: unknown) => {
    if (typeof value !== 'bigint') return value;
    bigs.push(value.toString());
    return `${MARK}${bigs.length - 1}`;
  });
  return bigs.length === 0 ? text : text.replace(MARKED, (_whole, at: string) => bigs[Number(at)] ?? '0');
}

/** What a target or a file sent, safe for a terminal: control characters (but newline and tab) and bidi controls are made visible. */
export function printable(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
