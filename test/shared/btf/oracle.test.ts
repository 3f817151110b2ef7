import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allPrototypes, prototype } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { bpftoolDump, differences } from './bpftool-oracle.ts';
import { libbpfPrototypes, missingLibbpf, prototypeDifferences } from './libbpf-oracle.ts';
import { paholeDifferences } from './pahole-oracle.ts';
import { describeWith, missingProgram, unreadable } from './tool.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';

describe('oracles on the running kernel', () => {
  describeWith(
    'every type is what bpftool reads',
    unreadable(vmlinux) ?? missingProgram('bpftool', 'bpftool'),
    () => {
      test('vmlinux', { timeout: 120_000 }, () => {
        const btf = parseBtf(readFileSync(vmlinux));
        const dump = bpftoolDump(vmlinux);
        expect(dump.length).toBe(btf.typeCount - 1);
        expect(differences(btf, dump)).toEqual([]);
      });
    },
  );

  describeWith(
    'every member lies where pahole puts it',
    unreadable(vmlinux) ?? missingProgram('pahole', 'dwarves'),
    () => {
      test('vmlinux', { timeout: 120_000 }, () => {
        const { structs, rows, leftOut, wrong } = paholeDifferences(parseBtf(readFileSync(vmlinux)), vmlinux);
        expect(structs).toBeGreaterThan(5_000);
        expect(rows).toBeGreaterThan(30_000);
        expect(leftOut).toBeLessThan(20);
        expect(wrong).toEqual([]);
      });
    },
  );

  describeWith('every prototype is what libbpf writes', unreadable(vmlinux) ?? missingLibbpf(), () => {
    test('vmlinux', { timeout: 120_000 }, () => {
      const btf = parseBtf(readFileSync(vmlinux));
      const ours = allPrototypes(btf).split('\n').slice(0, -1);
      const theirs = libbpfPrototypes(vmlinux);
      expect(theirs.length).toBe(btf.functions().length);
      expect(ours.length).toBe(theirs.length);
      expect(prototypeDifferences(theirs, ours)).toEqual([]);
      expect([...btf.functions()].filter((id, i) => prototype(btf, id) !== ours[i])).toEqual([]);
    });
  });
});
