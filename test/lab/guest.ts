import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requireTools, runCommand, type CommandResult } from './commands.ts';
import { LabFailure, progressToStderr, type Progress } from './failure.ts';
import { GUEST_NAMES, type GuestName } from './guest-names.ts';
import { ensureImage, type Image } from './image.ts';
import { withLock } from './lock.ts';
import { LAB_PASSWORD } from './logins.ts';
import {
  DEFAULT_MACHINE,
  findMachine,
  readConsoleTail,
  startMachine,
  stopMachine,
  writeAtomically,
  type Machine,
  type MachineOptions,
} from './machine.ts';
import { labPaths, type LabPaths } from './paths.ts';
import { knownHostsText, sshConfigText, type SshEndpoint } from './ssh-config.ts';

export type GuestRunOptions = {
  /** The login, as the ssh config's alias has it: `''` is root, `'-sudo'`, `'-nobody'`, … */
  readonly login?: string;
  /** Default 120,000. After it the local ssh is killed and the code is 124. */
  readonly timeoutMilliseconds?: number;
};

/** A guest that is booted and lets root in. */
export type Guest = {
  readonly name: GuestName;
  readonly port: number;
  readonly pid: number;
  readonly sshConfigPath: string;
  readonly knownHostsPath: string;
  readonly identityPath: string;
  /** Of the users `sudoer` and `plain`. */
  readonly password: string;
  /** Runs a shell command in the guest, as root unless told otherwise. A code of 255 is ssh's own failure. */
  run(command: string, options?: GuestRunOptions): Promise<CommandResult>;
  /** The same, with bytes or text on the command's standard input. */
  runInput(command: string, input: string | Uint8Array, options?: GuestRunOptions): Promise<CommandResult>;
};

export type UpOptions = Partial<MachineOptions> & {
  readonly rebuild?: boolean;
  readonly progress?: Progress;
  readonly paths?: LabPaths;
  /** Default 300: two busy cores in software emulation need up to a minute. */
  readonly bootSeconds?: number;
};

/**
 * Brings a guest up: builds its image when the cache has none, boots it, and waits until sshd answers and root
 * gets in by key. A guest that runs already, from the same recipe, is returned at once; one that runs from
 * another recipe, or that does not answer any more, is started anew. Throws LabFailure.
 */
export async function upGuest(name: GuestName, options: UpOptions = {}): Promise<Guest> {
  const { progress = progressToStderr, paths = labPaths(), bootSeconds = 300 } = options;
  requireTools();
  const image = await ensureImage(paths, name, progress, options.rebuild);
  return await withLock(join(paths.locks, `run-${name}`), progress, async () => {
    const machineOptions: MachineOptions = {
      processors: options.processors ?? DEFAULT_MACHINE.processors,
      memoryMegabytes: options.memoryMegabytes ?? DEFAULT_MACHINE.memoryMegabytes,
    };
    const running = await findMachine(paths, name);
    if (running && options.rebuild !== true) {
      const obstacle =
        running.imageHash !== image.hash
          ? `it runs from another recipe (${running.imageHash}, now ${image.hash})`
          : await obstacleToUse(paths, running, bootSeconds);
      if (obstacle === null) {
        const { processors, memoryMegabytes } = running;
        const asWanted =
          processors === machineOptions.processors && memoryMegabytes === machineOptions.memoryMegabytes;
        if (!asWanted) {
          progress(`${name}: runs already, with ${processors} processor(s) and ${memoryMegabytes} MB`);
        }
        return await openGuest(paths, running);
      }
      progress(`${name}: ${obstacle}; starting it anew`);
    }
    await stopMachine(paths, name);
    const started = Date.now();
    progress(`${name}: booting (software emulation) …`);
    const boot = async () => await bootMachine(paths, image, machineOptions, progress, bootSeconds);
    const machine = await boot().catch(async (error: unknown) => {
      // Software emulation has its own faults: a guest that panics once comes up the next time.
      if (!(error instanceof LabFailure) || error.code !== 'guest-died') throw error;
      progress(`${name}: ${error.message} ${error.remedy}\n${name}: booting once more …`);
      return await boot();
    });
    const took = ((Date.now() - started) / 1000).toFixed(1);
    progress(`${name}: up after ${took} s, ssh on 127.0.0.1:${machine.port}, pid ${machine.pid}`);
    return await openGuest(paths, machine);
  });
}

/** Starts a machine and waits until root gets in; ends it when that does not happen. */
async function bootMachine(
  paths: LabPaths,
  image: Image,
  options: MachineOptions,
  progress: Progress,
  bootSeconds: number,
): Promise<Machine> {
  const machine = await startMachine(paths, image, options, progress);
  progress(`${machine.name}: QEMU runs, pid ${machine.pid}; waiting for sshd …`);
  try {
    await writeSshFiles(paths, progress);
    await waitForSsh(paths, machine, bootSeconds);
    return machine;
  } catch (error) {
    await stopMachine(paths, machine.name);
    throw error;
  }
}

/** A guest that runs already. Throws `not-running`. */
export async function useGuest(name: GuestName, paths: LabPaths = labPaths()): Promise<Guest> {
  const machine = await findMachine(paths, name);
  if (machine) return await openGuest(paths, machine);
  throw new LabFailure('not-running', `${name} is not running.`, `npm run lab -- up ${name}`);
}

/** Ends a guest. Returns false when it was not running. */
export async function downGuest(
  name: GuestName,
  progress: Progress = progressToStderr,
  paths: LabPaths = labPaths(),
): Promise<boolean> {
  return await withLock(join(paths.locks, `run-${name}`), progress, async () => {
    const stopped = await stopMachine(paths, name);
    if (stopped) progress(`${name}: ended`);
    return stopped;
  });
}

async function openGuest(paths: LabPaths, machine: Machine): Promise<Guest> {
  const { name } = machine;
  const runInput = async (
    command: string,
    input: string | Uint8Array,
    { login = '', timeoutMilliseconds = 120_000 }: GuestRunOptions = {},
  ): Promise<CommandResult> =>
    await runCommand('ssh', [...sshParameters(paths), `${name}${login}`, '--', command], {
      input,
      timeoutMilliseconds,
    });
  return {
    name,
    port: machine.port,
    pid: machine.pid,
    sshConfigPath: paths.sshConfig,
    knownHostsPath: paths.knownHosts,
    identityPath: paths.clientKey,
    password: LAB_PASSWORD,
    run: async (command, options) => await runInput(command, '', options),
    runInput,
  };
}

function sshParameters(paths: LabPaths): string[] {
  return ['-F', paths.sshConfig, '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=20'];
}

/** Writes ssh_config and known_hosts for every guest that runs. */
async function writeSshFiles(paths: LabPaths, progress: Progress): Promise<void> {
  await withLock(join(paths.locks, 'ssh-files'), progress, async () => {
    const endpoints: SshEndpoint[] = [];
    for (const name of GUEST_NAMES) {
      const machine = await findMachine(paths, name);
      if (machine) endpoints.push({ name, port: machine.port, hostKey: machine.hostKey });
    }
    await writeAtomically(paths.knownHosts, knownHostsText(endpoints));
    await writeAtomically(paths.sshConfig, sshConfigText(endpoints, paths));
  });
}

/** The text of the lab's ssh config. Throws `not-running` before the first `lab up`. */
export async function readSshConfig(paths: LabPaths = labPaths()): Promise<string> {
  const text = await readFile(paths.sshConfig, 'utf8').catch(() => null);
  if (text !== null) return text;
  throw new LabFailure('not-running', `${paths.sshConfig} is not written yet.`, 'npm run lab -- up bookworm');
}

/** Why a machine that runs cannot be used, or null. One that is still booting (its `lab up` died) is waited for. */
async function obstacleToUse(paths: LabPaths, machine: Machine, bootSeconds: number): Promise<string | null> {
  const age = (Date.now() - Date.parse(machine.startedAt)) / 1000;
  try {
    await waitForSsh(paths, machine, Math.max(20, bootSeconds - age));
    return null;
  } catch (error) {
    return error instanceof LabFailure ? error.message : String(error);
  }
}

async function waitForSsh(paths: LabPaths, machine: Machine, seconds: number): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  const { name } = machine;
  let last = 'sshd sent no banner';
  while (Date.now() < limit) {
    if ((await findMachine(paths, name))?.pid !== machine.pid) {
      throw new LabFailure('guest-died', `QEMU of ${name} ended.`, await readConsoleTail(paths, name));
    }
    if (await sendsBanner(machine.port)) {
      const login = await runCommand('ssh', [...sshParameters(paths), name, 'true'], {
        timeoutMilliseconds: 30_000,
      });
      if (login.code === 0) return;
      last = `root did not get in: ${login.stderr.trim() || `ssh ended with ${login.code}`}`;
    }
    await delay(200);
  }
  throw new LabFailure(
    'boot-failed',
    `${name} did not let root in within ${Math.round(seconds)} s: ${last}.`,
    await readConsoleTail(paths, name),
  );
}

/** QEMU accepts the connection whether or not the guest does, so only sshd's own first bytes prove anything. */
async function sendsBanner(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 5000 });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (chunk: Buffer) => finish(chunk.toString('latin1').startsWith('SSH-2.0-')));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}
