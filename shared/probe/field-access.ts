import { Fail } from '../contract/failure.ts';

/** What a C path leads to. */
export interface FieldType {
  readonly type: string;
  /** `text`: an array of char. `other`: a struct, or an array: no number. */
  readonly kind: 'integer' | 'pointer' | 'text' | 'other';
  readonly signed: boolean;
  readonly bits: number;
  /**
   * Byte offsets at which pointers are loaded, each from the address that the one before gave, then the offset of the
   * value; null for an argument itself. Counted from the address in the argument, a pointer to a struct.
   */
  readonly loads: readonly number[] | null;
  /** Of a bitfield: its first bit in the byte at the last offset. */
  readonly firstBit?: number;
}

/**
 * The type behind `type` (of an argument, as BTF has it: `struct sk_buff *`) and the `rest` of a path
 * (`->dev->mtu`, ''). A string says in one sentence why there is none.
 */
export type FieldTypes = (type: string, rest: string) => FieldType | string;

/** An argument of a point and how the engine's language writes it. */
export interface ReadableArgument {
  readonly name: string;
  /** C type, as BTF or the format file has it. */
  readonly type: string;
  readonly expression: string;
}

/** A field at a point. */
export interface FieldAccess {
  readonly argument: ReadableArgument;
  readonly rest: string;
  readonly type: FieldType;
}

/** The first name of a C path, and what follows it. */
export function splitPath(path: string): { readonly root: string; readonly rest: string } {
  const [root = ''] = /^\w+/.exec(path) ?? [];
  return { root, rest: path.slice(root.length) };
}

/**
 * How a field is reached from the arguments of each point; null at a point that has no such argument. Throws
 * `field-unknown` when no point has it, or it leads to nothing that fits a number, with the name of the field.
 */
export function accessField(
  field: string,
  points: readonly { readonly name: string; readonly arguments: readonly ReadableArgument[] }[],
  types: FieldTypes,
): readonly (FieldAccess | null)[] {
  const { root, rest } = splitPath(field);
  let reason: string | null = null;
  const found = points.map((point): FieldAccess | null => {
    const argument = point.arguments.find(({ name }) => name === root);
    if (argument === undefined) {
      const known = point.arguments.map(({ name }) => name).join(', ');
      reason ??= `${point.name} has no argument ${root}; it has ${known || 'none that can be read'}`;
      return null;
    }
    const type = types(argument.type, rest);
    if (typeof type === 'string') {
      reason = type;
      return null;
    }
    if (type.kind === 'text' || type.kind === 'other') {
      reason = `it is ${type.type}, which is no number: choose a member or an element of it`;
      return null;
    }
    return { argument, rest, type };
  });
  if (found.every((one) => one === null))
    throw new Fail('field-unknown', { field, message: reason ?? 'there is no such argument' });
  return found;
}
