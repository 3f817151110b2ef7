import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { DEFAULT_TIMES } from '../../electron/backend/ssh/leash.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { leftovers, secondsUntilClean } from '../support/leftovers.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import { startSilentProxy } from '../support/sshd.ts';

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('nothing outlives its connection:', () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await guestAlone('trixie');
  });

  const probing = async (configPath: string, host = 'trixie') => {
    const words = ['--filter', 'none', '--json', '-F', configPath];
    const probe = startSkblens(['probe', host, 'ip_rcv_core', ...words]);
    await probe.line('attached');
    expect(await leftovers(guest)).toContain('bpftrace');
    return probe;
  };

  test('the client is killed with SIGKILL', async () => {
    const probe = await probing(guest.sshConfigPath);
    probe.process.kill('SIGKILL');
    expect(await secondsUntilClean(guest, 20)).toBeTypeOf('number');
  });

  test('the client is killed with SIGKILL below sudo', async () => {
    const probe = await probing(guest.sshConfigPath, 'trixie-nopasswd');
    probe.process.kill('SIGKILL');
    expect(await secondsUntilClean(guest, 20)).toBeTypeOf('number');
  });

  test('the network falls silent: the target ends it by itself, the client says that the connection is lost', async () => {
    const proxy = await startSilentProxy(guest.port);
    const file = join(tmpdir(), `skblens-silent-${process.pid}`);
    const text = (await readFile(guest.sshConfigPath, 'utf8')).replaceAll(
      `Port ${guest.port}`,
      `Port ${proxy.port}`,
    );
    const known = (await readFile(guest.knownHostsPath, 'utf8')).replaceAll(
      `]:${guest.port}`,
      `]:${proxy.port}`,
    );
    await writeFile(`${file}.known`, known);
    await writeFile(file, text.replaceAll(guest.knownHostsPath, `${file}.known`));
    const probe = await probing(file);
    proxy.silence();
    const silent = Date.now();
    expect(await probe.exit).toBe(1);
    expect((Date.now() - silent) / 1000).toBeLessThan(20);
    expect(probe.lines.at(-1)).toMatchObject({ type: 'failure', code: 'connection-lost' });
    expect(await secondsUntilClean(guest, 40)).toBeTypeOf('number');
    proxy.close();
    await Promise.all([rm(file), rm(`${file}.known`)]);
  });

  test('Ctrl-C stops gently: totals come, nothing is left', async () => {
    const probe = await probing(guest.sshConfigPath);
    probe.process.kill('SIGINT');
    expect(await probe.exit, probe.stderr()).toBe(0);
    expect(probe.lines.at(-1)).toMatchObject({ type: 'stopped', reason: 'user' });
    expect(await secondsUntilClean(guest, 5)).toBeTypeOf('number');
  });

  test('whoever reads our output pauses for longer than the leash is: the probe lives on, and all comes after', async () => {
    const probe = await probing(guest.sshConfigPath);
    probe.process.stdout?.pause();
    await guest.run('ping -q -f -c 2000 127.0.0.1 >/dev/null');
    await delay((DEFAULT_TIMES.limitSeconds + DEFAULT_TIMES.graceSeconds + 4) * 1000);
    expect(await leftovers(guest)).toContain('bpftrace');
    probe.process.stdout?.resume();
    probe.process.kill('SIGINT');
    expect(await probe.exit, probe.stderr()).toBe(0);
    expect(probe.lines.filter(({ type }) => type === 'event').length).toBeGreaterThan(100);
    expect(probe.lines.at(-1)).toMatchObject({ type: 'stopped', reason: 'user' });
  });

  test('sshd on the target is killed', async () => {
    const probe = await probing(guest.sshConfigPath);
    await guest.run(
      `for p in $(pgrep -x bpftrace); do q=$p; while [ "$q" -gt 1 ]; do n=$(cat /proc/$q/comm); case $n in sshd*) kill -9 $q; break;; esac; q=$(awk '/^PPid/{print $2}' /proc/$q/status); done; done`,
    );
    expect(await probe.exit).toBe(1);
    expect(await secondsUntilClean(guest, 25)).toBeTypeOf('number');
  });
});
