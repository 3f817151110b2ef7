import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promptText } from '../../../../electron/hosts/commands/terminal-prompt.ts';
import { describeUnless } from '../../../support/needs.ts';
import { startAuthServer } from '../../../support/ssh-server.ts';
import type { AuthServer } from '../../../support/ssh-server.ts';

const RUN = fileURLToPath(new URL('../../../../build/bootstrap/run.mjs', import.meta.url));
const PASSWORD = 'c0rrect-horse';

describeUnless(
  process.platform === 'linux' ? null : 'script(1) differs here',
  'a password on the terminal',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'skblens-prompt-'));
    const config = join(directory, 'config');
    const given: string[] = [];
    let server: AuthServer;
    beforeAll(async () => {
      server = await startAuthServer((context) => {
        if (context.method !== 'password') return context.reject(['password']);
        given.push(context.password);
        context.reject(['password']);
      });
      const known = join(directory, 'known_hosts');
      writeFileSync(known, `[127.0.0.1]:${server.port} ${server.hostPublicKey}\n`);
      writeFileSync(
        config,
        `Host asks\n HostName 127.0.0.1\n Port ${server.port}\n User ada\n UserKnownHostsFile ${known}\n IdentityAgent none\n`,
      );
    });
    afterAll(() => {
      server.close();
      rmSync(directory, { recursive: true });
    });

    /** Runs the command line on a terminal of its own; what is typed follows the prompt. */
    const onTerminal = (typed: string): Promise<{ screen: string; code: number | null }> =>
      new Promise((resolve) => {
        const command = `'${process.execPath}' '${RUN}' skblens survey asks -F '${config}'`;
        const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
        let screen = '';
        let sent = false;
        child.stdout.on('data', (chunk: Buffer) => {
          screen += chunk.toString('utf8');
          if (!sent && screen.includes("ada@asks's password: ")) {
            sent = true;
            child.stdin.write(typed);
          }
        });
        child.on('close', (code) => resolve({ screen, code }));
      });

    test('is not shown, can be corrected, and reaches the server once', async () => {
      const { screen, code } = await onTerminal(`wrong\u0015${PASSWORD}x\u007f\r`);
      expect(given).toEqual([PASSWORD]);
      expect(screen).not.toContain(PASSWORD);
      expect(screen).not.toContain('wrong');
      expect(screen).toContain('refused every credential offered: password');
      expect(code).toBe(1);
    });

    test('Ctrl-C gives nothing to anyone', async () => {
      given.length = 0;
      const { screen, code } = await onTerminal('half\u0003');
      expect(given).toEqual([]);
      expect(screen).toContain('Cancelled.');
      expect(code).toBe(1);
    });

    test('without a terminal nothing is read from stdin', async () => {
      given.length = 0;
      const child = spawn('setsid', [process.execPath, RUN, 'skblens', 'survey', 'asks', '-F', config], {
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      child.stdin.end(`${PASSWORD}\n`);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
      await new Promise((resolve) => child.on('close', resolve));
      expect(said).toContain('no terminal to ask on');
      expect(given).toEqual([]);
    });
  },
);

test('each question names who asks for what', () => {
  const question = { host: 'web', user: 'ada', title: 'sudo', instruction: '', prompts: [], again: false };
  expect(promptText({ ...question, kind: 'password' }, '')).toBe("ada@web's password: ");
  expect(promptText({ ...question, kind: 'sudo' }, '')).toBe('[sudo] password for ada@web: ');
  expect(promptText({ ...question, kind: 'sudo' }, 'Code:')).toBe('[sudo on ada@web] Code: ');
  expect(promptText({ ...question, kind: 'keyboard-interactive' }, 'Code: ')).toBe('(ada@web) Code: ');
  expect(promptText({ ...question, kind: 'passphrase', title: '/k', again: true }, '')).toBe(
    "Wrong passphrase. Passphrase for key '/k': ",
  );
});
