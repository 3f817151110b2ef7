/**
 * BTF type kinds by number: include/uapi/linux/btf.h, BTF_KIND_*; 20 to 22 as merged in bpf-next in 2026-09.
 */
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

/** The last kind whose size this parser knows without the file's layout section. */
export const KIND_LAST = 22;

/**
 * The last kind of the settled format; the kinds after it may change size, then the layout section is
 * believed.
 */
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

/** What a 32-bit word of a type is: a string offset, a type id, or a number of its own. */
export const OTHER = 0;
export const NAME = 1;
export const TYPE = 2;

export type WordRole = typeof OTHER | typeof NAME | typeof TYPE;

/**
 * The words of a kind behind `name_off` and `info`: the third word of struct btf_type, what follows once, and
 * what follows vlen times.
 */
export interface KindWords {
  readonly third: WordRole;
  readonly info: readonly WordRole[];
  readonly element: readonly WordRole[];
}

function words(
  third: WordRole,
  info: readonly WordRole[] = [],
  element: readonly WordRole[] = [],
): KindWords {
  return { third, info, element };
}

/**
 * Index = kind number, 0 to 22. References of the kinds above 19 are `OTHER`: those kinds may still change,
 * so they are checked where they are read.
 */
export const kindWords: readonly KindWords[] = [
  words(OTHER),
  words(OTHER, [OTHER]),
  words(TYPE),
  words(OTHER, [TYPE, TYPE, OTHER]),
  words(OTHER, [], [NAME, TYPE, OTHER]),
  words(OTHER, [], [NAME, TYPE, OTHER]),
  words(OTHER, [], [NAME, OTHER]),
  words(OTHER),
  words(TYPE),
  words(TYPE),
  words(TYPE),
  words(TYPE),
  words(TYPE),
  words(TYPE, [], [NAME, TYPE]),
  words(TYPE, [OTHER]),
  words(OTHER, [], [TYPE, OTHER, OTHER]),
  words(OTHER),
  words(TYPE, [OTHER]),
  words(TYPE),
  words(OTHER, [], [NAME, OTHER, OTHER]),
  words(OTHER, [OTHER], [OTHER]),
  words(OTHER, [], [OTHER]),
  words(OTHER, [], [OTHER, OTHER, OTHER]),
];

/** Bytes after the 12-byte struct btf_type: once (`info`) and for each of vlen elements (`element`). */
export interface KindSize {
  readonly info: number;
  readonly element: number;
}

/** Index = kind number, 0 to 22. */
export const kindSizes: readonly KindSize[] = kindWords.map(({ info, element }) => ({
  info: info.length * 4,
  element: element.length * 4,
}));
