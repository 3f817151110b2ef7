import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Target } from '../../../../electron/backend/ssh/command.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { Connection } from '../../../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import { strayPrograms, takeReceipt } from '../../../../electron/backend/ssh/receipt.ts';
import { needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';
import { processesWith } from './processes.ts';

needs('sshd', 'ssh-keygen')('the cleanup receipt', () => {
  let sshd: Sshd;
  let connection: Connection;
  let target: Target;
  beforeAll(async () => {
    sshd = await startSshd();
    connection = await connect(sshd.config(), { hostKey: async () => expect.fail('it is known') });
    target = { connection, sudo: false, onCommand: () => undefined };
  });
  afterAll(() => {
    connection.close();
    sshd.stop();
  });

  const run = async (input: string) => {
    const began = Date.now();
    const leash = await startLeashed(connection, { command: '/bin/sh', input, sudo: false });
    leash.onStdout(() => undefined);
    const exit = await leash.exit;
    return { command: '/bin/sh', mark: leash.mark, began, ended: Date.now(), exit };
  };

  test('of a command that ended says that nothing is left', async () => {
    const receipt = await takeReceipt(target, await run('sleep 1.2; exit 3'));
    expect(receipt).toMatchObject({ exit: 'exit status 3', processes: [], clean: true });
    expect(receipt.seconds).toBeGreaterThan(1);
  });

  test('finds a child that slipped the leash, though it changed its session, its name and its parent', async () => {
    const ran = await run('setsid sleep 86399 >/dev/null 2>&1 & sleep 0.5; exit 0');
    const receipt = await takeReceipt(target, ran);
    expect(receipt.clean).toBe(false);
    expect(receipt.processes).toEqual([expect.stringMatching(/^\d+ sleep$/)]);
    expect(receipt.summary).toContain('Left on the target');
    for (const { pid } of processesWith('sleep 86399')) process.kill(pid, 'SIGKILL');
    expect((await takeReceipt(target, ran)).clean).toBe(true);
  });

  test('of a lost connection never says that nothing is left', async () => {
    const ran = await run('true');
    expect(await takeReceipt(null, ran)).toMatchObject({ processes: null, clean: false });
    const gone = await connect(sshd.config(), { hostKey: async () => expect.fail('it is known') });
    gone.close();
    expect(await takeReceipt({ ...target, connection: gone }, ran)).toMatchObject({
      processes: null,
      clean: false,
      summary: expect.stringContaining('Not looked at') as string,
    });
  });
});

describe('BPF programs left', () => {
  const listing = (...programs: readonly object[]): string =>
    `now=1000\nprograms=${JSON.stringify(programs)}\n`;
  const left = { id: 7, type: 'tracing', name: 'ip_rcv_core', loaded_at: 995 };

  test('those of the time of the run that nobody holds', () => {
    expect(strayPrograms(listing(left), 10)).toEqual(['BPF program 7 (tracing ip_rcv_core)']);
  });

  test('not those of others: older, held by a living process, or of another kind', () => {
    expect(strayPrograms(listing({ ...left, loaded_at: 900 }), 10)).toEqual([]);
    expect(strayPrograms(listing({ ...left, pids: [{ pid: 1, comm: 'systemd' }] }), 10)).toEqual([]);
    expect(strayPrograms(listing({ ...left, type: 'cgroup_device' }), 10)).toEqual([]);
  });

  test.each([
    '',
    'now=1000\n',
    'now=1000\nprograms=\n',
    'now=x\nprograms=[]\n',
    'now=1\nprograms=[{"id":"x"}]\n',
    'now=1\nprograms=[}]\n',
  ])('what cannot be read is unknown, not nothing: %j', (text) => {
    expect(strayPrograms(text, 10)).toBeNull();
  });
});
