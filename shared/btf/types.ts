import type { KindName } from './kinds.ts';

/**
 * What a BTF type means, one shape a kind. Ids are those of the whole chain; 0 is void. Sizes in bytes,
 * offsets in bits.
 */
export type BtfType =
  | VoidType
  | IntType
  | ReferenceType
  | ArrayType
  | CompositeType
  | EnumType
  | Enum64Type
  | ForwardType
  | FunctionType
  | FunctionPrototypeType
  | VariableType
  | DataSectionType
  | FloatType
  | DeclTagType
  | TypeTagType
  | UninterpretedType;

export interface VoidType {
  readonly kind: 'void';
  readonly id: 0;
}

export interface IntType {
  readonly kind: 'int';
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /**
   * Bits used, and where they begin inside `size` bytes: differ from size * 8 and 0 in old-style bitfields.
   */
  readonly bits: number;
  readonly bitOffset: number;
  readonly encoding: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean };
}

/** `name` is '' except for typedef. */
export interface ReferenceType {
  readonly kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict';
  readonly id: number;
  readonly name: string;
  readonly typeId: number;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly id: number;
  readonly elementId: number;
  readonly indexId: number;
  readonly count: number;
}

export interface CompositeType {
  readonly kind: 'struct' | 'union';
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly members: readonly Member[];
}

/**
 * `bitOffset` counts from the start of the struct. `bitfieldBits` is 0 for a plain member. In a big-endian
 * BTF the bits of a bitfield count from the most significant bit of the first byte.
 */
export interface Member {
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
  readonly bitfieldBits: number;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface Enum64Type {
  readonly kind: 'enum64';
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface ForwardType {
  readonly kind: 'fwd';
  readonly id: number;
  readonly name: string;
  readonly of: 'struct' | 'union';
}

export interface FunctionType {
  readonly kind: 'func';
  readonly id: number;
  readonly name: string;
  readonly prototypeId: number;
  readonly linkage: 'static' | 'global' | 'extern' | number;
}

export interface FunctionPrototypeType {
  readonly kind: 'func_proto';
  readonly id: number;
  readonly returnId: number;
  readonly parameters: readonly Parameter[];
  /** Ends with `...`, which is not among the parameters. */
  readonly variadic: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly typeId: number;
}

export interface VariableType {
  readonly kind: 'var';
  readonly id: number;
  readonly name: string;
  readonly typeId: number;
  readonly linkage: number;
}

export interface DataSectionType {
  readonly kind: 'datasec';
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly variables: readonly {
    readonly typeId: number;
    readonly byteOffset: number;
    readonly size: number;
  }[];
}

export interface FloatType {
  readonly kind: 'float';
  readonly id: number;
  readonly name: string;
  readonly size: number;
}

/**
 * `componentIndex` is the member or parameter meant, null for the whole type. `attribute`: a plain
 * __attribute__.
 */
export interface DeclTagType {
  readonly kind: 'decl_tag';
  readonly id: number;
  readonly name: string;
  readonly typeId: number;
  readonly componentIndex: number | null;
  readonly attribute: boolean;
}

export interface TypeTagType {
  readonly kind: 'type_tag';
  readonly id: number;
  readonly name: string;
  readonly typeId: number;
  readonly attribute: boolean;
}

/**
 * Kinds that carry no C type (inline call locations), and kinds known by size only: the words after struct
 * btf_type.
 */
export interface UninterpretedType {
  readonly kind: Extract<KindName, 'loc_param' | 'loc_proto' | 'locsec' | 'unknown'>;
  readonly id: number;
  readonly kindNumber: number;
  readonly vlen: number;
  readonly words: readonly number[];
}
