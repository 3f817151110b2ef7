/**
 * One cold process of the BTF benchmark: `node btf-worker.mjs MODE FILE`, one JSON object on stdout. Times in
 * milliseconds, taken inside the process: from opening the file on, without Node's own start, which an
 * application pays once.
 */
import { readFileSync } from 'node:fs';
import { listFunctions } from '../../shared/btf/functions.ts';
import { FunctionIndex } from '../../shared/btf/function-index.ts';
import { allPrototypes } from '../../shared/btf/declare.ts';
import { parseBtf } from '../../shared/btf/decoder.ts';

const [mode, file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: btf-worker MODE FILE');

/** Typed letter by letter: names of the packet path, of drivers, and some that no kernel has. */
const typed = [
  'ip_rcv_core',
  'icmp_rcv',
  'tcp_v4_rcv',
  '__netif_receive_skb_core',
  'napi_gro_receive',
  'skb_clone',
  'veth_xmit',
  'nf_hook_slow',
  'schedule_timeout',
  'ext4_file_write_iter',
  'copy_to_user',
  'bpf_prog_run',
  'zzzz_nothing',
  'rcv core',
  'net dev xmit',
];

/** What fuzzy search is for: letters left out. */
const abbreviated = [
  'iprc',
  'tcpv4rcv',
  'nfhs',
  'skbcln',
  'netrxskb',
  'ipfrdfin',
  'gropull',
  'xmitone',
  'vfsrd',
];

function keystrokes(lines: readonly string[]): string[] {
  return lines.flatMap((line) => Array.from(line, (_letter, n) => line.slice(0, n + 1)));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function timed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function searched(searchMode: 'substring' | 'fuzzy', lines: readonly string[]): number {
  const index = new FunctionIndex([{ module: 'vmlinux', btf: parseBtf(readFileSync(file ?? '')) }]);
  const keys = keystrokes(lines);
  const times: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (const key of keys) {
      const time = timed(() => index.search(key, { mode: searchMode, limit: 200 }));
      if (round > 0) times.push(time);
    }
  }
  return percentile(times, 0.95);
}

function measure(): Record<string, number> {
  switch (mode) {
    case 'cold': {
      const start = performance.now();
      const btf = parseBtf(readFileSync(file ?? ''));
      const listed = listFunctions(btf);
      const list = performance.now() - start;
      const characters = allPrototypes(btf).length;
      const prototypes = performance.now() - start;
      return { list, prototypes, functions: listed.ids.length, characters };
    }
    case 'warm': {
      const bytes = readFileSync(file ?? '');
      const times: number[] = [];
      for (let round = 0; round < 15; round++) times.push(timed(() => parseBtf(bytes)));
      return { warm: percentile(times.slice(5), 0.5) };
    }
    case 'substring':
      return { p95: searched('substring', typed) };
    case 'fuzzy':
      return { p95: searched('fuzzy', [...typed, ...abbreviated]) };
    case 'memory': {
      const collect = (globalThis as { gc?: () => void }).gc;
      collect?.();
      const before = process.memoryUsage();
      const btf = parseBtf(readFileSync(file ?? ''));
      const index = new FunctionIndex([{ module: 'vmlinux', btf }]);
      index.prepareSignatures();
      collect?.();
      const after = process.memoryUsage();
      const bytes = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
      return { megabytes: bytes / 1e6, functions: index.search('skb', { signatures: true }).total };
    }
    default:
      throw new Error(`no such mode: ${String(mode)}`);
  }
}

process.stdout.write(`${JSON.stringify(measure())}\n`);
