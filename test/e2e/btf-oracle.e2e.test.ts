import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KernelTypes } from '../../electron/backend/target/kernel-types.ts';
import { allPrototypes } from '../../shared/btf/declare.ts';
import { GUEST_NAMES } from '../lab/guest-names.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import { bpftoolDump, differences } from '../shared/btf/bpftool-oracle.ts';
import { libbpfPrototypes, missingLibbpf, prototypeDifferences } from '../shared/btf/libbpf-oracle.ts';
import { paholeDifferences } from '../shared/btf/pahole-oracle.ts';
import { needs } from '../support/needs.ts';

/**
 * The BTF of each lab kernel and of all its loaded modules, as that kernel itself gives it, against other
 * programs' reading: every name, argument, type and bit offset by bpftool, every struct's rows by pahole, every
 * prototype's text by libbpf where it can be compiled against.
 */
needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
  'bpftool',
  'pahole',
)('the BTF of', () => {
  for (const name of GUEST_NAMES) {
    const folder = mkdtempSync(join(tmpdir(), 'skblens-guest-btf-'));
    const vmlinux = join(folder, 'vmlinux');
    let kernel: KernelTypes;
    beforeAll(async () => {
      const guest = await guestAlone(name);
      const ssh = (command: string): Buffer =>
        execFileSync('ssh', ['-F', guest.sshConfigPath, '-o', 'BatchMode=yes', name, '--', command], {
          maxBuffer: 1 << 28,
        });
      const listing = ssh('cd /sys/kernel/btf && wc -c -- *').toString();
      const files = [...listing.matchAll(/^ *(\d+) (?!total$)(\S+)$/gm)].map(([, size, file]) => ({
        file: file ?? '',
        size: Number(size),
      }));
      const bytes = ssh(`cd /sys/kernel/btf && cat -- ${files.map(({ file }) => file).join(' ')}`);
      const btf = new Map<string, Uint8Array>();
      let at = 0;
      for (const { file, size } of files) {
        const content = new Uint8Array(bytes.subarray(at, at + size));
        writeFileSync(join(folder, file), content);
        btf.set(file, content);
        at += size;
      }
      expect(at).toBe(bytes.length);
      kernel = new KernelTypes({ btf, traceable: null, symbols: null, blacklist: null }, null, name);
    }, 180_000);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test(`${name}: every type of kernel and modules is what bpftool reads`, { timeout: 240_000 }, () => {
      expect([...kernel.damaged]).toEqual([]);
      expect(kernel.modules.length).toBeGreaterThan(5);
      for (const { module, btf } of kernel.modules) {
        const file = join(folder, module);
        const dump = module === 'vmlinux' ? bpftoolDump(file) : bpftoolDump(file, vmlinux);
        expect(dump.length, module).toBe(btf.typeCount - btf.startId);
        expect(differences(btf, dump), module).toEqual([]);
        const functions = dump.filter(({ kind }) => kind === 'FUNC').map((one) => one['name']);
        expect(btf.functionNames(), module).toEqual(functions);
      }
      expect(kernel.modules[0]?.btf.functions().length).toBeGreaterThan(40_000);
    });

    test(`${name}: every member lies where pahole puts it`, { timeout: 120_000 }, () => {
      const btf = kernel.modules[0]?.btf ?? expect.fail('no kernel');
      const { structs, rows, leftOut, wrong } = paholeDifferences(btf, vmlinux);
      expect(wrong).toEqual([]);
      expect(structs).toBeGreaterThan(7_000);
      expect(rows).toBeGreaterThan(50_000);
      expect(leftOut).toBeLessThan(structs / 1000);
    });

    test.skipIf(missingLibbpf() !== null)(`${name}: every prototype is what libbpf writes`, () => {
      const { btf } = kernel.modules[0] ?? expect.fail('no kernel');
      const ours = allPrototypes(btf).split('\n');
      const theirs = libbpfPrototypes(vmlinux);
      expect(theirs.length).toBe(btf.functions().length);
      expect(prototypeDifferences(theirs, ours)).toEqual([]);
    });
  }
});
