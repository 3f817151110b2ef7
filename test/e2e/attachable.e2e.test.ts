import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { guestsFrom } from '../lab/guest-names.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { JsonLine } from '../support/skblens.ts';

interface Entry extends JsonLine {
  readonly name: string;
  readonly module: string;
  readonly signature: string;
  readonly attachable: string;
  readonly reason: string;
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('what can be attached, on', () => {
  describe.each(guestsFrom('trixie'))('%s:', (name) => {
    let guest: Guest;
    let entries: readonly Entry[];
    const cache = mkdtempSync(join(tmpdir(), 'skblens-cache-'));
    beforeAll(async () => {
      guest = await guestAlone(name);
      const listing = startSkblens(['functions', name, '--json', '-F', guest.sshConfigPath], {
        XDG_CACHE_HOME: cache,
      });
      expect(await listing.exit, listing.stderr()).toBe(0);
      entries = listing.lines as unknown as Entry[];
    });

    test('what we call attachable is what bpftrace itself lists', async () => {
      const listed = new Set(
        [
          ...(await guest.run("bpftrace -l 'kfunc:*'")).stdout.matchAll(
            /^(?:kfunc|fentry):([^:\s]+):(\S+)$/gm,
          ),
        ].map(([, module, bare]) => `${module}:${bare}`),
      );
      const ours = entries.filter(({ attachable }) => attachable !== 'no');
      const yes = ours.filter(({ attachable }) => attachable === 'yes');
      expect(yes.length).toBeGreaterThan(30_000);
      const unlisted = yes.filter((one) => !listed.has(`${one.module}:${one.name}`));
      expect(unlisted.map((one) => `${one.module}:${one.name}`)).toEqual([]);
    });

    test('sixty sampled functions of the packet paths do attach', async () => {
      const sample = entries.filter(
        ({ attachable, name: one }) => attachable === 'yes' && /^(?:ip|icmp|tcp|udp|arp|neigh)\w*$/.test(one),
      );
      const step = Math.max(1, Math.floor(sample.length / 60));
      const chosen = sample.filter((_one, at) => at % step === 0).slice(0, 60);
      expect(chosen).toHaveLength(60);
      const probes = chosen.map((one) => `kfunc:${one.module}:${one.name} { @x = 1; }`).join('\n');
      const script = `${probes}\nBEGIN { printf("all attached\\n"); exit(); }`;
      const { stdout, stderr } = await guest.runInput(
        'BPFTRACE_MAX_PROBES=1024 bpftrace -q /dev/stdin',
        script,
        { timeoutMilliseconds: 240_000 },
      );
      expect(stdout, stderr).toContain('all attached');
    });

    if (name === 'bookworm')
      test('the second time nothing is downloaded, and the answer is the same', async () => {
        const kept = join(cache, 'skblens', 'kernels');
        const sizes = readdirSync(kept, { recursive: true, encoding: 'utf8' }).map(
          (file) => statSync(join(kept, file)).size,
        );
        expect(Math.max(...sizes)).toBeGreaterThan(1 << 20);
        const again = startSkblens(['functions', name, 'ip_rcv_core', '--json', '-F', guest.sshConfigPath], {
          XDG_CACHE_HOME: cache,
        });
        expect(await again.exit, again.stderr()).toBe(0);
        expect(again.lines[0]).toEqual(entries.find((one) => one.name === 'ip_rcv_core'));
        expect(again.stderr()).not.toContain('cat vmlinux');
      });
  });
});
