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
  readonly #passed = new Set<bigint>();

  constructor(test: WrittenProgram['arrival']) {
    this.#test = test;
  }

  passes(record: EventRecord): boolean {
    if (this.#test === null) return true;
    if (record.edge === 'return' && record.skb !== 0n) return this.#passed.has(record.skb);
    const passes = this.#test(record);
    if (record.skb === 0n) return passes;
    this.#passed.delete(record.skb);
    if (!passes) return false;
    this.#passed.add(record.skb);
    if (this.#passed.size > MAX_WAITING)
      for (const oldest of this.#passed) return this.#passed.delete(oldest);
    return true;
  }
}
