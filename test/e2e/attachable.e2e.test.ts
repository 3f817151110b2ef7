import { readFileSync } from 'node:fs';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { GUEST_NAMES } from '../lab/guest-names.ts';
import { upGuest } from '../lab/guest.ts';
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
  for (const name of GUEST_NAMES) {
    let guest: Guest;
    let entries: readonly Entry[];
    const cache = mkdtempSync(join(tmpdir(), 'skblens-cache-'));
    beforeAll(async () => {
      guest = await upGuest(name);
      const listing = startSkblens(['functions', name, '--json', '-F', guest.sshConfigPath], {
        XDG_CACHE_HOME: cache,
      });
      expect(await listing.exit, listing.stderr()).toBe(0);
      entries = listing.lines as unknown as Entry[];
    });

    test(`${name}: what we call attachable is what bpftrace itself lists`, async () => {
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

    test(`${name}: sixty sampled functions of the packet paths do attach`, async () => {
      const sample = entries.filter(
        ({ attachable, name: one }) => attachable === 'yes' && /^(?:ip|icmp|tcp|udp|arp|neigh)\w*$/.test(one),
      );
      const step = Math.max(1, Math.floor(sample.length / 60));
      const chosen = sample.filter((_one, at) => at % step === 0).slice(0, 60);
      expect(chosen.length).toBeGreaterThan(50);
      const missing: string[] = [];
      for (let at = 0; at < chosen.length; at += 30) {
        const part = chosen.slice(at, at + 30);
        const probes = part.map((one) => `kfunc:${one.module}:${one.name} { @x = 1; }`).join('\n');
        const script = `${probes}\nBEGIN { printf("all attached\\n"); exit(); }`;
        const { stdout, stderr } = await guest.runInput(
          'BPFTRACE_MAX_PROBES=1024 bpftrace -q /dev/stdin',
          script,
          { timeoutMilliseconds: 240_000 },
        );
        if (!stdout.includes('all attached')) missing.push(`${part[0]?.name}…: ${stderr.slice(0, 300)}`);
      }
      expect(missing).toEqual([]);
    });

    test(`${name}: the second time nothing is downloaded, and the answer is the same`, async () => {
      const [file = ''] = readdirSync(join(cache, 'skblens', 'kernels'));
      expect(readFileSync(join(cache, 'skblens', 'kernels', file)).length).toBeGreaterThan(1 << 20);
      const again = startSkblens(['functions', name, 'ip_rcv_core', '--json', '-F', guest.sshConfigPath], {
        XDG_CACHE_HOME: cache,
      });
      expect(await again.exit, again.stderr()).toBe(0);
      expect(again.lines[0]).toEqual(entries.find((one) => one.name === 'ip_rcv_core'));
      expect(again.stderr()).not.toContain('cat vmlinux');
    });
  }
});
