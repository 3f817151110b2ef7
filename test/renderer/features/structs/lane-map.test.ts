import { describe, expect, test } from 'vitest';
import { laneMap } from '../../../../renderer/features/structs/lane-map.ts';
import type { MapBox, MapLine } from '../../../../renderer/features/structs/lane-map.ts';
import type { MemberNode, StructNode } from '../../../../shared/btf/body.ts';
import { fakeKernel } from '../../dev/fake-kernel.ts';

const skb = fakeKernel().structs.layouts('sk_buff')[0] ?? expect.fail('no sk_buff');

function member(path: string, byteOffset: number, bytes: number, rest: Partial<MemberNode> = {}): MemberNode {
  return {
    ...{ kind: 'member', name: path, path, type: 't', bitOffset: byteOffset * 8, bits: bytes * 8 },
    ...{ bitfield: false, body: null, nodes: [], leads: null, elements: null, ...rest },
  };
}

const boxesOf = (line: MapLine | undefined): readonly MapBox[] => (line?.kind === 'line' ? line.boxes : []);

describe('the map of a struct', () => {
  const { lines, cut } = laneMap(skb.nodes, 'struct');

  test('draws the arms of unions above each other, and every other member over all of them', () => {
    expect(cut).toBe(false);
    expect(lines[0]).toMatchObject({ byteOffset: 0, lanes: 3 });
    const places = boxesOf(lines[0]).map(({ label, left, top, height }) => [label, left, top, height]);
    expect(places).toEqual([
      ['next', 0, 0, 2 / 3],
      ['prev', 0.5, 0, 2 / 3],
      ['list', 0, 2 / 3, 1 / 3],
    ]);
    const second = boxesOf(lines[1]).map(({ label, top, height }) => [label, top, height]);
    expect(second).toEqual([
      ['dev', 0, 1 / 3],
      ['dev_scratch', 1 / 3, 1 / 3],
      ['sk', 0, 1],
    ]);
  });

  test('cuts a member at the end of each line; its name stands where it begins', () => {
    const parts = lines.flatMap((line) => boxesOf(line)).filter(({ label }) => label === 'cb');
    expect(parts.map(({ begins, left, width }) => [begins, left, width])).toEqual([
      [true, 0, 1],
      [false, 0, 1],
      [false, 0, 1],
    ]);
  });

  test('every bit of the struct is in a box, also those of holes', () => {
    let covered = 0;
    for (const line of lines) {
      const bits = new Set<number>();
      for (const { left, width } of boxesOf(line))
        for (let bit = Math.round(left * 128); bit < Math.round((left + width) * 128); bit++) bits.add(bit);
      covered += bits.size;
    }
    expect(covered).toBe(skb.size * 8);
  });

  test('many lines of one thing are folded, a few are not', () => {
    const shape = (bytes: number) =>
      laneMap([member('big', 0, bytes), member('end', bytes, 8)], 'struct').lines.map((line) =>
        line.kind === 'folded' ? `folded ${line.byteOffset} ${line.bytes}` : `line ${line.byteOffset}`,
      );
    expect(shape(64)).toEqual(['line 0', 'line 16', 'line 32', 'line 48', 'line 64']);
    expect(shape(16 << 20)).toEqual([
      'line 0',
      'line 16',
      `folded 32 ${(16 << 20) - 48}`,
      `line ${(16 << 20) - 16}`,
      `line ${16 << 20}`,
    ]);
  });

  test('a union is a struct of lanes; what has no bits is not drawn; too much is cut, and said', () => {
    const union = laneMap([member('a', 0, 8), member('b', 0, 4), member('flexible', 0, 0)], 'union');
    expect(boxesOf(union.lines[0]).map(({ label }) => label)).toEqual(['a', 'b']);
    expect(laneMap([], 'struct')).toEqual({ lines: [], cut: false });
    const many: StructNode[] = Array.from({ length: 20_000 }, (_, n) => member(`m${n}`, n * 4, 4));
    const large = laneMap(many, 'struct');
    expect(large.cut).toBe(true);
    expect(large.lines.length).toBeLessThan(4_001);
  });
});
