import { typeText } from './declare.ts';
import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { BtfError } from './failure.ts';
import { KIND_ARRAY, KIND_STRUCT, KIND_UNION } from './kinds.ts';
import { extraWord, memberCount, sizeOf, underlying } from './resolve.ts';

/** A member that covers a byte. */
export interface MemberAtOffset {
  /** How C reaches it, array indexes included: `cb[5]`. */
  readonly path: string;
  readonly type: string;
  readonly byteOffset: number;
  readonly bitOffset: number;
  readonly bits: number;
}

/**
 * What lies at byte `byteOffset` of struct or union `id`: the innermost members that cover it, one for each
 * union arm and each bitfield there; [] in a hole. Throws E_DEPTH and E_BUDGET.
 */
export function membersAtOffset(btf: Btf, id: number, byteOffset: number): MemberAtOffset[] {
  const found: MemberAtOffset[] = [];
  let budget = btf.limits.nodes;
  const pending: Place[] = [
    { path: '', typeId: id, bitOffset: 0, bits: (sizeOf(btf, id) ?? 0) * 8, bitfield: false, level: 0 },
  ];
  const first = byteOffset * 8;
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (place.level > btf.limits.resolveDepth) {
      throw new BtfError('E_DEPTH', `Type ${id} nests deeper than ${btf.limits.resolveDepth}`, {
        typeId: id,
      });
    }
    const target = place.bitfield ? 0 : underlying(btf, place.typeId);
    const kind = btf.kindNumber(target);
    if (kind === KIND_ARRAY) {
      const element = elementAt(btf, target, place, first);
      if (element !== null) pending.push(element);
    } else if (kind === KIND_STRUCT || kind === KIND_UNION) {
      budget -= memberCount(btf, target);
      if (budget < 0)
        throw new BtfError('E_BUDGET', `Type ${id} has over ${btf.limits.nodes} members`, { typeId: id });
      pending.push(...covering(btf, target, place, first).reverse());
    } else {
      const { path, typeId, bitOffset, bits } = place;
      found.push({
        path,
        type: typeText(btf, typeId),
        byteOffset: Math.floor(bitOffset / 8),
        bitOffset,
        bits,
      });
    }
  }
  return found;
}

interface Place {
  readonly path: string;
  readonly typeId: number;
  readonly bitOffset: number;
  readonly bits: number;
  readonly bitfield: boolean;
  readonly level: number;
}

function elementAt(btf: Btf, arrayId: number, place: Place, firstBit: number): Place | null {
  const typeId = extraWord(btf, arrayId, 0);
  const bits = (sizeOf(btf, typeId) ?? 0) * 8;
  if (bits === 0) return null;
  const index = Math.floor((firstBit - place.bitOffset) / bits);
  return {
    path: `${place.path}[${index}]`,
    typeId,
    bitOffset: place.bitOffset + index * bits,
    bits,
    bitfield: false,
    level: place.level + 1,
  };
}

function covering(btf: Btf, compositeId: number, place: Place, firstBit: number): Place[] {
  const places: Place[] = [];
  for (const member of btf.members(compositeId)) {
    const bitOffset = place.bitOffset + member.bitOffset;
    const bitfield = member.bitfieldBits !== 0;
    const bits = bitfield ? member.bitfieldBits : (sizeOf(btf, member.typeId) ?? 0) * 8;
    if (bitOffset >= firstBit + 8 || bitOffset + bits <= firstBit) continue;
    const name = shownName(member.name);
    const path = name === '' ? place.path : place.path === '' ? name : `${place.path}.${name}`;
    places.push({ path, typeId: member.typeId, bitOffset, bits, bitfield, level: place.level + 1 });
  }
  return places;
}
