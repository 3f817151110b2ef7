import type { EventRecord } from '../../../shared/capture/record.ts';
import type { WrittenProgram } from '../../../shared/probe/program.ts';

/** Packets on their way through a function that are remembered, to let their return through too. */
const MAX_WAITING = 4096;

/**
 * The part of a filter that is decided on arrival. A return carries no packet to look at: it passes when the entry of
 * the same sk_buff did.
 */
export class ArrivalFilter {
  readonly #test: WrittenProgram['arrival'];
  readonly #points: WrittenProgram['program']['points'];
  readonly #passed = new Set<bigint>();

  constructor({ arrival, program }: Pick<WrittenProgram, 'arrival' | 'program'>) {
    this.#test = arrival;
    this.#points = program.points;
  }

  passes(record: EventRecord): boolean {
    if (this.#test === null) return true;
    if (record.edge === 'return' && record.skb !== 0n) return this.#passed.has(record.skb);
    const passes = this.#test(record);
    if (record.skb === 0n) return passes;
    this.#passed.delete(record.skb);
    if (!passes) return false;
    this.#passed.add(record.skb);
    if (this.#passed.size > MAX_WAITING) {
      const [oldest] = this.#passed;
      if (oldest !== undefined) this.#passed.delete(oldest);
    }
    return this.#points[record.point]?.hidden !== true;
  }
}
