import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LabFailure } from './failure.ts';

/** What a finished command left. `code` is 255 when a signal ended it, 124 when the time limit did. */
export type CommandResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
};

export type CommandOptions = {
  readonly input?: string | Uint8Array;
  readonly timeoutMilliseconds?: number;
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * Runs a command of this machine to its end and keeps its output. A command that outlives the time limit
 * (default 10 minutes) is killed and gives code 124, as timeout(1) does.
 */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutMilliseconds = 600_000, environment } = options;
  return await new Promise((resolve, reject) => {
    const child = spawn(command, parameters, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMilliseconds);
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new LabFailure('tool-missing', `${command} cannot be started: ${error.message}.`));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const stdoutBytes = Buffer.concat(stdout);
      resolve({
        code: timedOut ? 124 : (code ?? 255),
        stdout: stdoutBytes.toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
        stdoutBytes,
      });
    });
    if (child.stdin) {
      // A command may end without reading its input; what it says then is told by its exit status.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    }
  });
}

/** The tools of this machine that the lab runs, and the Debian package of each. */
const TOOLS = [
  { tool: 'qemu-system-x86_64', debianPackage: 'qemu-system-x86' },
  { tool: 'mmdebstrap', debianPackage: 'mmdebstrap' },
  { tool: 'mkfs.ext4', debianPackage: 'e2fsprogs' },
  { tool: 'ssh', debianPackage: 'openssh-client' },
  { tool: 'ssh-keygen', debianPackage: 'openssh-client' },
  { tool: 'flock', debianPackage: 'util-linux' },
] as const;

/** The Debian packages that the lab needs and this machine lacks; empty when all is there. */
export function missingPackages(path: string = process.env['PATH'] ?? ''): string[] {
  const folders = [...path.split(delimiter), '/usr/sbin', '/sbin'].filter((folder) => folder !== '');
  const missing = TOOLS.filter(({ tool }) => !folders.some((folder) => isExecutable(join(folder, tool))));
  return [...new Set(missing.map(({ debianPackage }) => debianPackage))];
}

/** Throws `tool-missing`, with the apt command, unless every tool of the lab is here. */
export function requireTools(): void {
  const missing = missingPackages();
  if (missing.length === 0) return;
  throw new LabFailure(
    'tool-missing',
    `The lab needs ${missing.join(', ')}.`,
    `apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
