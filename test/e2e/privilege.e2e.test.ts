import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../electron/backend/ssh/leash.ts';
import { failureOf } from '../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../shared/contract/ssh-session.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { LAB_PASSWORD } from '../lab/logins.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import { arriveAt, idOf, PASSWORD, tracesOfPassword } from './arrival.ts';
import type { Arrival } from './arrival.ts';

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('other ways to be root:', () => {
  const open: Connection[] = [];
  afterEach(() => {
    for (const connection of open.splice(0)) connection.close();
  });

  describe('doas and sudo-rs', () => {
    let guest: Guest;
    beforeAll(async () => {
      guest = await guestAlone('trixie');
    });
    afterEach(async () => {
      await guest.run(
        `echo 'permit doaser as root' >/etc/doas.conf; printf '%s\\n' doaser:${LAB_PASSWORD} rusty:${LAB_PASSWORD} | chpasswd`,
      );
    });

    const arrive = async (
      login: 'doas' | 'sudo-rs',
      answer?: (question: SecretQuestion, nth: number) => SecretAnswer,
      rules = 'permit doaser as root',
    ): Promise<Arrival> => {
      await guest.run(
        `echo '${rules}' >/etc/doas.conf; printf '%s\\n' doaser:${PASSWORD} rusty:${PASSWORD} | chpasswd`,
      );
      return arriveAt(guest, `trixie-${login}`, open, answer);
    };

    test.each([
      ['doas', 'doas', 'doaser'],
      ['sudo-rs', 'sudo', 'rusty'],
    ] as const)(
      '%s: asked once, root for every command, no trace of the password',
      async (login, title, user) => {
        const { target, asked, uid, log } = await arrive(login);
        expect(uid).toBe(0);
        expect(asked).toMatchObject([{ kind: 'sudo', title, user }]);
        expect(await idOf(target)).toBe('0');
        const leash = await startLeashed(target.connection, {
          command: '/bin/sh',
          input: 'exec sleep 300',
          sudo: target.sudo,
        });
        leash.onStdout(() => undefined);
        expect(await tracesOfPassword(guest)).toBe('');
        expect(asked).toHaveLength(1);
        expect(log.join('\n')).not.toContain(PASSWORD);
        leash.interrupt(1);
        await leash.exit;
        expect((await guest.run(`pgrep -fx 'sleep 300'; true`)).stdout).toBe('');
      },
    );

    test.each([
      ['doas', 'doas'],
      ['sudo-rs', 'sudo'],
    ] as const)('%s: a wrong password is said as such, and tried once', async (login, program) => {
      let answers = 0;
      const failure = failureOf(
        await arrive(login, () => {
          answers++;
          return ['wrong'];
        }).catch((error: unknown) => error),
      );
      expect(failure).toMatchObject({ code: 'sudo-password-wrong', values: { program } });
      expect(answers).toBe(1);
      expect((await guest.run(`pgrep -ax 'doas|sudo|sudo-rs'; true`)).stdout).toBe('');
    });

    test.each(['doas', 'sudo-rs'] as const)(
      '%s: who gives no password gets the target as it is',
      async (login) => {
        const { uid, target, asked } = await arrive(login, () => null);
        expect(uid).toBeGreaterThan(0);
        expect(target.sudo).toBe(false);
        expect(asked).toHaveLength(1);
      },
    );

    test('doas without a password asks nobody', async () => {
      const { uid, target, asked } = await arrive('doas', () => null, 'permit nopass doaser as root');
      expect(uid).toBe(0);
      expect(await idOf(target)).toBe('0');
      expect(asked).toEqual([]);
    });

    test('a login that neither doas nor sudo lets be root stays what it is, and is told why', async () => {
      const { uid, asked, log, survey } = await arrive('doas', undefined, 'deny doaser');
      expect(uid).toBeGreaterThan(0);
      expect(asked.map(({ title }) => title)).toEqual(['sudo']);
      expect(log.join('\n')).toMatch(
        /sudo on trixie-doas refused: .*(?:not in the sudoers file|not allowed)/,
      );
      expect(survey.items.find(({ id }) => id === 'privilege')).toMatchObject({
        state: 'bad',
        value: expect.stringContaining('only supports running as the root user') as string,
        remedy: expect.stringContaining('root only') as string,
      });
    });
  });

  describe('capabilities without root', () => {
    let guest: Guest;
    beforeAll(async () => {
      guest = await guestAlone('sid');
    });
    afterEach(async () => {
      await guest.run(`setcap -r "$(command -v bpftrace)"; sysctl -qw kernel.perf_event_paranoid=3`);
    });

    const privilege = async (setup: string): Promise<unknown> => {
      await guest.run(setup);
      const { survey } = await arriveAt(guest, 'sid-nobody', open, () => null);
      return survey.items.find(({ id }) => id === 'privilege');
    };
    const grant = (capabilities: string): string =>
      `setcap ${capabilities}+ep "$(command -v bpftrace)"; sysctl -qw kernel.perf_event_paranoid=`;
    const ALL = 'cap_bpf,cap_perfmon,cap_dac_read_search,cap_dac_override';

    test('the survey quotes what bpftrace misses', async () => {
      expect(await privilege(`${grant('cap_bpf,cap_perfmon')}2`)).toMatchObject({
        state: 'bad',
        value: expect.stringContaining('Missing CAP_DAC_READ_SEARCH') as string,
        remedy: expect.stringContaining('CAP_DAC_OVERRIDE') as string,
      });
      expect(await privilege(`${grant(ALL)}3`)).toMatchObject({
        state: 'bad',
        value: expect.stringContaining('Unable to attach') as string,
        remedy: expect.stringContaining('kernel.perf_event_paranoid') as string,
      });
    });

    test('with all of them a probe runs, and nobody is asked for a password', async () => {
      expect(await privilege(`${grant(ALL)}2`)).toMatchObject({
        state: 'ok',
        value: expect.stringContaining('without root') as string,
      });
      const probe = startSkblens(
        ['probe', 'sid-nobody', 'ip_rcv_core', '--filter', 'none', '--count', '1', '--json'].concat([
          '-F',
          guest.sshConfigPath,
        ]),
      );
      await probe.line('attached');
      await guest.run('ping -q -c 3 -i 0.2 127.0.0.1');
      expect(await probe.exit, probe.stderr()).toBe(0);
      expect(await probe.line('event')).toMatchObject({ function: 'ip_rcv_core' });
      expect((await guest.run(`pgrep -x bpftrace; true`)).stdout).toBe('');
    });
  });
});
