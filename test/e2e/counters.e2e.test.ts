import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { breakGuest } from '../lab/break.ts';
import type { BreakOptions } from '../lab/break.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { XDP_SETUP } from '../lab/guest-xdp.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { JsonLine } from '../support/skblens.ts';

interface Counted {
  readonly counter: string;
  readonly delta: number;
  readonly explained: number;
  readonly unexplained: number;
}

const GUEST = 'sid';

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('counters beside packets, on a real kernel', () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await guestAlone(GUEST);
  });

  /** Probes until the fault has been sent, then ends the probe as Ctrl-C does; all lines. */
  async function probeWhile(fault: BreakOptions, more: readonly string[]): Promise<readonly JsonLine[]> {
    const args = ['probe', GUEST, 'ip_rcv_core', '--json', '-F', guest.sshConfigPath, ...more];
    const probe = startSkblens(args);
    await probe.line('attached');
    // The first reading after it is attached is what all is compared with.
    await delay(2500);
    await breakGuest(guest, fault);
    await delay(2500);
    probe.process.kill('SIGINT');
    expect(await probe.exit, probe.stderr()).toBe(0);
    return probe.lines;
  }

  function errors(lines: readonly JsonLine[], counter = 'Ip.InHdrErrors'): Counted | undefined {
    const found = lines.find(({ type }) => type === 'reconciliation') as
      (JsonLine & { readonly counters: readonly Counted[] }) | undefined;
    return found?.counters.find((one) => one.counter === counter);
  }

  test('InHdrErrors is explained by the captured frames; the program that redirected them is named with its device', async () => {
    const lines = await probeWhile({ case: 'xdp', count: 12, intervalMilliseconds: 250 }, [
      '--filter',
      'bad-ip-header',
      '--device-facts',
    ]);
    const counted = errors(lines);
    expect(counted?.delta).toBeGreaterThan(0);
    expect(counted).toMatchObject({ explained: counted?.delta, unexplained: 0 });
    const device = lines.find(({ type }) => type === 'device');
    expect(device).toMatchObject({
      redirect: 'removed',
      device: { name: XDP_SETUP.tunnel, kind: 'ipip', remote: '10.98.2.1', programs: [] },
      missing: [],
    });
    const id = JSON.parse(
      (await guest.run(`ip -n ${XDP_SETUP.redirector} -d -j link show lab-t0`)).stdout,
    ) as { xdp: { prog: { id: number } } }[];
    expect(device?.['others']).toContainEqual(
      expect.objectContaining({
        name: 'lab-t0',
        programs: [expect.objectContaining({ hook: 'xdp generic', id: id[0]?.xdp.prog.id }) as unknown],
      }),
    );
  });

  test('what a filter leaves out stays unexplained, and is called by its name', async () => {
    const lines = await probeWhile({ case: 'mac45', count: 8, intervalMilliseconds: 250 }, [
      '--filter',
      'bad-ip-header',
    ]);
    const counted = errors(lines);
    expect(counted?.delta).toBeGreaterThan(0);
    expect(counted).toMatchObject({ explained: 0, unexplained: counted?.delta });
    const found = lines.find(({ type }) => type === 'reconciliation');
    expect(found).toMatchObject({ filtered: true, checksumErrors: counted?.delta });
  });

  test('the counters of a namespace without a process are read through its name', async () => {
    await breakGuest(guest, { case: 'xdp-namespace', count: 1, intervalMilliseconds: 10 });
    const inode = Number((await guest.run(`stat -L -c %i /run/netns/${XDP_SETUP.receiver}`)).stdout);
    const lines = await probeWhile({ case: 'xdp-namespace', count: 8, intervalMilliseconds: 250 }, [
      '--filter',
      'bad-ip-header',
      '--netns',
      XDP_SETUP.receiver,
    ]);
    const found = lines.find(({ type }) => type === 'reconciliation');
    expect(found).toMatchObject({ netns: inode, otherNamespaces: 0 });
    const counted = errors(lines);
    expect(counted?.delta).toBeGreaterThan(0);
    expect(counted).toMatchObject({ explained: counted?.delta, unexplained: 0 });
  });
});
