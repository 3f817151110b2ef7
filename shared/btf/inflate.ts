import type { BtfChain, BtfFile } from './chain.ts';
import {
  KIND_CONST,
  KIND_INT,
  KIND_RESTRICT,
  KIND_TYPEDEF,
  KIND_TYPE_TAG,
  KIND_VOLATILE,
  kindName,
} from './kinds.ts';
import { KIND_FLAG, VLEN_MASK } from './raw.ts';
import type { BtfType, Member } from './types.ts';

/**
 * INT's extra word: encoding bits 24-27 (1 signed, 2 char, 4 bool), bit offset bits 16-23, width bits 0-7.
 */
function intWord(word: number): { encoding: number; bitOffset: number; bits: number } {
  return { encoding: (word >>> 24) & 0x0f, bitOffset: (word >>> 16) & 0xff, bits: word & 0xff };
}

/** Reads the meaning of type `id`, which lies in `file`; names are looked up over the chain of `btf`. */
export function inflate(btf: BtfChain, file: BtfFile, id: number): BtfType {
  const { words, offsets, kinds, opaqueKinds } = file.types;
  const at = offsets[id - file.startId] ?? 0;
  const number = kinds[id - file.startId] ?? 0;
  const kind = opaqueKinds.has(number) ? 'unknown' : kindName(number);
  const info = words[at + 1] ?? 0;
  const third = words[at + 2] ?? 0;
  const vlen = info & VLEN_MASK;
  const flag = (info & KIND_FLAG) !== 0;
  const name = (): string => btf.nameAt(words[at] ?? 0);
  switch (kind) {
    case 'void':
      return { kind, id: 0 };
    case 'int': {
      const { encoding, bitOffset, bits } = intWord(words[at + 3] ?? 0);
      return {
        kind,
        id,
        name: name(),
        size: third,
        bits,
        bitOffset,
        encoding: { signed: (encoding & 1) !== 0, char: (encoding & 2) !== 0, bool: (encoding & 4) !== 0 },
      };
    }
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
      return { kind, id, name: kind === 'typedef' ? name() : '', typeId: third };
    case 'array':
      return {
        kind,
        id,
        elementId: words[at + 3] ?? 0,
        indexId: words[at + 4] ?? 0,
        count: words[at + 5] ?? 0,
      };
    case 'struct':
    case 'union':
      return { kind, id, name: name(), size: third, members: plainMembers(btf, file, id) };
    case 'enum': {
      const values = [];
      for (let i = 0; i < vlen; i++) {
        const value = words[at + 4 + i * 2] ?? 0;
        values.push({ name: btf.nameAt(words[at + 3 + i * 2] ?? 0), value: flag ? value | 0 : value });
      }
      return { kind, id, name: name(), size: third, signed: flag, values };
    }
    case 'enum64': {
      const values = [];
      for (let i = 0; i < vlen; i++) {
        const low = BigInt(words[at + 4 + i * 3] ?? 0);
        const high = BigInt(words[at + 5 + i * 3] ?? 0);
        const value = (high << 32n) | low;
        values.push({
          name: btf.nameAt(words[at + 3 + i * 3] ?? 0),
          value: flag ? BigInt.asIntN(64, value) : value,
        });
      }
      return { kind, id, name: name(), size: third, signed: flag, values };
    }
    case 'fwd':
      return { kind, id, name: name(), of: flag ? 'union' : 'struct' };
    case 'func':
      return {
        kind,
        id,
        name: name(),
        prototypeId: third,
        linkage: (['static', 'global', 'extern'] as const)[vlen] ?? vlen,
      };
    case 'func_proto': {
      const parameters = [];
      for (let i = 0; i < vlen; i++) {
        parameters.push({
          name: btf.nameAt(words[at + 3 + i * 2] ?? 0),
          typeId: words[at + 4 + i * 2] ?? 0,
        });
      }
      const last = parameters.at(-1);
      const variadic = last !== undefined && last.typeId === 0 && last.name === '';
      if (variadic) parameters.pop();
      return { kind, id, returnId: third, parameters, variadic };
    }
    case 'var':
      return { kind, id, name: name(), typeId: third, linkage: words[at + 3] ?? 0 };
    case 'datasec': {
      const variables = [];
      for (let i = 0; i < vlen; i++) {
        variables.push({
          typeId: words[at + 3 + i * 3] ?? 0,
          byteOffset: words[at + 4 + i * 3] ?? 0,
          size: words[at + 5 + i * 3] ?? 0,
        });
      }
      return { kind, id, name: name(), size: third, variables };
    }
    case 'float':
      return { kind, id, name: name(), size: third };
    case 'decl_tag': {
      const component = (words[at + 3] ?? 0) | 0;
      return {
        kind,
        id,
        name: name(),
        typeId: third,
        componentIndex: component < 0 ? null : component,
        attribute: flag,
      };
    }
    case 'type_tag':
      return { kind, id, name: name(), typeId: third, attribute: flag };
    case 'loc_param':
    case 'loc_proto':
    case 'locsec':
    case 'unknown': {
      const end = offsets[id - file.startId + 1] ?? words.length;
      return { kind, id, kindNumber: number, vlen, words: [...words.subarray(at + 2, end)] };
    }
    default:
      return unreachable(kind);
  }
}

function unreachable(kind: never): never {
  throw new Error(`No such kind: ${String(kind)}`);
}

/**
 * Members of the struct or union `id` of `file`. With kind_flag a member's offset word is bitfield width <<
 * 24 | bit offset; without, it is the bit offset, and a bitfield shows only in its INT (width other than size
 * * 8, or a bit offset of its own).
 */
export function plainMembers(btf: BtfChain, file: BtfFile, id: number): Member[] {
  const { words, offsets } = file.types;
  const at = offsets[id - file.startId] ?? 0;
  const info = words[at + 1] ?? 0;
  const vlen = info & VLEN_MASK;
  const flag = (info & KIND_FLAG) !== 0;
  const members: Member[] = [];
  for (let i = 0; i < vlen; i++) {
    const name = btf.nameAt(words[at + 3 + i * 3] ?? 0);
    const typeId = words[at + 4 + i * 3] ?? 0;
    const offset = words[at + 5 + i * 3] ?? 0;
    const bitfieldBits = flag ? offset >>> 24 : 0;
    const bitOffset = flag ? offset & 0xffffff : offset;
    if (bitfieldBits !== 0) {
      members.push({ name, typeId, bitOffset, bitfieldBits });
      continue;
    }
    const old = oldBitfield(btf, typeId);
    members.push(
      old === null
        ? { name, typeId, bitOffset, bitfieldBits: 0 }
        : { name, typeId, bitOffset: bitOffset + old.bitOffset, bitfieldBits: old.bits },
    );
  }
  return members;
}

/** Width and offset of the INT behind `typeId` where they make it an old-style bitfield, else null. */
function oldBitfield(btf: BtfChain, typeId: number): { bitOffset: number; bits: number } | null {
  let id = typeId;
  for (let step = 0; step <= btf.limits.resolveDepth; step++) {
    const file = btf.owner(id);
    if (file === null) return null;
    const at = file.types.offsets[id - file.startId] ?? 0;
    const third = file.types.words[at + 2] ?? 0;
    switch (file.types.kinds[id - file.startId]) {
      case KIND_INT: {
        const { bitOffset, bits } = intWord(file.types.words[at + 3] ?? 0);
        return bitOffset === 0 && bits === third * 8 ? null : { bitOffset, bits };
      }
      case KIND_TYPEDEF:
      case KIND_VOLATILE:
      case KIND_CONST:
      case KIND_RESTRICT:
      case KIND_TYPE_TAG:
        id = third;
        break;
      default:
        return null;
    }
  }
  return null;
}
