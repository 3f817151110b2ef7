import type { Btf } from '../btf/decoder.ts';
import { resolvePath } from '../btf/path.ts';
import type { ResolvedPath } from '../btf/path.ts';
import { underlying } from '../btf/resolve.ts';

/**
 * Where a value lies, seen from the address of a struct: at each of `pointers` a pointer is loaded, the value is
 * `offset` bytes from what the last one gave. `type` is what the fetch arguments of a kprobe event call it
 * (Documentation/trace/kprobetrace.rst): `u32`, `x64`, `b3@0/8` for 3 bits.
 */
export interface Place {
  readonly pointers: readonly number[];
  readonly offset: number;
  readonly type: string;
}

/** What the tracefs engine reads of an sk_buff, by the name of its fetch argument, in the order of the event. */
const SKB_PATHS = {
  head: 'sk_buff.head',
  data: 'sk_buff.data',
  len: 'sk_buff.len',
  dlen: 'sk_buff.data_len',
  mlen: 'sk_buff.mac_len',
  prot: 'sk_buff.protocol',
  mach: 'sk_buff.mac_header',
  neth: 'sk_buff.network_header',
  trah: 'sk_buff.transport_header',
  ptyp: 'sk_buff.pkt_type',
  ipsm: 'sk_buff.ip_summed',
  mark: 'sk_buff.mark',
  hash: 'sk_buff.hash',
  dev: 'sk_buff.dev',
  ifi: 'sk_buff.dev->ifindex',
  dtyp: 'sk_buff.dev->type',
  dhhl: 'sk_buff.dev->hard_header_len',
  net: 'sk_buff.dev->nd_net.net',
  nsi: 'sk_buff.dev->nd_net.net->ns.inum',
  name: 'sk_buff.dev->name',
  sk: 'sk_buff.sk',
  snum: 'sk_buff.sk->__sk_common.skc_num',
  sdpo: 'sk_buff.sk->__sk_common.skc_dport',
} as const;
export type SkbFact = keyof typeof SKB_PATHS;

const SOCK_PATHS = {
  snum: 'sock.__sk_common.skc_num',
  sdpo: 'sock.__sk_common.skc_dport',
} as const;

export interface SkbOffsets {
  readonly skb: Readonly<Record<SkbFact, Place>>;
  readonly sock: Readonly<Record<keyof typeof SOCK_PATHS, Place>>;
}

/** Throws BtfError E_NOTFOUND when the kernel's sk_buff, net_device or sock lacks one of them. */
export function skbOffsets(btf: Btf): SkbOffsets {
  const places = <K extends string>(paths: Readonly<Record<K, string>>): Record<K, Place> => {
    const found = {} as Record<K, Place>;
    for (const name of Object.keys(paths) as K[]) found[name] = placeOf(btf, resolvePath(btf, paths[name]));
    return found;
  };
  const skb = places(SKB_PATHS);
  // Two words hold IFNAMSIZ (16) bytes, whatever characters they are.
  return { skb: { ...skb, name: { ...skb.name, type: 'x64[2]' } }, sock: places(SOCK_PATHS) };
}

/** A resolved path as a fetch argument takes it; `type` is `''` for what fits no register: a struct, an array. */
function placeOf(btf: Btf, path: ResolvedPath): Place {
  const { pointers } = path;
  if (path.bitfield) {
    const container = (path.bitOffset % 8) + path.bits <= 8 ? 8 : 32;
    const offset = Math.floor(path.bitOffset / container) * (container / 8);
    return { pointers, offset, type: `b${path.bits}@${path.bitOffset - offset * 8}/${container}` };
  }
  return { pointers, offset: path.byteOffset, type: scalarType(btf, path) };
}

function scalarType(btf: Btf, path: ResolvedPath): string {
  const type = btf.type(underlying(btf, path.typeId));
  if (!/^(?:8|16|32|64)$/.test(String(path.bits))) return '';
  switch (type.kind) {
    case 'ptr':
      return 'x64';
    case 'int':
      return `${type.encoding.signed ? 's' : 'u'}${path.bits}`;
    case 'enum':
    case 'enum64':
      return `${type.signed ? 's' : 'u'}${path.bits}`;
    default:
      return '';
  }
}

/** `+200($1):x64`: the fetch argument of a place, seen from `base`. */
export function fetchText(place: Place, base: string): string {
  return `${reach(place, base)}:${place.type}`;
}

/** The fetch argument without its type, `further` bytes on. */
export function reach(place: Place, base: string, further = 0): string {
  const address = place.pointers.reduce((from, offset) => `+${offset}(${from})`, base);
  return `${signedOffset(place.offset + further)}(${address})`;
}

/** `+12` or `-18`: a fetch argument always has its sign. */
export function signedOffset(bytes: number): string {
  return bytes < 0 ? String(bytes) : `+${bytes}`;
}
