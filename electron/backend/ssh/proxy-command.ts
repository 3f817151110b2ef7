import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { Fail } from '../../../shared/contract/failure.ts';

/** What a ProxyCommand may write to stderr and be quoted of, in bytes. */
const STDERR_LIMIT = 4096;
/** From SIGHUP to SIGKILL. */
const GRACE_MILLISECONDS = 1000;

/**
 * Runs a ProxyCommand (ssh_config(5)) in the user's shell, as ssh does, and gives its stdin and
 * stdout as one stream. Its process group dies with the stream, by SIGHUP and then SIGKILL; if it
 * ends first, the stream is destroyed with `proxy-command-failed` and what it wrote to stderr.
 */
export function startProxyCommand(command: string, host: string): Duplex {
  const child = launch(command);
  let said = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-STDERR_LIMIT);
  });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (child.stdin.write(chunk)) done();
      else child.stdin.once('drain', () => done());
    },
    final: (done) => {
      child.stdin.end();
      done();
    },
    destroy: (error, done) => {
      end(child);
      done(error);
    },
  });
  const ended = (status: string, detail: string | null): void => {
    stream.destroy(new Fail('proxy-command-failed', { host, command, status }, detail));
  };
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.destroyed && !stream.push(chunk)) child.stdout.pause();
  });
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => undefined);
  child.on('error', (error) => ended(error.message, null));
  child.on('exit', (code, signal) => {
    // What it wrote last is still on its way.
    setImmediate(() => ended(String(signal ?? code), said.toString('utf8').trim() || null));
  });
  return stream;
}

function launch(command: string): ChildProcessWithoutNullStreams {
  if (process.platform === 'win32') return spawn(command, { shell: true, windowsHide: true });
  return spawn(process.env['SHELL'] || '/bin/sh', ['-c', `exec ${command}`], { detached: true });
}

function end(child: ChildProcessWithoutNullStreams): void {
  child.stdin.destroy();
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === 'win32') return void child.kill();
  signalGroup(pid, 'SIGHUP');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MILLISECONDS).unref();
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    return;
  }
}
