import { barePath } from '../../state/access-path.ts';
import type { RootVariable } from '../../state/access-path.ts';
import type { Session } from '../../state/session.svelte.ts';
import type { StructRow } from '../../state/struct-rows.ts';

/** The way to a member in C, `skb->dev->mtu`; null for a gap and for what has no name. */
export function fieldOf(root: RootVariable, { path }: StructRow): string | null {
  return path === '' ? null : barePath(root, path);
}

/** Puts a member among the values that the probe captures, or takes it out again. */
export function pickField(session: Session, field: string | null): void {
  if (field === null) return;
  if (session.probe.fields.includes(field)) session.probe.dropField(field);
  else session.probe.pickField(field);
}
