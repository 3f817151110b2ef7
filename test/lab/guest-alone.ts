import { join } from 'node:path';
import { progressToStderr } from './failure.ts';
import type { GuestName } from './guest-names.ts';
import { upGuest, type Guest } from './guest.ts';
import { takeLock, type Release } from './lock.ts';
import { labPaths } from './paths.ts';

let held: { readonly names: readonly GuestName[]; readonly release: Release } | null = null;

/**
 * Guests for this test file alone: test files run two at a time, and one that breaks a guest, kills its sshd or
 * counts its drops must not meet another there. A file has the guests it asked for last; what it had before is
 * given back. The lab's setup file gives the last ones back, and so does the death of the process.
 */
export async function guestsAlone<const Names extends readonly GuestName[]>(
  ...names: Names
): Promise<{ readonly [Index in keyof Names]: Guest }> {
  if (held?.names.join() !== names.join()) {
    await giveGuestsBack();
    const releases: Release[] = [];
    const release = async () => void (await Promise.all(releases.map(async (one) => await one())));
    held = { names, release };
    // Always in the same order, or two files wait for each other.
    for (const name of [...names].sort())
      releases.push(await takeLock(join(labPaths().locks, `alone-${name}`), progressToStderr));
  }
  const guests = await Promise.all(names.map(async (name) => await upGuest(name)));
  return guests as { readonly [Index in keyof Names]: Guest };
}

/** One guest for this test file alone, as {@link guestsAlone}. */
export async function guestAlone(name: GuestName): Promise<Guest> {
  const [guest] = await guestsAlone(name);
  return guest;
}

/** Gives back what this test file holds. */
export async function giveGuestsBack(): Promise<void> {
  const release = held?.release;
  held = null;
  await release?.();
}
