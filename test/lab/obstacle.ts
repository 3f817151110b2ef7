import { missingPackages } from './commands.ts';
import { GUEST_NAMES, type GuestName } from './guest-names.ts';
import { findImage } from './image.ts';
import { labPaths, type LabPaths } from './paths.ts';

/**
 * Why the guests cannot come up on this machine, with what to do about it, or null when they can. Tests that need
 * a guest skip on it, and print it, so that nobody takes a skipped test for a passed one.
 */
export async function labObstacle(
  names: readonly GuestName[] = GUEST_NAMES,
  paths: LabPaths = labPaths(),
): Promise<string | null> {
  if (process.platform !== 'linux') return `The lab needs Linux; this is ${process.platform}.`;
  const missing = missingPackages();
  if (missing.length > 0) {
    return `The lab needs ${missing.join(', ')}: apt-get install --no-install-recommends ${missing.join(' ')}`;
  }
  if (process.getuid?.() === 0) return null;
  const images = await Promise.all(names.map(async (name) => await findImage(paths, name)));
  const unbuilt = names.filter((_, index) => images[index] === null);
  if (unbuilt.length === 0) return null;
  return `The images of ${unbuilt.join(', ')} are not in ${paths.images}, and only root can build them.`;
}
