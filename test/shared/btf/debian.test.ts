import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allPrototypes } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import { resolvePath } from '../../../shared/btf/path.ts';
import { bpftoolDump, differences } from './bpftool-oracle.ts';
import { debianKernel } from './debian-kernels.ts';
import type { DebianKernel } from './debian-kernels.ts';
import { libbpfPrototypes, missingLibbpf, prototypeDifferences } from './libbpf-oracle.ts';
import { paholeDifferences } from './pahole-oracle.ts';
import { describeWith, missingProgram } from './tool.ts';

const kernels = [
  { flavour: 'cloud-amd64', endian: 'little', modules: 0 },
  { flavour: 'cloud-arm64', endian: 'little', modules: 0 },
  { flavour: 's390x', endian: 'big', modules: 40 },
] as const;

/** The kernel, or why there is none: the download of some tens of megabytes happens here, once a machine. */
function kernelOrReason(
  flavour: (typeof kernels)[number]['flavour'],
  modules: number,
): DebianKernel | string {
  const missing =
    missingProgram('bpftool', 'bpftool') ??
    missingProgram('zstd', 'zstd') ??
    missingProgram('xz', 'xz-utils');
  if (missing !== null) return missing;
  try {
    return debianKernel(flavour, modules);
  } catch (failure) {
    return `no Debian kernel: ${failure instanceof Error ? (failure.message.split('\n')[0] ?? '') : String(failure)}`;
  }
}

for (const { flavour, endian, modules } of kernels) {
  const kernel = kernelOrReason(flavour, modules);
  const missing = typeof kernel === 'string' ? kernel : null;
  const source = typeof kernel === 'string' ? flavour : kernel.source;
  describeWith(`Debian kernel ${source}`, missing, () => {
    const files = kernel as DebianKernel;
    const bytes = readFileSync(files.vmlinux);
    const btf = parseBtf(bytes);

    test('every type is what bpftool reads', { timeout: 120_000 }, () => {
      expect(btf.endian).toBe(endian);
      const dump = bpftoolDump(files.vmlinux);
      expect(dump.length).toBe(btf.typeCount - 1);
      expect(differences(btf, dump)).toEqual([]);
    });

    test('every struct has a layout, and its members lie inside', { timeout: 120_000 }, () => {
      let structs = 0;
      const outside: string[] = [];
      for (let id = 1; id < btf.typeCount; id++) {
        if (btf.kind(id) !== 'struct' && btf.kind(id) !== 'union') continue;
        const layout = layoutOf(btf, id);
        structs++;
        for (const member of namedMembers(layout)) {
          const flexible = member.path.includes('[0]');
          if (!flexible && member.bitOffset + member.bits > layout.size * 8)
            outside.push(`${layout.name}.${member.path}`);
        }
      }
      expect(structs).toBeGreaterThan(5_000);
      expect(outside).toEqual([]);
      expect(resolvePath(btf, 'sk_buff.data')).toMatchObject({ bits: 64, type: 'unsigned char *' });
    });

    test('modules on top of it', { timeout: 120_000 }, () => {
      expect(files.modules.length).toBeGreaterThanOrEqual(modules / 2);
      for (const file of files.modules) {
        const module = parseBtf(readFileSync(file), { base: btf });
        expect(module.warnings).toEqual([]);
        const dump = bpftoolDump(file, files.vmlinux);
        expect(dump.length).toBe(module.typeCount - module.startId);
        expect(differences(module, dump), file).toEqual([]);
      }
    });
  });

  describeWith(`members of ${source}`, missing ?? missingProgram('pahole', 'dwarves'), () => {
    test('lie where pahole puts them', { timeout: 120_000 }, () => {
      const { vmlinux } = kernel as DebianKernel;
      const { structs, rows, wrong } = paholeDifferences(parseBtf(readFileSync(vmlinux)), vmlinux);
      expect(structs).toBeGreaterThan(5_000);
      expect(rows).toBeGreaterThan(30_000);
      expect(wrong).toEqual([]);
    });
  });

  describeWith(`prototypes of ${source}`, missing ?? missingLibbpf(), () => {
    test('are what libbpf writes', { timeout: 120_000 }, () => {
      const files = kernel as DebianKernel;
      const btf = parseBtf(readFileSync(files.vmlinux));
      const ours = allPrototypes(btf).split('\n');
      const theirs = libbpfPrototypes(files.vmlinux);
      expect(theirs.length).toBe(btf.functions().length);
      expect(prototypeDifferences(theirs, ours)).toEqual([]);
    });
  });
}
