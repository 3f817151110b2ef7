import { describe, expect, it } from 'vitest';
import { verdict, verdictCode, VERDICT_KINDS } from '../../../shared/packet/verdict.ts';
import { GENERATORS } from './generator/cases.ts';
import type { KnownCase } from './generator/cases.ts';
import { Random } from './generator/random.ts';

const RUNS = 4000;

function shown({ input, made, headerAt }: KnownCase): string {
  const { bytes, window, expect: wanted, packetLength, skb } = input;
  return `${made}: expect ${wanted}, window ${window}, length ${packetLength}, device ${skb?.deviceType ?? '-'}, header ${headerAt}\n${Buffer.from(bytes).toString('hex')}`;
}

describe('verdicts of packets made to be something', () => {
  it.each(VERDICT_KINDS)('%s: at least 995 of 1000 right', (kind) => {
    const random = new Random(VERDICT_KINDS.indexOf(kind) + 1);
    const wrong: string[] = [];
    const misplaced: string[] = [];
    for (let run = 0; run < RUNS; run++) {
      const known = GENERATORS[kind](random);
      const code = verdictCode(known.input);
      if (code.kind !== kind) wrong.push(`${code.kind} for ${shown(known)}`);
      else if (code.headerAt !== known.headerAt) misplaced.push(`${code.headerAt} for ${shown(known)}`);
      if (run % 20 === 0) {
        const whole = verdict(known.input);
        expect([whole.kind, whole.headerAt]).toEqual([code.kind, code.headerAt]);
      }
    }
    expect(wrong.length, wrong.slice(0, 5).join('\n\n')).toBeLessThanOrEqual(RUNS * 0.005);
    expect(misplaced.length, misplaced.slice(0, 5).join('\n\n')).toBeLessThanOrEqual(RUNS * 0.005);
  });
});
