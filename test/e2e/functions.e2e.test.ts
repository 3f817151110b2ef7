import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KernelTypes } from '../../electron/backend/target/kernel-types.ts';
import { parseVersion } from '../../shared/btf/attach/version.ts';
import { bpftraceOneLiner } from '../../shared/probe/one-liner.ts';
import { PACKET_PATH } from '../../shared/probe/packet-path.ts';
import { guestsFrom } from '../lab/guest-names.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';

/** Arguments of every kind (text, integers by typedef, enums, structs), and none that telling itself would call. */
const VARIED = [
  'do_sys_openat2',
  'skb_copy_bits',
  'kfree_skb_reason',
  'security_file_open',
  'do_truncate',
  'ip_rcv_core',
];

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('the functions of', () => {
  const cache = mkdtempSync(join(tmpdir(), 'skblens-cache-'));
  const everywhere = new Map(PACKET_PATH.map(({ name }) => [name, false]));

  for (const name of guestsFrom('sid')) {
    test(`${name}: nearly all of the packet's path is there`, { timeout: 300_000 }, async () => {
      const guest = await guestAlone(name);
      const program = startSkblens(['functions', name, '--path', '--json', '-F', guest.sshConfigPath], {
        XDG_CACHE_HOME: cache,
      });
      expect(await program.exit, program.stderr()).toBe(0);
      expect(program.lines).toHaveLength(PACKET_PATH.length);
      const missing = program.lines
        .filter((one) => one['present'] !== true)
        .map((one) => String(one['name']));
      expect(missing.length, missing.join(', ')).toBeLessThan(4);
      for (const one of program.lines) {
        const step = String(one['name']);
        if (one['present'] === true) everywhere.set(step, true);
        if (one['present'] === true && one['attachable'] === 'no') expect(one['reason'], step).not.toBe('');
      }
    });

    test(`${name}: a command for the clipboard runs there`, { timeout: 300_000 }, async () => {
      const guest = await guestAlone(name);
      const ssh = ['-F', guest.sshConfigPath, '-o', 'BatchMode=yes', name, '--'];
      const vmlinux = execFileSync('ssh', [...ssh, 'cat /sys/kernel/btf/vmlinux'], { maxBuffer: 1 << 28 });
      const files = { traceable: null, symbols: null, blacklist: null };
      const kernel = new KernelTypes(
        { ...files, btf: new Map([['vmlinux', new Uint8Array(vmlinux)]]) },
        null,
        name,
      );
      const version = parseVersion(execFileSync('ssh', [...ssh, 'bpftrace --version']).toString());
      let ran = 0;
      for (const one of VARIED) {
        const details = kernel.functions.details(one);
        if (details === null) continue;
        const command = bpftraceOneLiner({ ...details, described: true }, version);
        const { status, stderr } = spawnSync(
          'ssh',
          [...ssh, `timeout -k 5 60 ${command} -c /bin/true >/dev/null`],
          { timeout: 90_000 },
        );
        expect(status, `${command}\n${stderr.toString()}`).toBe(0);
        ran++;
      }
      expect(ran).toBeGreaterThan(3);
    });
  }

  test('no step of the path is on no kernel of the lab', () => {
    expect([...everywhere].filter(([, present]) => !present)).toEqual([]);
  });
});
