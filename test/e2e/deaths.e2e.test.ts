import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { resolveHost } from '../../electron/backend/ssh/config.ts';
import { connect } from '../../electron/backend/ssh/connection.ts';
import type { Connection } from '../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../electron/backend/ssh/leash.ts';
import type { Leash } from '../../electron/backend/ssh/leash.ts';
import { CHILDREN, newMarker } from '../electron/backend/ssh/leash-children.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { secondsUntilClean } from '../support/leftovers.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import { startSilentProxy } from '../support/sshd.ts';

/** Short, since a guest under software emulation is slow enough. */
const TIMES = { limitSeconds: 4, graceSeconds: 1, heartbeatSeconds: 1 };

/** One child of every kind on one connection: quiet, deaf to signals, flooding an unread pipe, with children of its own. */
interface Family {
  readonly connection: Connection;
  readonly leashes: readonly Leash[];
  readonly markers: readonly string[];
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('whatever dies, its children die with it:', () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await guestAlone('trixie');
  });

  const start = async (host: string, port = guest.port): Promise<Family> => {
    const overrides = { configFile: guest.sshConfigPath, identityFiles: [], port };
    const config = { ...(await resolveHost(host, overrides)), hostKeyAlias: `[127.0.0.1]:${guest.port}` };
    const connection = await connect(config, { hostKey: async () => expect.fail('the host key is known') });
    const markers: string[] = [];
    const leashes = await Promise.all(
      Object.values(CHILDREN).map(async (child) => {
        const marker = newMarker();
        const sudo = host.endsWith('-nopasswd');
        const leash = await startLeashed(connection, { ...child(marker), sudo }, TIMES);
        markers.push(marker, leash.mark);
        leash.onStdout(() => undefined);
        leash.pause();
        return leash;
      }),
    );
    await expect.poll(() => seen(markers), { timeout: 20_000 }).toHaveLength(markers.length);
    return { connection, leashes, markers };
  };

  /** Those of the markers that stand in a command line on the guest. */
  const seen = async (markers: readonly string[]): Promise<string[]> => {
    const { stdout } = await guest.run(`cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true`);
    return markers.filter((marker) => stdout.includes(marker));
  };

  const goneWithin = async (seconds: number, { markers }: Family): Promise<void> => {
    const began = Date.now();
    let left = await seen(markers);
    while (left.length > 0 && Date.now() - began < seconds * 1000) {
      await delay(300);
      left = await seen(markers);
    }
    expect(left).toEqual([]);
  };

  test('the connection is closed, below sudo', async () => {
    const family = await start('trixie-nopasswd');
    family.connection.close();
    await goneWithin(15, family);
  });

  test('the network falls silent', async () => {
    const proxy = await startSilentProxy(guest.port);
    const family = await start('trixie', proxy.port);
    proxy.silence();
    await goneWithin(25, family);
    family.connection.close();
    proxy.close();
  });

  test('sshd is killed', async () => {
    const family = await start('trixie');
    await guest.run(
      `for p in $(pgrep -f '${family.leashes[0]?.mark.replace(/.$/, '[$&]')}'); do while [ "$p" -gt 1 ]; do case $(cat /proc/$p/comm) in sshd*) kill -9 $p; break 2;; esac; p=$(awk '/^PPid/{print $2}' /proc/$p/status); done; done`,
    );
    await goneWithin(15, family);
    for (const leash of family.leashes) expect(await leash.exit).toEqual({ code: null, signal: null });
  });

  test('the laptop sleeps, and wakes up: the target was clean meanwhile, the client says that it is over', async () => {
    const probe = startSkblens(['probe', 'trixie', 'ip_rcv_core', '--json', '-F', guest.sshConfigPath]);
    await probe.line('attached');
    probe.process.kill('SIGSTOP');
    expect(await secondsUntilClean(guest, 40)).toBeTypeOf('number');
    probe.process.kill('SIGCONT');
    expect(await probe.exit).not.toBeNull();
    expect(['stopped', 'failure']).toContain(probe.lines.at(-1)?.type);
  });
});
