import { BtfError } from './failure.ts';
import { KIND_FUNC_PROTO, KIND_LAST_SETTLED, NAME, OTHER, TYPE, kindWords } from './kinds.ts';
import type { WordRole } from './kinds.ts';
import { VLEN_MASK } from './raw.ts';
import type { RawTypes } from './raw.ts';

/**
 * Checks that every type id is below `typeCount`, every name offset below `stringEnd`, and that every FUNC
 * names a FUNC_PROTO (`kindOf` answers for any id of the chain). Throws E_TYPEID, E_STROFF, E_FUNCPROTO with
 * the place of the first offender.
 */
export function checkReferences(
  types: RawTypes,
  firstId: number,
  typeCount: number,
  stringEnd: number,
  kindOf: (id: number) => number,
): void {
  if (types.highestType >= typeCount || types.highestName >= stringEnd) {
    throw firstOffender(types, firstId, typeCount, stringEnd);
  }
  const { words, offsets, kinds, functions } = types;
  for (let i = 0; i < functions.length; i++) {
    const n = functions[i] ?? 0;
    const target = words[(offsets[n] ?? 0) + 2] ?? 0;
    const kind = target >= firstId ? (kinds[target - firstId] ?? 0) : kindOf(target);
    if (kind === KIND_FUNC_PROTO) continue;
    throw new BtfError(
      'E_FUNCPROTO',
      `Function type ${firstId + n} points at type ${target} of kind ${kind}, not at a FUNC_PROTO`,
      { offset: types.start + ((offsets[n] ?? 0) + 2) * 4, typeId: firstId + n },
    );
  }
}

/** Goes over all references again, with their places, up to the first that leads nowhere. */
function firstOffender(types: RawTypes, firstId: number, typeCount: number, stringEnd: number): BtfError {
  const { words, offsets, kinds } = types;
  for (let n = 0; n < offsets.length; n++) {
    const at = offsets[n] ?? 0;
    const kind = kinds[n] ?? 0;
    const known = kind <= KIND_LAST_SETTLED ? kindWords[kind] : undefined;
    const body: readonly WordRole[] = known === undefined ? [] : [...known.info, ...known.element];
    const end =
      known === undefined ? at + 1 : at + 3 + known.info.length + bodyWords(words, at, known.element.length);
    for (let i = at; i < end; i++) {
      const word = words[i] ?? 0;
      const role =
        i === at
          ? NAME
          : i === at + 1
            ? OTHER
            : i === at + 2
              ? known?.third
              : body[(i - at - 3) % body.length];
      const where = { offset: types.start + i * 4, typeId: firstId + n };
      if (role === TYPE && word >= typeCount) {
        return new BtfError(
          'E_TYPEID',
          `Type ${firstId + n} mentions type ${word}; there are ${typeCount}`,
          where,
        );
      }
      if (role === NAME && word >= stringEnd) {
        const sentence = `Type ${firstId + n} has a name at string offset ${word}; the strings end at ${stringEnd}`;
        return new BtfError('E_STROFF', sentence, where);
      }
    }
  }
  return new BtfError('E_TYPEID', `A type mentions type ${types.highestType}; there are ${typeCount}`);
}

function bodyWords(words: Uint32Array, at: number, elementWords: number): number {
  return ((words[at + 1] ?? 0) & VLEN_MASK) * elementWords;
}
