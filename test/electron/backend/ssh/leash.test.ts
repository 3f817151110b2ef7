import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../../electron/backend/ssh/command.ts';
import type { CommandLimits, Target } from '../../../../electron/backend/ssh/command.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { Channel, Connection } from '../../../../electron/backend/ssh/connection.ts';
import { DEFAULT_TIMES, startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { needs } from '../../../support/needs.ts';
import { startSilentProxy, startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';
import {
  CHILDREN,
  KINDS,
  newMarker,
  output,
  SILENT_SECONDS,
  TIMES,
  until,
  watched,
} from './leash-children.ts';
import type { ChildKind } from './leash-children.ts';
import type { ClientTask } from './leash-client.ts';
import { processesWith, secondsUntilGone } from './processes.ts';

const never = { hostKey: async () => expect.fail('nothing was to be asked') };

async function failureFrom(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => failureOf(error),
  );
}

needs('sshd', 'ssh-keygen')('the leash on a real sshd', () => {
  let sshd: Sshd;
  let connection: ReturnType<typeof watched>;
  beforeAll(async () => {
    sshd = await startSshd(['MaxSessions 50']);
    connection = watched(await connect(sshd.config(), never));
  });
  afterAll(async () => {
    connection.close();
    const left = await secondsUntilGone(10, ...connection.nonces);
    sshd.stop();
    expect(left).toBeTypeOf('number');
  });

  const run = async (input: string, command = '/bin/sh') =>
    output(await startLeashed(connection, { command, input, sudo: false }, TIMES));

  test('what the command writes arrives byte for byte', async () => {
    const file = join(sshd.directory, 'bytes');
    const { bytes, exit } = await run(`head -c 3000000 /dev/urandom | tee ${file}`);
    expect(exit).toEqual({ code: 0, signal: null });
    const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
    expect(digest(bytes)).toBe(digest(readFileSync(file)));
  });

  test('the input arrives character for character, up to 1 MiB', async () => {
    const odd = `\r\n\t %s %d \\n "$(x)" \`y\` 'z' !! ~ é 以太网 \u{1f4e6}\n\n\n`;
    const input = odd.repeat(Math.floor((1 << 20) / Buffer.byteLength(odd)));
    const { bytes, exit } = await run(input, 'cat');
    expect(exit.code).toBe(0);
    expect(bytes.toString('utf8') === input).toBe(true);
    expect((await run('', 'cat')).bytes.length).toBe(0);
  });

  test('more input than the target takes is refused before anything is started', async () => {
    const before = connection.nonces.length;
    const failure = await failureFrom(run('x'.repeat((1 << 20) + 1), 'cat'));
    expect(failure).toMatchObject({
      code: 'leash-failed',
      message: expect.stringContaining('1048577') as string,
    });
    expect(connection.nonces.length).toBe(before);
  });

  test.each([0, 1, 42, 90, 127, 255])('exit status %i', async (status) => {
    expect((await run(`exit ${status}`)).exit).toEqual({ code: status, signal: null });
  });

  test('a command that a signal ends has 128 and its number', async () => {
    expect((await run('kill -9 $$')).exit.code).toBe(137);
    expect((await run('kill -TERM $$')).exit.code).toBe(143);
  });

  test('of stderr the last 16 KB are kept, and an endless one blocks nothing', async () => {
    const leash = await startLeashed(
      connection,
      { command: '/bin/sh', input: 'yes complaint | head -c 5000000 >&2; echo the end >&2', sudo: false },
      TIMES,
    );
    const { exit } = await output(leash);
    expect(exit.code).toBe(0);
    expect(leash.stderr().length).toBeLessThanOrEqual(16 * 1024);
    expect(leash.stderr()).toMatch(/complaint\nthe end\n$/);
  });

  test.each([
    ['the input', 2, 91],
    ['its length', 1, 90],
  ] as const)('when %s is cut off, the command is never started', async (_what, lastWrite, status) => {
    const file = join(sshd.directory, `never-${lastWrite}`);
    let writes = 0;
    const cut: Connection = {
      ...connection,
      exec: async (command) => {
        const channel = await connection.exec(command);
        const write = (data: string | Uint8Array): void => {
          if (writes === lastWrite) {
            const bytes = Buffer.from(data as string);
            channel.write(lastWrite === 2 ? bytes.subarray(0, bytes.length - 4) : '');
            channel.end();
          } else if (writes < lastWrite) channel.write(data);
          writes++;
        };
        return { ...channel, write } satisfies Channel;
      },
    };
    const leash = await startLeashed(
      cut,
      { command: '/bin/sh', input: `touch ${file}\n`, sudo: false },
      TIMES,
    );
    expect((await output(leash)).exit.code).toBe(status);
    expect(existsSync(file)).toBe(false);
  });

  test('interrupt is SIGINT: the command says its last words, and they arrive', async () => {
    const script = `process.on('SIGINT', () => { console.log('last words'); process.exit(5); });
      setInterval(() => {}, 1000); console.log('up');`;
    const leash = await startLeashed(
      connection,
      { command: `${process.execPath} -`, input: script, sudo: false },
      TIMES,
    );
    let text = '';
    leash.onStdout((chunk) => (text += chunk.toString()));
    await until('up', () => text === 'up\n');
    leash.interrupt(10);
    expect(await leash.exit).toEqual({ code: 5, signal: null });
    expect(text).toBe('up\nlast words\n');
  });

  test('a command that ignores the interrupt is killed after the seconds given', async () => {
    const marker = newMarker();
    const leash = await startLeashed(
      connection,
      { ...CHILDREN.stubborn(marker), sudo: false },
      { ...TIMES, graceSeconds: 60 },
    );
    leash.onStdout(() => undefined);
    await until('it runs', () => processesWith(marker).length > 0);
    const began = Date.now();
    leash.interrupt(1);
    expect((await leash.exit).code).toBe(137);
    expect(Date.now() - began).toBeGreaterThan(900);
    expect(await secondsUntilGone(3, marker)).toBeTypeOf('number');
  });

  test('what a command leaves running behind it ends with it', async () => {
    const marker = newMarker();
    const { bytes, exit } = await run(`sleep 86400.${marker} & echo $!; exit 3`);
    expect(bytes.toString()).toMatch(/^\d+\n$/);
    expect(exit).toEqual({ code: 3, signal: null });
    expect(await secondsUntilGone(3, marker)).toBeTypeOf('number');
  });

  test('with heartbeats a quiet command lives on beyond the limit', async () => {
    const marker = newMarker();
    const leash = await startLeashed(connection, { ...CHILDREN.quiet(marker), sudo: false }, TIMES);
    leash.onStdout(() => undefined);
    await delay(TIMES.limitSeconds * 1000 + 2500);
    expect(processesWith(marker).length).toBeGreaterThan(0);
    leash.interrupt(0);
    await leash.exit;
    expect(await secondsUntilGone(3, marker)).toBeTypeOf('number');
  });

  describe.concurrent('nothing is left on the target', () => {
    /** Starts a child of that kind on a connection of its own. */
    const started = async (kind: ChildKind, port = sshd.port) => {
      const own = watched(
        await connect(
          sshd.config({ port, hostKeyAlias: `[127.0.0.1]:${sshd.port}`, serverAliveIntervalSeconds: 60 }),
          never,
        ),
      );
      const marker = newMarker();
      const leash = await startLeashed(own, { ...CHILDREN[kind](marker), sudo: false }, TIMES);
      leash.onStdout(() => undefined);
      if (kind === 'flooding') leash.pause();
      await until(`the ${kind} child runs`, () => processesWith(marker).length > 0);
      if (kind === 'flooding') await delay(300);
      const nonce = own.nonces[0] ?? '';
      expect(processesWith(nonce).length).toBeGreaterThanOrEqual(3);
      return { connection: own, leash, marker, nonce };
    };

    test.concurrent.each(KINDS)('when the connection is closed: %s child', async (kind) => {
      const { connection: own, leash, marker, nonce } = await started(kind);
      own.close();
      expect(await secondsUntilGone(8, marker, nonce)).toBeTypeOf('number');
      expect(await leash.exit).toEqual({ code: null, signal: null });
    });

    test.concurrent.each(KINDS)('when the network falls silent: %s child', async (kind) => {
      const proxy = await startSilentProxy(sshd.port);
      const { connection: own, marker, nonce } = await started(kind, proxy.port);
      proxy.silence();
      expect(await secondsUntilGone(SILENT_SECONDS, marker, nonce)).toBeTypeOf('number');
      own.close();
      proxy.close();
    });

    test.concurrent.each(KINDS)('when sshd is killed with SIGKILL: %s child', async (kind) => {
      const { connection: own, marker, nonce } = await started(kind);
      const guard = processesWith(nonce);
      const top = guard.find(({ parent }) => !guard.some(({ pid }) => pid === parent));
      process.kill(top?.parent ?? expect.fail('no guard'), 'SIGKILL');
      expect(await secondsUntilGone(8, marker, nonce)).toBeTypeOf('number');
      own.close();
    });

    test.concurrent.each(KINDS)('when the guard itself is killed with SIGKILL: %s child', async (kind) => {
      const { connection: own, marker, nonce } = await started(kind);
      const guard = processesWith(nonce);
      const top = guard.find(({ parent }) => !guard.some(({ pid }) => pid === parent));
      process.kill(top?.pid ?? expect.fail('no guard'), 'SIGKILL');
      expect(await secondsUntilGone(8, marker, nonce)).toBeTypeOf('number');
      own.close();
    });
  });

  describe.concurrent('nothing is left on the target of a client', () => {
    let bundle = '';
    beforeAll(async () => {
      bundle = join(await mkdtemp(join(tmpdir(), 'skblens-client-')), 'client.mjs');
      const built = await rolldown({
        input: fileURLToPath(new URL('leash-client.ts', import.meta.url)),
        platform: 'node',
        external: ['ssh2'],
        logLevel: 'silent',
      });
      await built.write({ file: bundle, format: 'esm' });
    });
    afterAll(async () => {
      await rm(join(bundle, '..'), { recursive: true, force: true });
    });

    const startClient = async (kind: ChildKind): Promise<{ child: ChildProcess; marker: string }> => {
      const marker = newMarker();
      const task: ClientTask = {
        config: sshd.config(),
        command: { ...CHILDREN[kind](marker), sudo: false },
        times: TIMES,
        stall: kind === 'flooding',
      };
      // Its own folder has no node_modules: ssh2 is found from here.
      const code = readFileSync(bundle, 'utf8').replaceAll(
        /from "ssh2"/g,
        `from ${JSON.stringify(import.meta.resolve('ssh2'))}`,
      );
      const child = spawn(process.execPath, ['--input-type=module', '-', JSON.stringify(task)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(code);
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve());
        child.once('exit', (code_) => reject(new Error(`the client ended with ${code_}`)));
      });
      // The client's own command line holds the marker as well.
      await until('the child runs', () => others(marker, child).length > 0);
      return { child, marker };
    };
    const others = (marker: string, child: ChildProcess) =>
      processesWith(marker).filter(({ pid }) => pid !== child.pid);

    test.concurrent.each(KINDS)('that is killed with SIGKILL: %s child', async (kind) => {
      const { child, marker } = await startClient(kind);
      child.kill('SIGKILL');
      expect(await secondsUntilGone(8, marker)).toBeTypeOf('number');
    });

    test.concurrent.each(KINDS)('that sleeps (SIGSTOP), as a closed laptop does: %s child', async (kind) => {
      const { child, marker } = await startClient(kind);
      child.kill('SIGSTOP');
      const began = Date.now();
      let left = others(marker, child);
      while (left.length > 0 && Date.now() - began < SILENT_SECONDS * 1000) {
        await delay(100);
        left = others(marker, child);
      }
      child.kill('SIGKILL');
      expect(left).toEqual([]);
    });
  });

  describe('a command that runs to its end', () => {
    const commands: string[] = [];
    const target = (own: Connection = connection): Target => ({
      connection: own,
      sudo: false,
      onCommand: (command) => commands.push(command),
    });
    const limits = (changes: Partial<CommandLimits> = {}): CommandLimits => ({
      seconds: 20,
      bytes: 1 << 20,
      ...changes,
    });

    test('gives status, output and stderr, and is told beforehand', async () => {
      const result = await runCommand(target(), 'echo out; echo err >&2; exit 3', 'test', limits());
      expect({ ...result, stdout: result.stdout.toString() }).toEqual({
        status: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      expect(commands.at(-1)).toBe('echo out; echo err >&2; exit 3');
    });

    test('is ended when it takes too long', async () => {
      const marker = newMarker();
      const failure = await failureFrom(
        runCommand(target(), `exec sleep 86400.${marker}`, 'test', limits({ seconds: 1 })),
      );
      expect(failure).toMatchObject({ code: 'command-timeout', values: { seconds: 1, host: 'local' } });
      expect(await secondsUntilGone(5, marker)).toBeTypeOf('number');
    });

    test('is ended when it writes too much, and no more than the limit is held', async () => {
      const marker = newMarker();
      let most = 0;
      const failure = await failureFrom(
        runCommand(
          target(),
          `exec yes ${marker}`,
          'test',
          limits({ bytes: 100_000, onProgress: (bytes) => (most = bytes) }),
        ),
      );
      expect(failure).toMatchObject({ code: 'command-output-limit', values: { limit: 100_000 } });
      expect(most).toBeLessThanOrEqual(100_000);
      expect(await secondsUntilGone(5, marker)).toBeTypeOf('number');
    });

    test('says that the connection was lost, not that it ended', async () => {
      const own = await connect(sshd.config(), never);
      const running = failureFrom(runCommand(target(own), 'exec sleep 86400', 'test', limits()));
      await delay(500);
      own.close();
      expect(await running).toMatchObject({ code: 'connection-lost' });
      expect(await failureFrom(runCommand(target(own), 'true', 'test', limits()))).toMatchObject({
        code: 'connection-lost',
      });
    });
  });

  test('a connection that is lost while a command is being started says so at once', async () => {
    const own = await connect(sshd.config(), never);
    const began = Date.now();
    const starting = failureFrom(
      startLeashed(
        {
          ...own,
          exec: async (command) => {
            const channel = await own.exec(command.replace('exec /bin/sh', 'sleep 30; exec /bin/sh'));
            setTimeout(() => own.close(), 100);
            return channel;
          },
        },
        { command: 'cat', input: '', sudo: false },
        TIMES,
      ),
    );
    expect(await starting).toMatchObject({ code: 'connection-lost' });
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test('an account without a shell that works is told apart, with what it said', async () => {
    const refusing = await startSshd(['ForceCommand echo this account is not available >&2; exit 1']);
    const own = await connect(refusing.config(), never);
    const failure = await failureFrom(
      startLeashed(own, { command: 'cat', input: '', sudo: false }, DEFAULT_TIMES),
    );
    expect(failure).toMatchObject({
      code: 'leash-failed',
      detail: 'this account is not available',
      message: expect.stringContaining('exit status 1') as string,
    });
    own.close();
    refusing.stop();
  });

  test('what a login shell prints first is dropped; an endless greeting is not waited for', async () => {
    const noisy = async (greeting: string) =>
      startLeashed(
        {
          ...connection,
          exec: (command) => connection.exec(`${greeting}; ${command}`),
        },
        { command: 'cat', input: 'payload', sudo: false },
        TIMES,
      );
    expect((await output(await noisy('echo welcome; echo skblens'))).bytes.toString()).toBe('payload');
    expect(await failureFrom(noisy('yes'))).toMatchObject({ code: 'leash-failed' });
  });
});
