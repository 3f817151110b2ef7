/**
 * Conditions on a packet in the kernel. They look at the expected header only, and so may drop a packet only
 * where that header certainly is what was expected: whatever does not verify there is sent up, and decided by
 * where its headers really are. `verified` is therefore narrower than the test by which shared/packet/judge.ts
 * takes a header for the expected one (quickIp); test/shared/filter proves it over generated packets.
 *
 * bpftrace on a little-endian target: `$p` points to the expected header, a two-byte load is in the wrong order.
 */
import type { Primitive } from './bound.ts';
import { TUNNEL_PORTS } from './direct-fields.ts';
import { all, any, compare } from './formula.ts';
import type { Formula } from './formula.ts';
import type { SliceProtocol } from './numbers.ts';

export type Version = 4 | 6;

/** Bytes of the header that `verified` vouches for; what follows begins there. */
const HEADER = { 4: 20, 6: 40 } as const;

export function byteAt(at: number): string {
  return at === 0 ? '*$p' : `*($p + ${at})`;
}

function raw16(at: number): string {
  return `*(uint16 *)($p + ${at})`;
}

export function numberAt(at: number, size: number): string {
  if (size === 1) return byteAt(at);
  return size === 2 ? `bswap(${raw16(at)})` : `bswap(*(uint32 *)($p + ${at}))`;
}

/** A 16-bit constant as a little-endian machine loads it from network order. */
function swapped(value: number): string {
  return `0x${(((value & 0xff) << 8) | (value >> 8)).toString(16)}`;
}

/** What maybeEtherType() of shared/packet/ethernet-scan.ts takes for an EtherType at byte 12. */
const ETHER_TYPES = [0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8864];

const NO_FRAME = all(
  // 802.3 lengths end at 0x5dc.
  compare(byteAt(12), '>', 5),
  ...ETHER_TYPES.map((type) => compare(raw16(12), '!=', swapped(type))),
);

/** `left`: text of the number of bytes from the expected header to the packet's end. */
export function verified(version: Version, left: string): Formula {
  const linear = any(
    compare('$s->data_len', '==', 0),
    compare(left, '>=', `$s->data_len + ${version === 4 ? 60 : 80}`),
  );
  if (version === 6)
    return all(
      compare('(*$p >> 4)', '==', 6),
      compare(`${numberAt(4, 2)} + 40`, '==', left),
      compare(byteAt(8), '!=', 255),
      any(
        all(compare(byteAt(6), '==', 6), compare(left, '>=', 60)),
        all(any(compare(byteAt(6), '==', 17), compare(byteAt(6), '==', 58)), compare(left, '>=', 48)),
      ),
      NO_FRAME,
      linear,
    );
  // A one's complement sum of 16-bit words is 0 modulo 65535; so is that of the same bytes as 32-bit words.
  const sum = [0, 4, 8, 12, 16].map((at) => `(uint64)*(uint32 *)($p + ${at})`).join(' + ');
  return all(
    compare(byteAt(0), '==', '0x45'),
    compare(numberAt(2, 2), '>=', 28),
    compare(numberAt(2, 2), '<=', left),
    any(compare(byteAt(9), '!=', 6), compare(numberAt(2, 2), '>=', 40)),
    compare(`(${raw16(6)} & 0xff1f)`, '==', 0),
    compare(`(${sum}) % 65535`, '==', 0),
    NO_FRAME,
    linear,
  );
}

/** Nothing inside of the packet is a packet of its own: fields of inner headers are fields too. */
export function plain(version: Version): Formula {
  const head = HEADER[version];
  const protocol = byteAt(version === 4 ? 9 : 6);
  const ports = TUNNEL_PORTS.flatMap((port) => [
    compare(raw16(head), '!=', swapped(port)),
    compare(raw16(head + 2), '!=', swapped(port)),
  ]);
  const echo =
    version === 4
      ? all(compare(protocol, '==', 1), any(compare(byteAt(head), '==', 0), compare(byteAt(head), '==', 8)))
      : all(compare(protocol, '==', 58), compare(byteAt(head), '>=', 128), compare(byteAt(head), '!=', 137));
  return any(
    compare(protocol, '==', 6),
    all(compare(protocol, '==', 17), compare(`(${byteAt(head + 8)} >> 4)`, '!=', 4), ...ports),
    echo,
  );
}

/** A primitive where `verified(version)` holds; null where the expected header does not tell. */
export function primitiveFormula(primitive: Primitive, version: Version): Formula | null {
  switch (primitive.kind) {
    case 'host':
      return hostFormula(primitive, version);
    case 'port': {
      const { protocol, direction, low, high } = primitive;
      const numbers = protocol === 'any' ? [6, 17, 132] : [{ tcp: 6, udp: 17, sctp: 132 }[protocol]];
      const within = (at: number): Formula =>
        low === high
          ? compare(raw16(at), '==', swapped(low))
          : all(compare(numberAt(at, 2), '>=', low), compare(numberAt(at, 2), '<=', high));
      const [source, target] = [within(HEADER[version]), within(HEADER[version] + 2)];
      return all(
        any(...numbers.map((number) => compare(protocolAt(version), '==', number))),
        directed(direction, source, target),
      );
    }
    case 'protocol':
      if (primitive.family !== 'any' && primitive.family !== (version === 4 ? 'ip' : 'ip6')) return false;
      return compare(protocolAt(version), '==', primitive.number);
    case 'ethertype':
      return primitive.type === (version === 4 ? 0x0800 : 0x86dd);
    case 'tag':
      return false;
    case 'cast':
      if (primitive.of === 'ip multicast') return version === 4 && compare(byteAt(16), '>=', 224);
      if (primitive.of === 'ip6 multicast') return version === 6 && compare(byteAt(24), '==', 255);
      return null;
  }
}

export function protocolAt(version: Version): string {
  return byteAt(version === 4 ? 9 : 6);
}

/** Where the header of a slice or field begins, what guards it, and how much of it is certainly there. */
export function headerPlace(
  protocol: SliceProtocol,
  version: Version,
): { readonly at: number; readonly size: number; readonly guard: Formula } | null {
  const behind = (number: number, size: number): ReturnType<typeof headerPlace> => ({
    at: HEADER[version],
    size,
    guard: compare(protocolAt(version), '==', number),
  });
  switch (protocol) {
    case 'ip':
      return version === 4 ? { at: 0, size: 20, guard: true } : { at: 0, size: 0, guard: false };
    case 'ip6':
      return version === 6 ? { at: 0, size: 40, guard: true } : { at: 0, size: 0, guard: false };
    case 'arp':
      return { at: 0, size: 0, guard: false };
    case 'tcp':
      return behind(6, 20);
    case 'udp':
      return behind(17, 8);
    case 'icmp':
      return version === 4 ? behind(1, 8) : null;
    case 'icmp6':
      return version === 6 ? behind(58, 8) : null;
    case 'ether':
    case 'igmp':
    case 'sctp':
      return null;
  }
}

/** Whether the bytes at `at` equal `bytes` under `mask`; four at a time. */
export function addressFormula(at: number, bytes: readonly number[], mask: readonly number[]): Formula {
  const terms: Formula[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const word = (from: readonly number[]): number =>
      (((from[i + 3] ?? 0) << 24) |
        ((from[i + 2] ?? 0) << 16) |
        ((from[i + 1] ?? 0) << 8) |
        (from[i] ?? 0)) >>>
      0;
    const kept = word(mask);
    if (kept === 0) continue;
    const load = `*(uint32 *)($p + ${at + i})`;
    const value = `0x${((word(bytes) & kept) >>> 0).toString(16)}`;
    terms.push(compare(kept === 0xffffffff ? load : `(${load} & 0x${kept.toString(16)})`, '==', value));
  }
  return all(...terms);
}

function hostFormula(host: Primitive & { readonly kind: 'host' }, version: Version): Formula | null {
  const { family, direction, bytes, mask } = host;
  if (bytes.length === 6) return null;
  const fits = bytes.length === 4 ? version === 4 : version === 6;
  if (!fits || family === 'arp' || family === 'rarp') return false;
  const [source, target] = version === 4 ? [12, 16] : [8, 24];
  return directed(direction, addressFormula(source, bytes, mask), addressFormula(target, bytes, mask));
}

function directed(
  direction: (Primitive & { readonly kind: 'host' })['direction'],
  source: Formula,
  target: Formula,
): Formula {
  switch (direction) {
    case 'src':
      return source;
    case 'dst':
      return target;
    case 'both':
      return all(source, target);
    case 'either':
      return any(source, target);
  }
}
