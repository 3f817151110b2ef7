import { membersAtOffset } from '../../../shared/btf/at-offset.ts';
import { gapNode, structBody } from '../../../shared/btf/body.ts';
import type { GapNode } from '../../../shared/btf/body.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import { shownName } from '../../../shared/btf/escape.ts';
import { BtfError } from '../../../shared/btf/failure.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { signature } from '../../../shared/btf/functions.ts';
import { gapsOf } from '../../../shared/btf/gaps.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import type { Layout } from '../../../shared/btf/layout.ts';
import { findComposites } from '../../../shared/btf/path.ts';
import { printType } from '../../../shared/btf/print.ts';
import { CompositeNames } from '../../../shared/btf/composite-names.ts';
import { holdersIn, reaches, usersIn } from '../../../shared/btf/users.ts';
import type { StructLayout } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type {
  AtOffset,
  FirstOf,
  FunctionUser,
  NamedType,
  StructBody,
  StructUser,
  StructUsers,
  TypePlace,
} from '../../../shared/contract/structs.ts';
import { namedTypes } from './named-types.ts';

/** Users that are told by name; the rest are counted. */
const MOST_USERS = 200;
/** Members told of each struct that uses another. */
const MOST_MEMBERS = 3;

interface Found {
  readonly module: string;
  readonly btf: Btf;
  readonly id: number;
  /** The type that is used there, by its id and by those of its declarations. */
  readonly wanted: ReadonlySet<number>;
}

/** The structs and unions of one kernel and its modules. Every method throws `btf-damaged` where the types have no end. */
export class KernelStructs {
  readonly #modules: readonly ModuleBtf[];
  /** Host or file, for failures. */
  readonly #origin: string;
  #names: CompositeNames | null = null;

  constructor(modules: readonly ModuleBtf[], origin: string) {
    this.#modules = modules;
    this.#origin = origin;
  }

  /** Every struct or union of this name (`sk_buff`, `struct sk_buff`): kernels hold several of one name. Throws `struct-unknown`. */
  layouts(name: string): StructLayout[] {
    const bare = name.trim().replace(/^(?:struct|union)\s+/, '');
    const layouts = this.#guard(() =>
      this.#modules.flatMap(({ module, btf }) =>
        findComposites(btf, bare)
          .filter((id) => module === 'vmlinux' || btf.owner(id) === btf)
          .map((id): StructLayout => {
            const body = structBody(btf, id);
            const members = namedMembers(layoutOf(btf, id));
            return {
              ...body,
              module,
              text: printType(btf, id),
              members: members.map(({ path, byteOffset, bitOffset, bits, type, bitfield }) => ({
                path,
                byteOffset,
                bitOffset,
                bits,
                type,
                bitfield,
              })),
            };
          }),
      ),
    );
    if (layouts.length === 0) throw new Fail('struct-unknown', { name, origin: this.#origin });
    return layouts;
  }

  /** Every enum or typedef of this name. Throws `struct-unknown`. */
  namedTypes(name: string): NamedType[] {
    const found = this.#guard(() => namedTypes(this.#modules, name));
    if (found.length === 0) throw new Fail('struct-unknown', { name, origin: this.#origin });
    return found;
  }

  /** Names of structs and unions that fit what is being typed, best first. */
  named(line: string, limit: number): FirstOf<string> {
    this.#names ??= new CompositeNames(this.#modules);
    const { total, names } = this.#names.search(line.replace(/^\s*(?:struct|union)\s+/, ''), limit);
    return { total, first: names.map(shownName) };
  }

  /** One struct, to be shown where a member leads to it. Throws `struct-unknown`. */
  body(place: TypePlace): StructBody {
    const btf = this.#moduleOf(place);
    return this.#guard(() => ({ module: place.module, ...structBody(btf, place.type) }), place);
  }

  /** The layout of one struct with the members of unnamed ones only. Throws `struct-unknown`. */
  layout(place: TypePlace): Layout {
    const btf = this.#moduleOf(place);
    return this.#guard(() => layoutOf(btf, place.type), place);
  }

  /** What lies at byte `offset` of a struct. Throws `struct-unknown`. */
  at(place: TypePlace, offset: number): AtOffset {
    const btf = this.#moduleOf(place);
    return this.#guard(() => {
      const size = layoutOf(btf, place.type).size;
      if (offset >= size) return { members: [], gap: null };
      const members = membersAtOffset(btf, place.type, offset);
      return { members, gap: members.length > 0 ? null : gapAt(btf, place.type, offset) };
    }, place);
  }

  /**
   * Who embeds, points to, takes or returns this struct, also where only its name is declared. A struct without
   * a name stands for the one that holds it. Throws `struct-unknown`.
   */
  users(place: TypePlace): StructUsers {
    const owner = this.#moduleOf(place);
    return this.#guard(() => {
      const { type } = place;
      const [kind, name] = [owner.kind(type), owner.name(type)];
      if (kind !== 'struct' && kind !== 'union')
        throw new BtfError('E_NOTFOUND', `Type ${type} is a ${kind}`);
      const [embeds, pointsTo, takes, returns]: [Found[], Found[], Found[], Found[]] = [[], [], [], []];
      for (const { module, btf } of this.#modules) {
        if (owner.base !== null && owner.startId <= type && btf !== owner) continue;
        const declared = btf.findAll(name, 'fwd').filter((id) => {
          const forward = btf.type(id);
          return forward.kind === 'fwd' && forward.of === kind;
        });
        const wanted = new Set([type, ...declared]);
        const users = usersIn(btf, wanted);
        const place = (id: number): Found => ({ module, btf, id, wanted });
        embeds.push(...namedHolders(btf, users.embeds).map(place));
        pointsTo.push(...namedHolders(btf, users.pointsTo).map(place));
        takes.push(...users.takes.map(place));
        returns.push(...users.returns.map(place));
      }
      const through = (found: Found, how: 'value' | 'pointer'): StructUser => structUser(found, how);
      return {
        embeds: firstOf(embeds, (found) => through(found, 'value')),
        pointsTo: firstOf(pointsTo, (found) => through(found, 'pointer')),
        takes: firstOf(takes, functionUser),
        returns: firstOf(returns, functionUser),
      };
    }, place);
  }

  /** Ids of the kernel proper mean the same in every module; a module's own only there. */
  #moduleOf({ module, type }: TypePlace): Btf {
    const found = this.#modules.find((one) => one.module === module)?.btf;
    if (found === undefined || type >= found.typeCount)
      throw new Fail('struct-unknown', { name: `${module}:${type}`, origin: this.#origin });
    return found;
  }

  #guard<T>(read: () => T, place?: TypePlace): T {
    const origin = this.#origin;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BtfError)) throw error;
      if (error.code === 'E_NOTFOUND' && place !== undefined)
        throw new Fail('struct-unknown', { name: `${place.module}:${place.type}`, origin });
      throw new Fail('btf-damaged', { origin, message: error.message }, error.remedy);
    }
  }
}

/** The gap that byte `offset` falls in, inside structs held by value too where they are not too many. */
function gapAt(btf: Btf, id: number, offset: number): GapNode | null {
  const layout = ((): Layout => {
    try {
      return layoutOf(btf, id, { expand: 'all' });
    } catch (error) {
      if (error instanceof BtfError && error.code === 'E_BUDGET') return layoutOf(btf, id);
      throw error;
    }
  })();
  const first = offset * 8;
  const gap = gapsOf(layout).find(({ bitOffset, bits }) => bitOffset < first + 8 && bitOffset + bits > first);
  return gap === undefined ? null : gapNode(gap);
}

/** The holders, those without a name replaced by whoever holds them, each once. */
function namedHolders(btf: Btf, ids: readonly number[]): number[] {
  const named = new Set<number>();
  const seen = new Set<number>();
  let pending = [...ids];
  for (let level = 0; level <= btf.limits.resolveDepth && pending.length > 0; level++) {
    const unnamed = new Set<number>();
    for (const id of pending) {
      if (btf.name(id) !== '') named.add(id);
      else if (!seen.has(id)) unnamed.add(id);
      seen.add(id);
    }
    pending = unnamed.size === 0 ? [] : [...holdersIn(btf, unnamed).embeds];
  }
  return [...named];
}

function firstOf<T extends FunctionUser | StructUser>(
  found: readonly Found[],
  tell: (one: Found) => T,
): FirstOf<T> {
  const inOrder = found
    .map((one) => ({ one, name: one.btf.name(one.id) }))
    .sort(
      (a, b) =>
        Number(a.one.module !== 'vmlinux') - Number(b.one.module !== 'vmlinux') ||
        (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    );
  return { total: found.length, first: inOrder.slice(0, MOST_USERS).map(({ one }) => tell(one)) };
}

function functionUser({ module, btf, id }: Found): FunctionUser {
  return { name: shownName(btf.name(id)), module, signature: signature(btf, id) };
}

function structUser({ module, btf, id, wanted }: Found, how: 'value' | 'pointer'): StructUser {
  const layout = layoutOf(btf, id);
  const members = namedMembers(layout)
    .filter(({ typeId, bitfield }) => !bitfield && reaches(btf, typeId, wanted) === how)
    .slice(0, MOST_MEMBERS)
    .map(({ path }) => path);
  return { kind: layout.kind, name: layout.name, module, members };
}
