import { readProfile } from '../../backend/profiles/store.ts';
import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import type { Output } from './output.ts';
import { probeHost } from './probe.ts';

/** `skblens run PROFILE.json HOST...`: a saved investigation on several hosts at once; each fails alone. */
export async function runProfileCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  const [file, ...given] = line.positionals;
  if (file === undefined) throw usage('run takes a PROFILE.json and HOSTs');
  if (line.pcapng !== null && given.length > 1) throw usage('--pcapng takes the events of one HOST');
  const profile = await readProfile(file);
  const hosts = given.length > 0 ? given : [profile.host];
  const { count, seconds } = line.spec;
  const spec = {
    ...profile.probe,
    count: count ?? profile.probe.count,
    seconds: seconds ?? profile.probe.seconds,
  };
  const results = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await probeHost({ line, output, deps, spec, host, signal });
      } catch (error) {
        output.failure(error, { host });
        return null;
      }
    }),
  );
  if (results.some((result) => result === null)) return 1;
  const { expectVerdict } = line;
  return expectVerdict !== null && !results.some((result) => result?.seenVerdicts.has(expectVerdict)) ? 3 : 0;
}
