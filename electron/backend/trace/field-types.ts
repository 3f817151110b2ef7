import type { Btf } from '../../../shared/btf/decoder.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { findComposites, resolvePath } from '../../../shared/btf/path.ts';
import { sizeOf, underlying } from '../../../shared/btf/resolve.ts';
import type { FieldType, FieldTypes } from '../../../shared/probe/field-access.ts';

const POINTER = /^(?:const\s+)?(?:struct|union)\s+(\w+)\s*(?:const\s*)?\*$/;

/** What C paths lead to, by the BTF of a kernel and its modules. */
export function fieldTypesOf(modules: readonly ModuleBtf[]): FieldTypes {
  return (type, rest) => {
    if (rest === '') return ofArgument(type);
    const [, struct] = POINTER.exec(type) ?? [];
    if (struct === undefined) return `the argument is ${type}, which is no pointer to a struct`;
    if (!rest.startsWith('->')) return `the argument is ${type}, a pointer: write ->`;
    const holder = modules.find(({ btf }) => findComposites(btf, struct).length > 0)?.btf;
    if (holder === undefined) return `this kernel's BTF has no struct ${struct}`;
    try {
      return follow(holder, struct, rest);
    } catch (error) {
      if (!(error instanceof BtfError)) throw error;
      return error.message;
    }
  };
}

/** An argument itself: BTF has its type as text, so only what the text says is known. */
function ofArgument(type: string): FieldType {
  const pointer = type.includes('*');
  const other = !pointer && /^(?:const\s+)?(?:struct|union)\s/.test(type);
  const signed =
    /^(?:const\s+)?(?:int|long int|long|short int|short|signed char|char|s\d+|ssize_t|__s\d+)$/.test(type);
  return {
    type,
    kind: pointer ? 'pointer' : other ? 'other' : 'integer',
    signed: signed && !pointer,
    bits: 64,
    loads: null,
  };
}

function follow(btf: Btf, struct: string, rest: string): FieldType {
  const path = resolvePath(btf, struct + rest.replace(/^->/, '.'));
  const target = btf.type(underlying(btf, path.typeId));
  const kind = ((): FieldType['kind'] => {
    switch (target.kind) {
      case 'int':
      case 'enum':
      case 'enum64':
        return 'integer';
      case 'ptr':
        return 'pointer';
      case 'array':
        return sizeOf(btf, target.elementId) === 1 ? 'text' : 'other';
      default:
        return 'other';
    }
  })();
  return {
    type: path.type,
    kind,
    signed:
      target.kind === 'int'
        ? target.encoding.signed && !target.encoding.bool
        : (target.kind === 'enum' || target.kind === 'enum64') && target.signed,
    bits: path.bits,
    loads: [...path.pointers, path.byteOffset],
    ...(path.bitfield ? { firstBit: path.bitOffset % 8 } : {}),
  };
}
