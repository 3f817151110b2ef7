import type { Btf } from './decoder.ts';
import { shownName } from './escape.ts';
import { KIND_ENUM, KIND_ENUM64, KIND_FWD, KIND_STRUCT, KIND_UNION } from './kinds.ts';

/**
 * The name of a type that refers to no other; of an unnamed struct, union or enum no more than that it is
 * one.
 */
export function baseType(btf: Btf, id: number, kind: number): string {
  const name = shownName(btf.name(id));
  const keyword = keywordOf(btf, id, kind);
  if (keyword === '') return name === '' ? `/* type ${id}, ${btf.kind(id)} */` : name;
  return name === '' ? `${keyword} {...}` : `${keyword} ${name}`;
}

function keywordOf(btf: Btf, id: number, kind: number): string {
  switch (kind) {
    case KIND_STRUCT:
      return 'struct';
    case KIND_UNION:
      return 'union';
    case KIND_ENUM:
    case KIND_ENUM64:
      return 'enum';
    case KIND_FWD: {
      const type = btf.type(id);
      return type.kind === 'fwd' ? type.of : 'struct';
    }
    default:
      return '';
  }
}

/** Tags the kernel source writes as __user and so on; an attribute of any other name in full. */
const kernelTags = new Set(['user', 'percpu', 'rcu', 'uptr', 'kptr']);

/** A type tag or attribute as the source has it. '' for a type that is none. */
export function typeTag(btf: Btf, id: number): string {
  const type = btf.type(id);
  if (type.kind !== 'type_tag') return '';
  const name = shownName(type.name);
  if (type.attribute) return `__attribute__((${name}))`;
  return kernelTags.has(name) ? `__${name}` : `__attribute__((btf_type_tag("${name}")))`;
}
