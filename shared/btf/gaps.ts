import type { Layout, LayoutMember } from './layout.ts';

/** Bits of a struct that belong to no member. Offsets are absolute, in bits. */
export interface Gap {
  /** `hole` between two members, `padding` behind the last. */
  readonly kind: 'hole' | 'padding';
  readonly bitOffset: number;
  readonly bits: number;
  /** The struct it is in: path of the member whose body that is, '' for the outermost or an unnamed one. */
  readonly path: string;
  /** The member in front; null at the very start of a struct. */
  readonly after: LayoutMember | null;
}

/** All gaps of a layout, in the order of the members; unions have none of their own. */
export function gapsOf(layout: Layout): Gap[] {
  const gaps: Gap[] = [];
  const pending: Body[] = [
    { path: '', body: layout.kind, bitOffset: 0, bits: layout.size * 8, members: layout.members },
  ];
  for (let body = pending.pop(); body !== undefined; body = pending.pop()) {
    if (body.body === 'struct') gaps.push(...gapsIn(body));
    for (let i = body.members.length - 1; i >= 0; i--) {
      const member = body.members[i];
      if (member?.body === 'struct' || member?.body === 'union')
        pending.push({ ...member, body: member.body, bits: member.bodyBits });
    }
  }
  return gaps.sort((a, b) => a.bitOffset - b.bitOffset);
}

interface Body {
  readonly path: string;
  readonly body: 'struct' | 'union';
  readonly bitOffset: number;
  readonly bits: number;
  readonly members: readonly LayoutMember[];
}

/** The gaps between the members of one struct body, and behind the last one. */
export function gapsIn(body: Pick<Body, 'path' | 'bitOffset' | 'bits' | 'members'>): Gap[] {
  const gaps: Gap[] = [];
  let end = body.bitOffset;
  let after: LayoutMember | null = null;
  for (const member of body.members) {
    if (member.bitOffset > end) {
      gaps.push({ kind: 'hole', bitOffset: end, bits: member.bitOffset - end, path: body.path, after });
    }
    end = Math.max(end, member.bitOffset + member.bits);
    after = member;
  }
  const last = body.bitOffset + body.bits;
  if (last > end && body.members.length > 0) {
    gaps.push({ kind: 'padding', bitOffset: end, bits: last - end, path: body.path, after });
  }
  return gaps;
}
