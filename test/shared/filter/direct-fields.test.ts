import { expect, test } from 'vitest';
import { FLAG_SKB, emptyRecord } from '../../../shared/capture/record.ts';
import type { FilterPoint } from '../../../shared/filter/context.ts';
import { directFields, directNumber, isPlain } from '../../../shared/filter/direct-fields.ts';
import { KERNEL_FIELDS } from '../../../shared/filter/kernel-fields.ts';
import { PacketPlace } from '../../../shared/filter/packet-place.ts';
import { fieldsOf } from '../../../shared/filter/protocol-fields.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import { GENERATORS } from '../packet/generator/cases.ts';
import { Random } from '../packet/generator/random.ts';
import { STACKS } from '../packet/oracle/stacks.ts';

test('fields read straight from the bytes are those that the decoders give', () => {
  const random = new Random(31);
  const place = new PacketPlace();
  let plain = 0;
  const differing: string[] = [];
  const check = (
    bytes: Uint8Array,
    window: number,
    length: number,
    expect: FilterPoint['expect'],
    made: string,
  ): void => {
    const point: FilterPoint = {
      name: 'f',
      edge: 'entry',
      captures: 'packet',
      expect,
      pointer: 'data',
      output: false,
      parameters: [],
    };
    const record = {
      ...emptyRecord(Uint8Array.from(bytes.subarray(0, 128))),
      flags: FLAG_SKB,
      window,
      len: length,
    };
    place.locate(record, point);
    if (!isPlain(place)) return;
    plain++;
    for (const [name, at] of Object.entries(KERNEL_FIELDS)) {
      if (name.endsWith('.src') || name.endsWith('.dst')) continue;
      const found = place
        .layers()
        .flatMap(({ fields }) => fields)
        .filter((field) => field.name === name && field.raw !== null)
        .map(({ raw }) => Number(raw));
      const direct = directNumber(place, at);
      const wanted = Number.isNaN(direct) ? [] : [direct];
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        differing.push(`${made}: ${name} ${found.join()} ${direct}`);
    }
  };
  for (const kind of VERDICT_KINDS)
    for (let i = 0; i < 200; i++) {
      const { input, made } = GENERATORS[kind](random);
      if (input.packetLength !== null)
        check(input.bytes, input.window, input.packetLength, input.expect, made);
    }
  for (const [name, make] of Object.entries(STACKS))
    for (let i = 0; i < 60; i++) {
      const frame = make(random);
      check(frame, 0, frame.length, 'ethernet', name);
      check(frame.subarray(14), 0, frame.length - 14, 'ip', `${name} at IP`);
      check(frame, 0, frame.length, 'ipv4', `${name} where IP was expected`);
    }
  expect(differing.slice(0, 10)).toEqual([]);
  expect(plain).toBeGreaterThan(800);
  expect(directFields(fieldsOf('tcp.port'))).toHaveLength(2);
  expect(directFields(fieldsOf('vxlan.vni'))).toBeNull();
});
