import { LabFailure } from './failure.ts';

/** The guests of the lab, each named by its Debian suite. */
export const GUEST_NAMES = ['bookworm', 'trixie', 'sid'] as const;

export type GuestName = (typeof GUEST_NAMES)[number];

/** Tells whether `text` names a guest. */
export function isGuestName(text: string): text is GuestName {
  return (GUEST_NAMES as readonly string[]).includes(text);
}

/** The guest that `text` names. Throws `usage` for any other text. */
export function toGuestName(text: string): GuestName {
  if (isGuestName(text)) return text;
  throw new LabFailure('usage', `There is no guest "${text}".`, `Choose among ${GUEST_NAMES.join(', ')}.`);
}
