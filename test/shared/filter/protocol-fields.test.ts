import { expect, test } from 'vitest';
import { protocolField } from '../../../shared/filter/protocol-fields.ts';
import { inspect } from '../../../shared/packet/inspect.ts';
import { Random } from '../packet/generator/random.ts';
import { STACKS } from '../packet/oracle/stacks.ts';

test('every field that the decoders give is known, with the type of its value', () => {
  const unknown = new Set<string>();
  const mistyped = new Set<string>();
  let seen = 0;
  for (const make of Object.values(STACKS))
    for (let seed = 0; seed < 60; seed++) {
      const frame = make(new Random(seed));
      const layers = inspect(frame, { start: 'ethernet', at: 0, packetLength: frame.length });
      for (const { name, raw } of layers.flatMap(({ fields }) => fields)) {
        const field = protocolField(name);
        if (field === null) unknown.add(name);
        else if (raw !== null) {
          seen++;
          const bytes = field.type === 'ipv6' || field.type === 'bytes';
          if (raw instanceof Uint8Array !== bytes) mistyped.add(name);
        }
      }
    }
  expect([...unknown]).toEqual([]);
  expect([...mistyped]).toEqual([]);
  expect(seen).toBeGreaterThan(10_000);
});
