import { describe, expect, it } from 'vitest';
import { inspect } from '../../../shared/packet/inspect.ts';
import { readingAsExpected, readingAsFound } from '../../../shared/packet/reading.ts';
import { summary } from '../../../shared/packet/summary.ts';
import { verdict, VERDICT_KINDS } from '../../../shared/packet/verdict.ts';
import { GENERATORS } from './generator/cases.ts';
import { Random } from './generator/random.ts';

describe('the reading as found', () => {
  it.each(VERDICT_KINDS)('of %s reaches the IP header where the verdict says it is', (kind) => {
    const random = new Random(3);
    let reached = 0;
    let placed = 0;
    for (let run = 0; run < 300; run++) {
      const { input } = GENERATORS[kind](random);
      const result = verdict(input);
      const layers = inspect(input.bytes, readingAsFound(input, result));
      expect(typeof summary(layers)).toBe('string');
      expect(inspect(input.bytes, readingAsExpected(input)).length).toBeGreaterThanOrEqual(0);
      if (
        result.kind !== kind ||
        result.headerAt === null ||
        input.expect === 'ethernet' ||
        input.bytes.length === 0
      )
        continue;
      const version = result.detail.version === 6 ? 'ipv6' : 'ipv4';
      placed++;
      const at = result.headerAt - input.window;
      if (layers.some((layer) => layer.protocol === version && layer.at === at)) reached++;
    }
    expect(reached).toBeGreaterThanOrEqual(placed * 0.99);
  });
});
