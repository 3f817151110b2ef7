import type { CounterValues } from './snmp.ts';

/**
 * The columns of /proc/net/softnet_stat that count (net/core/net-procfs.c, softnet_seq_show): one line a CPU, 32-bit
 * numbers in hexadecimal. Columns 3 to 7 are always zero; later kernels add the length of queues and the CPU.
 *
 *     00000183 00000000 00000004 00000000 … (received_rps at 9, flow_limit_count at 10)
 */
const COLUMNS: readonly (readonly [at: number, name: string])[] = [
  [0, 'processed'],
  [1, 'dropped'],
  [2, 'time_squeeze'],
  [9, 'received_rps'],
  [10, 'flow_limit_count'],
];

/** Adds the line of one CPU to the sums over all CPUs, `Softnet.dropped`; false if it is no such line. */
export function addSoftnet(line: string, values: CounterValues): boolean {
  if (!/^[0-9a-f]{8}(?: [0-9a-f]{8}){2,31}$/.test(line)) return false;
  const numbers = line.split(' ');
  for (const [at, name] of COLUMNS) {
    const key = `Softnet.${name}`;
    values[key] = (values[key] ?? 0) + parseInt(numbers[at] ?? '0', 16);
  }
  return true;
}
