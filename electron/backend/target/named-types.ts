import { declaration } from '../../../shared/btf/declare.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { shownName } from '../../../shared/btf/escape.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { sizeOf, underlying } from '../../../shared/btf/resolve.ts';
import type { NamedType } from '../../../shared/contract/structs.ts';

/** Values told of one enum; the largest of Linux have some hundreds. */
const MOST_VALUES = 5000;

/** Every enum or typedef of that name: `enum NAME` for enums alone. Throws BtfError for types without an end. */
export function namedTypes(modules: readonly ModuleBtf[], name: string): NamedType[] {
  const [, keyword, bare = ''] = /^\s*(enum\s+)?(\S*)\s*$/.exec(name) ?? [];
  const kinds =
    keyword === undefined ? (['typedef', 'enum', 'enum64'] as const) : (['enum', 'enum64'] as const);
  return modules.flatMap(({ module, btf }) =>
    kinds
      .flatMap((kind) => btf.findAll(bare, kind))
      .filter((id) => module === 'vmlinux' || btf.owner(id) === btf)
      .map((id) => namedType(btf, id, module)),
  );
}

function namedType(btf: Btf, id: number, module: string): NamedType {
  const type = btf.type(id);
  const name = shownName(btf.name(id));
  const typedef = type.kind === 'typedef';
  return {
    kind: typedef ? 'typedef' : 'enum',
    name,
    module,
    size: sizeOf(btf, id),
    text: typedef ? `typedef ${declaration(btf, type.typeId, type.name)};` : `enum ${name};`,
    values: valuesOf(btf, underlying(btf, id)),
  };
}

function valuesOf(btf: Btf, id: number): NamedType['values'] {
  const type = btf.type(id);
  if (type.kind !== 'enum' && type.kind !== 'enum64') return [];
  return type.values
    .slice(0, MOST_VALUES)
    .map(({ name, value }) => ({ name: shownName(name), value: String(value) }));
}
