import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allPrototypes, prototype } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { layoutOf } from '../../../shared/btf/layout.ts';
import type { Layout } from '../../../shared/btf/layout.ts';
import { bpftoolDump, differences } from './bpftool-oracle.ts';
import { libbpfPrototypes, missingLibbpf, prototypeDifferences } from './libbpf-oracle.ts';
import { paholeStructs, rowsOf } from './pahole-oracle.ts';
import type { Row } from './pahole-oracle.ts';
import { describeWith, missingProgram, unreadable } from './tool.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';

/** The first line on which two layouts differ; null when they agree. */
function firstDifference(theirs: readonly Row[], ours: readonly Row[]): string | null {
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    const expected = JSON.stringify(theirs[i]);
    const actual = JSON.stringify(ours[i]);
    if (expected !== actual) return `pahole ${expected}, ours ${actual}`;
  }
  return null;
}

/** pahole 1.24 prints the body of an unnamed struct behind a pointer among the members, with offsets of its own. */
function pointsAtUnnamed(layout: Layout): boolean {
  return layout.members.some((member) => member.body === null && /\{\.\.\.\} [(*]/.test(member.type));
}

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
        const btf = parseBtf(readFileSync(vmlinux));
        const wrong: string[] = [];
        let rows = 0;
        let structs = 0;
        let leftOut = 0;
        for (const theirs of paholeStructs(vmlinux)) {
          const kind = theirs.kind === 'union' ? 'union' : 'struct';
          const layouts = btf.findAll(theirs.name, kind).map((id) => layoutOf(btf, id));
          if (layouts.some(pointsAtUnnamed)) {
            leftOut++;
            continue;
          }
          const variants = layouts.map(rowsOf);
          structs++;
          rows += theirs.rows.length;
          const apart = variants.map((ours) => firstDifference(theirs.rows, ours));
          if (!apart.includes(null)) wrong.push(`${theirs.name}: ${apart[0] ?? 'not found'}`);
        }
        expect(structs).toBeGreaterThan(5_000);
        expect(rows).toBeGreaterThan(30_000);
        expect(leftOut).toBeLessThan(20);
        expect(wrong.length, wrong.slice(0, 5).join('\n')).toBe(0);
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
