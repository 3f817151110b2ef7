import { homedir } from 'node:os';
import { join } from 'node:path';
import type { GuestName } from './guest-names.ts';

/** Where the lab keeps its things, all outside the repository. Every path is absolute. */
export type LabPaths = {
  readonly directory: string;
  readonly images: string;
  readonly locks: string;
  readonly temporary: string;
  readonly clientKey: string;
  readonly sshConfig: string;
  readonly knownHosts: string;
  run(name: GuestName): RunPaths;
};

/** The files of one guest that runs, or ran. */
export type RunPaths = {
  readonly directory: string;
  readonly state: string;
  readonly port: string;
  readonly pid: string;
  readonly console: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The lab's directory: `SKBLENS_LAB_DIR`, else `skblens/lab` in `XDG_CACHE_HOME`, else in `~/.cache`. */
export function labPaths(environment: Environment = process.env, home: string = homedir()): LabPaths {
  const directory =
    environment['SKBLENS_LAB_DIR'] ||
    join(environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'skblens', 'lab');
  return {
    directory,
    images: join(directory, 'images'),
    locks: join(directory, 'locks'),
    temporary: join(directory, 'temporary'),
    clientKey: join(directory, 'keys', 'id_ed25519'),
    sshConfig: join(directory, 'ssh_config'),
    knownHosts: join(directory, 'known_hosts'),
    run(name) {
      const run = join(directory, 'run', name);
      return {
        directory: run,
        state: join(run, 'state.json'),
        port: join(run, 'port'),
        pid: join(run, 'qemu.pid'),
        console: join(run, 'console.log'),
      };
    },
  };
}
