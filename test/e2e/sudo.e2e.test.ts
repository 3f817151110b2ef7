import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Connection } from '../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../electron/backend/ssh/leash.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../shared/contract/ssh-session.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { LAB_PASSWORD } from '../lab/logins.ts';
import { needs } from '../support/needs.ts';
import { arriveAt, idOf, PASSWORD, tracesOfPassword } from './arrival.ts';
import type { Arrival } from './arrival.ts';

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('root by a password:', () => {
  let guest: Guest;
  const open: Connection[] = [];

  beforeAll(async () => {
    guest = await guestAlone('bookworm');
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await asRoot(`rm -f /etc/sudoers.d/zz-test; echo 'sudoer:${LAB_PASSWORD}' | chpasswd`);
  });

  const asRoot = async (script: string): Promise<string> => (await guest.run(script)).stdout;

  /** Opens the target as `bookworm-sudo`, with those lines in sudoers and a person who answers. */
  const arrive = async (
    sudoers: string,
    answer?: (question: SecretQuestion, nth: number) => SecretAnswer,
  ): Promise<Arrival> => {
    await asRoot(
      `echo 'sudoer:${PASSWORD}' | chpasswd; printf '%s\\n' '${sudoers}' >/etc/sudoers.d/zz-test; chmod 440 /etc/sudoers.d/zz-test`,
    );
    return arriveAt(guest, 'bookworm-sudo', open, answer);
  };

  test.each([
    ['as sudo is', ''],
    ['with a lecture each time', 'Defaults:sudoer lecture=always'],
    ['with another prompt', 'Defaults:sudoer passprompt="Say the word:"'],
    ['with a time stamp that would do', 'Defaults:sudoer timestamp_timeout=60'],
    ['with requiretty', 'Defaults:sudoer requiretty'],
    ['with a terminal of its own', 'Defaults:sudoer use_pty'],
  ])('%s: asked once, root for every command', async (_how, sudoers) => {
    const { target, asked, uid } = await arrive(sudoers);
    expect(uid).toBe(0);
    expect(await idOf(target)).toBe('0');
    expect(await idOf(target)).toBe('0');
    expect(asked).toMatchObject([{ kind: 'sudo', title: 'sudo', user: 'sudoer' }]);
  });

  test('a wrong password is said as such, and tried once: nothing is left that could lock the account', async () => {
    await asRoot('journalctl --rotate >/dev/null 2>&1; true');
    const before = Number(
      await asRoot(
        `grep -c 'authentication failure' /var/log/auth.log 2>/dev/null || journalctl -t sudo | grep -c 'authentication failure'`,
      ),
    );
    const failure = failureOf(await arrive('', () => ['wrong']).catch((error: unknown) => error));
    expect(failure).toMatchObject({ code: 'sudo-password-wrong', values: { program: 'sudo' } });
    const after = Number(
      await asRoot(
        `grep -c 'authentication failure' /var/log/auth.log 2>/dev/null || journalctl -t sudo | grep -c 'authentication failure'`,
      ),
    );
    expect(after - before).toBeLessThanOrEqual(1);
    expect(await asRoot('pgrep -u sudoer -ax sudo; true')).toBe('');
  });

  test('who gives no password gets the target as it is, without root', async () => {
    const { uid, log, target } = await arrive('', () => null);
    expect(uid).toBeGreaterThan(0);
    expect(target.sudo).toBe(false);
    expect(log).toContain('no password was given to sudo');
  });

  test('a user whom sudoers does not name is told so in the log', async () => {
    const { uid, log } = await arrive('sudoer ALL=(ALL) !ALL');
    expect(uid).toBeGreaterThan(0);
    expect(log.join('\n')).toMatch(/sudo on bookworm-sudo refused: .*(not allowed|may not run)/);
  });

  test('the password is in no argument, environment, file or log, there or here', async () => {
    const { target, log } = await arrive('');
    const leash = await startLeashed(target.connection, {
      command: '/bin/sh',
      input: 'exec sleep 300',
      sudo: target.sudo,
    });
    leash.onStdout(() => undefined);
    expect(await tracesOfPassword(guest)).toBe('');
    expect(log.join('\n')).not.toContain(PASSWORD);
    for (const name of ['cmdline', 'environ'])
      expect(await readFile(`/proc/self/${name}`, 'latin1')).not.toContain(PASSWORD);
    expect(JSON.stringify(process.report.getReport())).not.toContain(PASSWORD);
    leash.interrupt(1);
    await leash.exit;
  });
});
