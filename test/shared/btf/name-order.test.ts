import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOrder } from '../../../shared/btf/name-order.ts';

function plainOrder(names: readonly string[]): number[] {
  return names
    .map((_name, n) => n)
    .sort((a, b) => {
      const [left, right] = [names[a] ?? '', names[b] ?? ''];
      return left < right ? -1 : left > right ? 1 : a - b;
    });
}

const piece = fc.constantFrom('__x64_sys_', 'trace_event_', 'ip', '_', 'a', 'B', '.', '9', '');
const kernelName = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
const anyName = fc.oneof(
  { weight: 20, arbitrary: kernelName },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

test('names are ordered as a comparison orders them, those alike as they came', () => {
  fc.assert(
    fc.property(fc.array(kernelName, { maxLength: 300 }), (names) => {
      expect([...nameOrder(names)]).toEqual(plainOrder(names));
    }),
  );
  fc.assert(
    fc.property(fc.array(anyName, { maxLength: 60 }), (names) => {
      expect([...nameOrder(names)]).toEqual(plainOrder(names));
    }),
  );
});

test('long names that are alike, zero characters, and more names than one number holds', () => {
  const long = 'x'.repeat(200_000);
  const alike = Array.from({ length: 40 }, (_, n) => `${long}${n % 7}`);
  expect([...nameOrder(alike)]).toEqual(plainOrder(alike));
  const zeros = Array.from({ length: 40 }, (_, n) => ['a', 'a\0', 'a\0b', ''][n % 4] ?? '');
  expect([...nameOrder(zeros)]).toEqual(plainOrder(zeros));
  const many = Array.from({ length: 2 ** 18 + 1 }, (_, n) => String((n * 7919) % 100_003));
  expect([...nameOrder(many)]).toEqual(plainOrder(many));
});
