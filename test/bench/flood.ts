import { upGuest } from '../lab/guest.ts';
import { probeFlood } from '../support/flooded-probe.ts';
import type { BenchLine } from './bench-line.ts';
import { median } from './bench-line.ts';

const RATE = 20_000;
/** FLOOD_SECONDS and FLOOD_PER_SECOND change what is offered, and how much of it the kernel side may send. */
const SECONDS = Number(process.env['FLOOD_SECONDS'] ?? 60);
const PER_SECOND = process.env['FLOOD_PER_SECOND'] ?? '500';

/**
 * A probe on bookworm while its kernel is offered 20,000 bad packets a second for a minute: what is captured of them, what
 * is held back, what is lost, and how the client's memory grows from the second quarter of the time to the last. Throws when
 * the sums of client and kernel differ.
 */
export async function run(): Promise<BenchLine[]> {
  const guest = await upGuest('bookworm');
  const words = ['--filter', 'bad-ip-header', '--per-second', PER_SECOND];
  const { flood, events, lines, memory, stderr } = await probeFlood(guest, words, RATE, SECONDS);
  const stopped = lines.find(({ type }) => type === 'stopped');
  if (stopped === undefined) throw new Error(`no totals:\n${stderr}`);
  const totals = stopped['totals'] as Record<'seen' | 'matched' | 'received' | 'limited' | 'lost', number>;
  const { matched, received, limited, lost } = totals;
  if (matched !== received + limited + lost || events !== received)
    throw new Error(`the sums differ: ${JSON.stringify(totals)}, ${events} events printed`);
  const quarter = Math.floor(memory.length / 4);
  const growth = median(memory.slice(-quarter)) - median(memory.slice(quarter, 2 * quarter));
  const offered = flood.counters.InHdrErrors.after - flood.counters.InHdrErrors.before;
  const line = (bench: string, ours: number, unit: string): BenchLine => ({
    bench: `flood-${bench}`,
    ours: Math.round(ours * 10) / 10,
    peer: null,
    peerName: null,
    ratio: null,
    unit,
  });
  return [
    line('offered', offered / flood.took, 'packets/s'),
    line('took', flood.took, 's'),
    line('stopped-by-user', stopped['reason'] === 'user' ? 1 : 0, 'of 1'),
    line('offered-in-all', offered, 'packets'),
    line('matched', matched, 'packets'),
    line('received', received, 'events'),
    line('held-back', limited, 'events'),
    line('lost', lost, 'events'),
    line('memory', median(memory.slice(-quarter)), 'MB'),
    line('memory-growth', growth, 'MB'),
  ];
}
