import { LabFailure } from './failure.ts';

/** The guests of the lab, each named by its Debian suite. */
export const GUEST_NAMES = ['bookworm', 'trixie', 'sid'] as const;

export type GuestName = (typeof GUEST_NAMES)[number];

/** All guests, `first` first. Test files hold one at a time, so those that use all of them begin with different ones. */
export function guestsFrom(first: GuestName): readonly GuestName[] {
  const at = GUEST_NAMES.indexOf(first);
  return [...GUEST_NAMES.slice(at), ...GUEST_NAMES.slice(0, at)];
}

/** Tells whether `text` names a guest. */
export function isGuestName(text: string): text is GuestName {
  return (GUEST_NAMES as readonly string[]).includes(text);
}

/** The guest that `text` names. Throws `usage` for any other text. */
export function toGuestName(text: string): GuestName {
  if (isGuestName(text)) return text;
  throw new LabFailure('usage', `There is no guest "${text}".`, `Choose among ${GUEST_NAMES.join(', ')}.`);
}
