/**
 * Everything that can be wrong with a BTF blob or with a question asked about one.
 *
 * A file that breaks one of the format's rules never yields a half-read `Btf`: parsing throws. A rule that
 * can only be seen while following types (a loop, a rendering that would never end) throws where the type is
 * followed.
 */
export type BtfErrorCode =
  | 'E_SHORT'
  | 'E_MAGIC'
  | 'E_VERSION'
  | 'E_HDRLEN'
  | 'E_BOUNDS'
  | 'E_ALIGN'
  | 'E_LAYOUT'
  | 'E_STRS'
  | 'E_TRUNC'
  | 'E_KIND'
  | 'E_TYPEID'
  | 'E_STROFF'
  | 'E_FUNCPROTO'
  | 'E_ENDIAN'
  | 'E_NEEDBASE'
  | 'E_DEPTH'
  | 'E_BUDGET'
  | 'E_LIMIT'
  | 'E_NOTFOUND'
  | 'E_PATH';

const damaged =
  'Fetch the file again; if it was cut or altered on the way, compare its size with the original.';
const hostile = 'No compiler emits this: treat the file as damaged or hostile.';

/** What the reader can do about each code: one sentence. */
export const btfRemedies: Readonly<Record<BtfErrorCode, string>> = {
  E_SHORT: damaged,
  E_MAGIC:
    'Give raw BTF, such as a copy of /sys/kernel/btf/vmlinux, or an ELF file with a .BTF section; unpack it first.',
  E_VERSION: 'Only BTF version 1 exists so far; a newer skblens may read it.',
  E_HDRLEN: damaged,
  E_BOUNDS: damaged,
  E_ALIGN: damaged,
  E_LAYOUT: damaged,
  E_STRS: damaged,
  E_TRUNC: damaged,
  E_KIND:
    'The file uses a type kind newer than this parser and carries no layout section that tells its size.',
  E_TYPEID: 'If this is the BTF of a module, open it on top of the vmlinux BTF of the same running kernel.',
  E_STROFF: 'If this is the BTF of a module, open it on top of the vmlinux BTF of the same running kernel.',
  E_FUNCPROTO: damaged,
  E_ENDIAN: 'A module and its base come from one machine: fetch both from the same host.',
  E_NEEDBASE: 'Open the vmlinux BTF of the same kernel first and give it as the base.',
  E_DEPTH: hostile,
  E_BUDGET:
    'Expand fewer members at once; if one plain struct is over the budget, treat the file as hostile.',
  E_LIMIT: hostile,
  E_NOTFOUND: 'Check the spelling; search for part of the name to see what this kernel has.',
  E_PATH: 'Write struct.member, member[index] inside an array, and -> where a pointer is followed.',
};

/**
 * A refusal by the BTF reader. `offset` is in bytes from the start of the file; `typeId` the type in
 * question.
 */
export class BtfError extends Error {
  readonly code: BtfErrorCode;
  readonly remedy: string;
  readonly offset: number | undefined;
  readonly typeId: number | undefined;

  constructor(code: BtfErrorCode, sentence: string, where: { offset?: number; typeId?: number } = {}) {
    const at = where.offset === undefined ? '' : ` (file offset ${String(where.offset)})`;
    super(`${sentence}${at}`);
    this.name = 'BtfError';
    this.code = code;
    this.remedy = btfRemedies[code];
    this.offset = where.offset;
    this.typeId = where.typeId;
  }
}
