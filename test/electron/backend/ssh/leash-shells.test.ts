import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import type { ChannelExit, Connection } from '../../../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
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
import { needs } from '../../../support/needs.ts';
import { processesWith, secondsUntilGone } from './processes.ts';

/** The leash without sshd: the line that a login shell would get is given to one, its /bin/sh being the shell under test. */
function localConnection(login: string, shell: string): Connection & { readonly nonces: string[] } {
  const children: ChildProcess[] = [];
  const local: Pick<Connection, 'config' | 'hostKey' | 'exec' | 'onLost' | 'close'> = {
    config: { alias: `${login} and ${shell}` } as Connection['config'],
    hostKey: '',
    exec: async (command) => {
      const child = spawn(login, ['-c', command.replace('exec /bin/sh -c', `exec ${shell} -c`)]);
      children.push(child);
      child.stdin.on('error', () => undefined);
      const exit = new Promise<ChannelExit>((resolve) => {
        child.on('close', (code, signal) => resolve({ code, signal }));
      });
      return {
        write: (data) => void child.stdin.write(data),
        end: () => void child.stdin.end(),
        onStdout: (listener) => void child.stdout.on('data', listener),
        onStderr: (listener) => void child.stderr.on('data', listener),
        pause: () => void child.stdout.pause(),
        resume: () => void child.stdout.resume(),
        close: () => child.stdin.destroy(),
        exit,
      };
    },
    onLost: () => undefined,
    close: () => {
      for (const child of children)
        for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
    },
  };
  return watched(local as Connection);
}

const SHELLS = [
  ['dash', '/bin/dash'],
  ['bash', '/bin/bash'],
  ['busybox', '/bin/busybox ash'],
  ['mksh', '/bin/mksh'],
] as const;
const LOGINS = ['dash', 'bash', 'zsh', 'fish', 'tcsh', 'mksh'] as const;

for (const [program, shell] of SHELLS)
  needs(program)(`the guard under ${program}`, () => {
    test.concurrent('bytes, status and last words; nothing is left', async () => {
      const own = localConnection('/bin/sh', shell);
      const input = `a'b"c\\ $x \`y\` %s é\n\n`;
      const both = await output(await startLeashed(own, { command: 'cat', input, sudo: false }, TIMES));
      expect([both.bytes.toString(), both.exit.code]).toEqual([input, 0]);
      const failing = await startLeashed(own, { command: '/bin/sh', input: 'exit 9', sudo: false }, TIMES);
      expect((await output(failing)).exit.code).toBe(9);
      expect(await secondsUntilGone(5, ...own.nonces)).toBeTypeOf('number');
    });

    test.concurrent('the input of a program of 100 points', async () => {
      const own = localConnection('/bin/sh', shell);
      const input = `kfunc:ip_rcv_core { printf("%d \\n", args->skb->len); }\n`.repeat(11_000);
      expect(input.length).toBeGreaterThan(600_000);
      const { bytes, exit } = await output(await startLeashed(own, { command: 'cat', input, sudo: false }));
      expect([bytes.toString() === input, exit.code]).toEqual([true, 0]);
    });

    test.concurrent.each(KINDS)(
      'a %s child ends when the pipes are closed, and when the heart stops',
      async (kind) => {
        for (const end of ['close', 'silence'] as const) {
          const own = localConnection('/bin/sh', shell);
          const marker = newMarker();
          const leash = await startLeashed(
            own,
            { ...CHILDREN[kind](marker), sudo: false },
            end === 'close' ? TIMES : { ...TIMES, heartbeatSeconds: 3600 },
          );
          leash.onStdout(() => undefined);
          leash.pause();
          await until('it runs', () => processesWith(marker).length > 0);
          if (end === 'close') own.close();
          expect(await secondsUntilGone(SILENT_SECONDS, marker, ...own.nonces), end).toBeTypeOf('number');
          own.close();
        }
      },
    );
  });

for (const login of LOGINS)
  needs(login)(`the login shell ${login}`, () => {
    test('starts the guard', async () => {
      const own = localConnection(login, '/bin/sh');
      const { bytes, exit } = await output(
        await startLeashed(own, { command: 'cat', input: 'payload', sudo: false }, TIMES),
      );
      expect([bytes.toString(), exit.code]).toEqual(['payload', 0]);
    });
  });
