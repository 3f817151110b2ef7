import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeSpec } from '../../shared/probe/spec.ts';
import type { Profile } from '../../shared/profile/schema.ts';
import { GUEST_NAMES } from '../lab/guest-names.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';

/** Each run; the loop is ended by its events before that. */
const SECONDS = { without: 4, fed: 20 };
const MOST_EVENTS = 300;

interface Event {
  readonly bytes: string;
  readonly window: number;
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('packets of our own connection', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skblens-own-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  /** Runs a script as a saved investigation: how many packets it left out as ours, and how many events came of SSH. */
  async function run(
    guest: Guest,
    script: string,
    seconds: number,
  ): Promise<{ own: number; ssh: number; notes: string }> {
    const { name } = guest;
    const probe = probeSpec.parse({
      function: 'ip_rcv_core',
      engine: 'bpftrace',
      script,
      seconds,
      count: MOST_EVENTS,
    });
    const profile: Profile = { skblens: 'investigation', version: 1, name, host: name, probe, notes: '' };
    const file = join(directory, `${name}.json`);
    await writeFile(file, JSON.stringify(profile));
    const ran = startSkblens(['run', file, '--json', '-F', guest.sshConfigPath]);
    expect(await ran.exit, ran.stderr()).toBe(0);
    const events = ran.lines.filter((line) => line.type === 'event') as unknown as Event[];
    const toSsh = events.filter(({ bytes, window }) => {
      const packet = Buffer.from(bytes, 'hex').subarray(-window);
      return packet[9] === 6 && packet.readUInt16BE(22) === 22;
    });
    const { totals } = (await ran.line('stopped')) as unknown as { totals: { own: number } };
    return { own: totals.own, ssh: toSsh.length, notes: ran.stderr() };
  }

  for (const name of GUEST_NAMES)
    test(`${name}: seen, they feed the probe; a script that was edited on another connection leaves them out`, async () => {
      const guest = await guestAlone(name);
      const written = startSkblens([
        ...['probe', name, 'ip_rcv_core', '--engine', 'bpftrace', '--print-script', '--json'],
        ...['-F', guest.sshConfigPath],
      ]);
      const script = String((await written.line('script'))['script']);
      expect(await written.exit, written.stderr()).toBe(0);

      const edited = `// mine\n${script}`;
      const left = await run(guest, edited, SECONDS.without);
      expect(left.own).toBeGreaterThan(0);

      const blind = edited.replaceAll(/if \([^\n]*\) \{ \$own = 1; \}/g, '');
      expect(blind.length).toBeLessThan(edited.length);
      const fed = await run(guest, blind, SECONDS.fed);
      expect(fed.notes).toContain('does not leave out the packets of our own SSH connection');
      expect(fed.own).toBe(0);
      // Somebody else may be logged in there; a probe that feeds itself drowns that.
      expect(fed.ssh).toBeGreaterThan(20 + 2 * left.ssh);
    }, 300_000);
});
