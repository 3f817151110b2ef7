import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../../build/bootstrap/run.mjs', import.meta.url));

/** A line of `--json`, as a program reads it. */
export type JsonLine = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The command line as its users start it, in a process of its own. */
export interface Skblens {
  readonly process: ChildProcess;
  readonly lines: readonly JsonLine[];
  stderr(): string;
  /** Resolves with the first line of that type; rejects when the program ends without one. */
  line(type: string): Promise<JsonLine>;
  /** Exit status; null when a signal ended it. */
  readonly exit: Promise<number | null>;
}

export function startSkblens(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Skblens {
  const child = spawn(process.execPath, [RUN, 'skblens', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const lines: JsonLine[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  let rest = '';
  let ended = false;
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as JsonLine);
    for (const wake of waiting) wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      ended = true;
      resolve(code);
      for (const wake of waiting) wake();
    });
  });
  return {
    process: child,
    lines,
    exit,
    stderr: () => stderr,
    line: (type) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((one) => one.type === type);
          if (found) resolve(found);
          else if (ended)
            reject(new Error(`it ended without a line "${type}":\n${stderr}\n${JSON.stringify(lines)}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}
