/** BTF type kinds by number: include/uapi/linux/btf.h, BTF_KIND_*; 20 to 22 as merged in bpf-next in 2026-09. */
export const KIND_VOID = 0;
export const KIND_INT = 1;
export const KIND_PTR = 2;
export const KIND_ARRAY = 3;
export const KIND_STRUCT = 4;
export const KIND_UNION = 5;
export const KIND_ENUM = 6;
export const KIND_FWD = 7;
export const KIND_TYPEDEF = 8;
export const KIND_VOLATILE = 9;
export const KIND_CONST = 10;
export const KIND_RESTRICT = 11;
export const KIND_FUNC = 12;
export const KIND_FUNC_PROTO = 13;
export const KIND_VAR = 14;
export const KIND_DATASEC = 15;
export const KIND_FLOAT = 16;
export const KIND_DECL_TAG = 17;
export const KIND_TYPE_TAG = 18;
export const KIND_ENUM64 = 19;
export const KIND_LOC_PARAM = 20;
export const KIND_LOC_PROTO = 21;
export const KIND_LOCSEC = 22;

/** The last kind whose size this parser knows without the file's layout section. */
export const KIND_LAST = 22;

/** The last kind of the settled format; the kinds after it may change size, then the layout section is believed. */
export const KIND_LAST_SETTLED = 19;

const names = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
  'loc_param',
  'loc_proto',
  'locsec',
] as const;

export type KindName = (typeof names)[number] | 'unknown';

/** The name of a kind number; `unknown` for numbers the format has not given yet. */
export function kindName(kind: number): KindName {
  return names[kind] ?? 'unknown';
}

/** The number of a kind name; `unknown` has none. */
export function kindNumber(name: Exclude<KindName, 'unknown'>): number {
  return names.indexOf(name);
}

/** Bytes after the 12-byte struct btf_type: once (`info`) and for each of vlen elements (`element`). */
export interface KindSize {
  readonly info: number;
  readonly element: number;
}

const bare: KindSize = { info: 0, element: 0 };

/** Index = kind number, 0 to 22. */
export const kindSizes: readonly KindSize[] = [
  bare,
  { info: 4, element: 0 },
  bare,
  { info: 12, element: 0 },
  { info: 0, element: 12 },
  { info: 0, element: 12 },
  { info: 0, element: 8 },
  bare,
  bare,
  bare,
  bare,
  bare,
  bare,
  { info: 0, element: 8 },
  { info: 4, element: 0 },
  { info: 0, element: 12 },
  bare,
  { info: 4, element: 0 },
  bare,
  { info: 0, element: 12 },
  { info: 4, element: 4 },
  { info: 0, element: 4 },
  { info: 0, element: 12 },
];
