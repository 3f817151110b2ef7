import { execFileSync } from 'node:child_process';
import type { Btf } from '../../../shared/btf/decoder.ts';
import type { BtfType } from '../../../shared/btf/types.ts';

/** One type as `bpftool -j btf dump ... format raw` prints it. Numbers over 2^53 come as strings. */
export type BpftoolType = Readonly<Record<string, unknown>> & { readonly id: number; readonly kind: string };

/**
 * Runs bpftool on a BTF file. Numbers of 16 digits and more are quoted first: JSON.parse would round them.
 */
export function bpftoolDump(file: string, base?: string): BpftoolType[] {
  const args = [
    ...(base === undefined ? [] : ['-B', base]),
    '-j',
    'btf',
    'dump',
    'file',
    file,
    'format',
    'raw',
  ];
  const text = execFileSync('bpftool', args, { maxBuffer: 1 << 30, encoding: 'utf8' });
  const parsed = JSON.parse(text.replace(/:(-?\d{16,})(?=[,}])/g, ':"$1"')) as { types: BpftoolType[] };
  return parsed.types;
}

/**
 * Our reading of a type in bpftool's words. Known quirks of bpftool 7.1: an enum value of 2^31 or more is
 * printed sign-extended to 64 bits, so values are compared modulo 2^32; `vlen`, `encoding` of enums come and
 * go with its version.
 */
export function asBpftoolPrints(btf: Btf, id: number): Record<string, unknown> {
  const type = btf.type(id);
  const name = 'name' in type && type.name !== '' ? type.name : '(anon)';
  const common = { id, kind: type.kind.toUpperCase(), name };
  switch (type.kind) {
    case 'int':
      return {
        ...common,
        size: type.size,
        bits_offset: type.bitOffset,
        nr_bits: type.bits,
        encoding: intEncoding(type),
      };
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      return { ...common, type_id: type.typeId };
    case 'array':
      return { ...common, type_id: type.elementId, index_type_id: type.indexId, nr_elems: type.count };
    case 'struct':
    case 'union':
      return {
        ...common,
        size: type.size,
        members: type.members.map((member) => ({
          name: member.name === '' ? '(anon)' : member.name,
          type_id: member.typeId,
          bits_offset: member.bitOffset,
          ...(member.bitfieldBits === 0 ? {} : { bitfield_size: member.bitfieldBits }),
        })),
      };
    case 'enum':
      return {
        ...common,
        size: type.size,
        values: type.values.map(({ name: valueName, value }) => ({ name: valueName, val: value >>> 0 })),
      };
    case 'enum64':
      return {
        ...common,
        size: type.size,
        values: type.values.map(({ name: valueName, value }) => ({
          name: valueName,
          val: String(BigInt.asUintN(64, value)),
        })),
      };
    case 'fwd':
      return { ...common, fwd_kind: type.of };
    case 'func':
      return { ...common, type_id: type.prototypeId, linkage: String(type.linkage) };
    case 'func_proto': {
      const params = type.parameters.map((parameter) => ({
        name: parameter.name === '' ? '(anon)' : parameter.name,
        type_id: parameter.typeId,
      }));
      if (type.variadic) params.push({ name: '(anon)', type_id: 0 });
      return { ...common, ret_type_id: type.returnId, params };
    }
    case 'var':
      return {
        ...common,
        type_id: type.typeId,
        linkage: (['static', 'global', 'extern'] as const)[type.linkage],
      };
    case 'datasec':
      return {
        ...common,
        size: type.size,
        vars: type.variables.map((variable) => ({
          type_id: variable.typeId,
          offset: variable.byteOffset,
          size: variable.size,
        })),
      };
    case 'float':
      return { ...common, size: type.size };
    case 'decl_tag':
      return { ...common, type_id: type.typeId, component_idx: type.componentIndex ?? -1 };
    default:
      return common;
  }
}

function intEncoding(type: Extract<BtfType, { kind: 'int' }>): string {
  if (type.encoding.signed) return 'SIGNED';
  if (type.encoding.char) return 'CHAR';
  return type.encoding.bool ? 'BOOL' : '(none)';
}

/** bpftool's reading with its quirks taken out, to compare with asBpftoolPrints. */
export function withoutQuirks(type: BpftoolType): Record<string, unknown> {
  const { vlen: _vlen, encoding, ...rest } = type;
  const kept: Record<string, unknown> = type.kind === 'INT' ? { ...rest, encoding } : { ...rest };
  if (type.kind === 'ENUM' || type.kind === 'ENUM64') {
    const width = type.kind === 'ENUM' ? 32 : 64;
    kept['values'] = (type['values'] as { name: string; val: number | string }[]).map(({ name, val }) => {
      const value = BigInt.asUintN(width, BigInt(val));
      return { name, val: width === 32 ? Number(value) : String(value) };
    });
  }
  return kept;
}

/** Every type of `btf` that bpftool reads otherwise, at most ten, as text. */
export function differences(btf: Btf, dump: readonly BpftoolType[]): string[] {
  const found: string[] = [];
  for (const theirs of dump) {
    const expected = JSON.stringify(sorted(withoutQuirks(theirs)));
    const actual = JSON.stringify(sorted(asBpftoolPrints(btf, theirs.id)));
    if (expected !== actual) found.push(`bpftool ${expected}\nours    ${actual}`);
    if (found.length === 10) break;
  }
  return found;
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
