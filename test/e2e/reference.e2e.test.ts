import { readFile, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { breakGuest, fixGuest } from '../lab/break.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { secondsUntilClean } from '../support/leftovers.ts';
import { guestsFrom } from '../lab/guest-names.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';

interface Event {
  readonly function: string;
  readonly bytes: string;
  readonly window: number;
  readonly skb: { readonly deviceType: number; readonly deviceName: string };
  readonly verdict: {
    readonly kind: string;
    readonly headerAt: number | null;
    readonly evidence: { basis: string }[];
  };
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
  'tshark',
)('the reference investigation on', () => {
  describe.each(guestsFrom('trixie'))('%s:', (name) => {
    let guest: Guest;
    beforeAll(async () => {
      guest = await guestAlone(name);
    });

    test('three events, each an Ethernet frame where an IP header was expected', async () => {
      const file = join(tmpdir(), `skblens-${process.pid}-${name}.pcapng`);
      const args = [
        '--json',
        '-F',
        guest.sshConfigPath,
        '--filter',
        'bad-ip-header',
        '--count',
        '3',
        '--pcapng',
        file,
      ];
      const probe = startSkblens(['probe', name, 'ip_rcv_core', ...args]);
      await probe.line('attached');
      const broken = await breakGuest(guest, { count: 6, intervalMilliseconds: 150 });
      expect(broken.counters.InHdrErrors.after - broken.counters.InHdrErrors.before).toBe(6);
      expect(await probe.exit, probe.stderr()).toBe(0);
      const events = probe.lines.filter((line) => line.type === 'event') as unknown as Event[];
      expect(events).toHaveLength(3);
      for (const event of events) {
        expect(event.verdict).toMatchObject({ kind: 'ethernet-where-ip-expected', headerAt: 14 });
        expect(event.verdict.evidence.filter((item) => item.basis === 'observed').length).toBeGreaterThan(2);
        expect(event.skb).toMatchObject({ deviceType: 768 });
        expect(event.bytes.slice((-event.window + 12) * 2, (-event.window + 15) * 2)).toBe('080045');
      }
      const stopped = probe.lines.find((line) => line.type === 'stopped') as unknown as {
        totals: Record<string, number>;
      };
      expect(stopped).toMatchObject({ reason: 'count', totals: { received: 3, lost: 0 } });
      expect(stopped.totals['own']).toBeGreaterThan(0);
      expect(await secondsUntilClean(guest, 10)).toBeTypeOf('number');
      const read = execFileSync('tshark', ['-r', file, '-T', 'fields', '-e', 'icmp.type'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(read.trim().split('\n')).toEqual(['8', '8', '8']);
      expect(
        (await readFile(file)).includes(Buffer.from('Ethernet header where an IP header was expected')),
      ).toBe(true);
      await rm(file);
    });
  });

  // Seen on the others, too, in tracefs.e2e.test.ts and own-traffic.e2e.test.ts, or decided here and not there.
  describe('bookworm, beside that:', () => {
    let guest: Guest;
    beforeAll(async () => {
      guest = await guestAlone('bookworm');
    });

    test('without a filter, our own SSH packets are left out and the stream does not feed itself', async () => {
      const probe = startSkblens([
        'probe',
        'bookworm',
        'ip_rcv_core',
        '--json',
        '-F',
        guest.sshConfigPath,
        '--for',
        '2m',
      ]);
      await probe.line('attached');
      await breakGuest(guest, { case: 'good', count: 5, intervalMilliseconds: 100 });
      const received = () => probe.lines.filter((line) => line.type === 'event').length;
      await expect.poll(received, { timeout: 60_000 }).toBeGreaterThanOrEqual(5);
      probe.process.kill('SIGINT');
      expect(await probe.exit, probe.stderr()).toBe(0);
      const { totals } = (await probe.line('stopped')) as unknown as { totals: Record<string, number> };
      expect(totals['own']).toBeGreaterThan(0);
      const kinds = (probe.lines.filter((line) => line.type === 'event') as unknown as Event[]).map(
        (one) => one.verdict.kind,
      );
      expect(kinds.length).toBeGreaterThanOrEqual(5);
      expect(kinds.length).toBeLessThan(1000);
      expect(new Set(kinds)).toEqual(new Set(['as-expected']));
      await fixGuest(guest);
    });

    test("a MAC that begins with 0x45 passes the kernel's test and is caught by misfit; good packets are not", async () => {
      const args = ['--json', '-F', guest.sshConfigPath, '--filter', 'misfit', '--count', '3'];
      const probe = startSkblens(['probe', 'bookworm', 'ip_rcv_core', ...args]);
      await probe.line('attached');
      await breakGuest(guest, { case: 'mac45', count: 8, intervalMilliseconds: 150 });
      expect(await probe.exit, probe.stderr()).toBe(0);
      const events = probe.lines.filter((line) => line.type === 'event') as unknown as Event[];
      expect(events.map((event) => event.verdict.kind)).toEqual(Array(3).fill('ethernet-where-ip-expected'));
      expect(events[0]?.bytes.slice(-(events[0]?.window ?? 0) * 2, -(events[0]?.window ?? 0) * 2 + 2)).toBe(
        '45',
      );
    });

    test('a function that is not there is said before anything runs, and nothing is left', async () => {
      const probe = startSkblens([
        'probe',
        'bookworm',
        'no_such_function',
        '--json',
        '-F',
        guest.sshConfigPath,
      ]);
      expect(await probe.exit).toBe(1);
      expect(probe.lines.at(-1)).toMatchObject({ type: 'failure', code: 'function-unknown' });
      expect(await secondsUntilClean(guest, 10)).toBeTypeOf('number');
    });

    test('a user without rights is told so, one with passwordless sudo traces', async () => {
      const refused = startSkblens([
        'probe',
        'bookworm-nobody',
        'ip_rcv_core',
        '--json',
        '-F',
        guest.sshConfigPath,
      ]);
      expect(await refused.exit).toBe(1);
      expect(refused.lines.at(-1)).toMatchObject({ type: 'failure', code: 'not-privileged' });
      const allowed = startSkblens(['survey', 'bookworm-nopasswd', '--json', '-F', guest.sshConfigPath]);
      expect(await allowed.exit, allowed.stderr()).toBe(0);
      expect(allowed.lines.filter((line) => line['state'] === 'bad')).toEqual([]);
    });
  });
});
