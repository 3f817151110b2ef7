import type { TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Connection } from './connection.ts';
import { startLeashed } from './leash.ts';
import type { Elevation } from './sudo.ts';

/** A connection with what every command on it needs: root by sudo or not, and who wants to see what runs. */
export interface Target {
  readonly connection: Connection;
  /** How to run as root; false when the login is root, or has no way to be. */
  readonly sudo: boolean | Elevation;
  /** Lockdown of its kernel as surveyed, to name it where something is refused because of it. */
  readonly lockdown?: TargetFacts['lockdown'];
  /** Told before each command that runs there. */
  readonly onCommand: (command: string, purpose: string) => void;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface CommandLimits {
  readonly seconds: number;
  readonly bytes: number;
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Runs a POSIX sh script on the target to its end, on a leash, and gives all it wrote. `script` is
 * text of ours and never holds a user's string. A long-running last command is started with `exec`,
 * so that the leash holds it and not only the shell. Throws `command-timeout`,
 * `command-output-limit`, `connection-lost`, `command-failed` when the guard itself was killed; the exit status is the caller's to judge.
 */
export async function runCommand(
  target: Target,
  script: string,
  purpose: string,
  limits: CommandLimits,
): Promise<CommandResult> {
  target.onCommand(script.trim(), purpose);
  const host = target.connection.config.alias;
  const leash = await startLeashed(target.connection, {
    command: '/bin/sh',
    input: script,
    sudo: target.sudo,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let failure: Fail | null = null;
  const give = (code: 'command-timeout' | 'command-output-limit', values: Record<string, number>): void => {
    failure ??= new Fail(code, { command: firstLine(script), host, ...values });
    leash.interrupt(0);
  };
  const timer = setTimeout(() => give('command-timeout', { seconds: limits.seconds }), limits.seconds * 1000);
  leash.onStdout((chunk) => {
    size += chunk.length;
    if (size > limits.bytes) return give('command-output-limit', { limit: limits.bytes });
    chunks.push(chunk);
    limits.onProgress?.(size);
  });
  const { code, signal } = await leash.exit;
  clearTimeout(timer);
  if (failure !== null) throw failure as Fail;
  if (code === null && signal === null)
    throw new Fail('connection-lost', { host, message: `during "${firstLine(script)}"` });
  if (code === null)
    throw new Fail(
      'command-failed',
      { command: firstLine(script), host, status: `signal ${signal}` },
      leash.stderr(),
    );
  return { status: code, stdout: Buffer.concat(chunks, size), stderr: leash.stderr() };
}

function firstLine(script: string): string {
  return script.trim().split('\n', 1)[0]?.slice(0, 80) ?? '';
}
