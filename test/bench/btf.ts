/**
 * The BTF parser against bpftool (the whole process, its output thrown away) and, where it can be compiled,
 * libbpf, on the BTF of the running kernel or of SKBLENS_BENCH_BTF. Ours and the peers run in fresh
 * processes, one after the other, in turn; medians.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';
import { buildLibbpfHarness } from './libbpf-harness.ts';

const runs = 15;

function line(
  bench: string,
  ours: number,
  unit: string,
  peer: number | null = null,
  peerName = '',
): BenchLine {
  return {
    bench,
    ours,
    peer,
    peerName: peer === null ? null : peerName,
    ratio: peer === null ? null : peer / ours,
    unit,
  };
}

/** Milliseconds of the whole process; null when it cannot be run. */
function wholeProcess(program: string, args: readonly string[]): number | null {
  const start = performance.now();
  const { status } = spawnSync(program, args, { stdio: 'ignore' });
  return status === 0 ? performance.now() - start : null;
}

function readJson(program: string, args: readonly string[]): Record<string, number> {
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' })) as Record<string, number>;
}

function middle(rounds: readonly Record<string, number>[], key: string): number | null {
  const values = rounds.map((round) => round[key]).filter((value) => value !== undefined);
  return values.length === 0 ? null : median(values);
}

function compare(worker: string, harness: string | null, file: string): BenchLine[] {
  const node = (mode: string, ...flags: string[]): Record<string, number> =>
    readJson(process.execPath, [...flags, worker, mode, file]);
  const cold: Record<string, number>[] = [];
  const warm: Record<string, number>[] = [];
  const substring: Record<string, number>[] = [];
  const fuzzy: Record<string, number>[] = [];
  const libbpf: Record<string, number>[] = [];
  const bpftool: number[] = [];
  for (let run = 0; run < runs; run++) {
    cold.push(node('cold'));
    const whole = wholeProcess('bpftool', ['-j', 'btf', 'dump', 'file', file, 'format', 'raw']);
    if (whole !== null) bpftool.push(whole);
    if (harness !== null) libbpf.push(readJson(harness, [file]));
    if (run % 3 !== 0) continue;
    warm.push(node('warm'));
    substring.push(node('substring'));
    fuzzy.push(node('fuzzy'));
  }
  const raw = bpftool.length === 0 ? null : median(bpftool);
  const list = middle(cold, 'list') ?? NaN;
  const prototypes = middle(cold, 'prototypes') ?? NaN;
  const rawName = 'bpftool -j btf dump file FILE format raw';
  return [
    line('btf-cold-list', list, 'ms', raw, rawName),
    line('btf-prototypes', prototypes, 'ms', raw, rawName),
    line('btf-warm', middle(warm, 'warm') ?? NaN, 'ms', middle(libbpf, 'warm'), 'libbpf btf__parse_raw'),
    line('btf-search-substring', middle(substring, 'p95') ?? NaN, 'ms, 95th percentile of keystrokes'),
    line('btf-search-fuzzy', middle(fuzzy, 'p95') ?? NaN, 'ms, 95th percentile of keystrokes'),
    line('btf-memory', node('memory', '--expose-gc')['megabytes'] ?? NaN, 'MB with all prototypes'),
    line('btf-cold-list-libbpf', list, 'ms', middle(libbpf, 'parse'), 'libbpf btf__parse_raw, unsorted'),
    line(
      'btf-prototypes-libbpf',
      prototypes,
      'ms',
      middle(libbpf, 'prototypes'),
      'libbpf btf_dump__emit_type_decl',
    ),
  ];
}

export async function run(): Promise<BenchLine[]> {
  const file = process.env['SKBLENS_BENCH_BTF'] ?? '/sys/kernel/btf/vmlinux';
  const folder = mkdtempSync(join(tmpdir(), 'skblens-bench-'));
  try {
    const worker = join(folder, 'btf-worker.mjs');
    const input = fileURLToPath(new URL('btf-worker.ts', import.meta.url));
    await build({ input, platform: 'node', logLevel: 'warn', output: { file: worker, format: 'esm' } });
    return compare(worker, buildLibbpfHarness(folder), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
