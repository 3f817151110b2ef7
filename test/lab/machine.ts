import { mkdir, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './commands.ts';
import { LabFailure, type Progress } from './failure.ts';
import { GUEST_NAMES, type GuestName } from './guest-names.ts';
import { touchImage, type Image } from './image.ts';
import type { LabPaths } from './paths.ts';

/** What the lab wrote down when it started a guest. */
export type MachineState = {
  readonly name: GuestName;
  readonly port: number;
  readonly imageHash: string;
  readonly hostKey: string;
  readonly processors: number;
  readonly memoryMegabytes: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
};

/** A guest whose QEMU process is alive now. */
export type Machine = MachineState & { readonly pid: number };

export type MachineOptions = { readonly processors: number; readonly memoryMegabytes: number };

/**
 * One processor: with two, in software emulation, a guest was seen to die of `Oops: int3` when a probe was
 * detached from a busy function.
 */
export const DEFAULT_MACHINE: MachineOptions = { processors: 1, memoryMegabytes: 2048 };

const KERNEL_COMMAND_LINE = 'root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off panic=-1';

/**
 * A processor without AVX, which emulation makes slow, and without CMPXCHG16B: QEMU 7.2 leaves garbage in EFLAGS
 * after it, and an interrupt taken there brought back a set VM or NT bit. With it, 3 boots of Linux 6.12 in 16
 * ended in a double fault, a NULL dereference or silence; the kernel's allocator does without.
 */
const PROCESSOR = 'Nehalem,cx16=off';

/**
 * The machine of a guest, or null when it does not run. The truth is the process table (the QEMU whose pid file
 * is this guest's), so neither a stale file nor a pid that now belongs to another program can mislead.
 */
export async function findMachine(paths: LabPaths, name: GuestName): Promise<Machine | null> {
  const pid = await findProcess(paths, name);
  if (pid === null) return null;
  const text = await readFile(paths.run(name).state, 'utf8').catch(() => null);
  if (text === null) return null;
  return { ...(JSON.parse(text) as MachineState), pid };
}

/** Whether the lab started this guest and it ended without `lab down` (a panic, a kill, a reboot of the host). */
export async function endedByItself(paths: LabPaths, name: GuestName): Promise<boolean> {
  if ((await findProcess(paths, name)) !== null) return false;
  return (await readFile(paths.run(name).state, 'utf8').catch(() => null)) !== null;
}

/** Starts QEMU, detached from this process; the guest is not yet booted when this returns. */
export async function startMachine(
  paths: LabPaths,
  image: Image,
  options: MachineOptions,
  progress: Progress,
): Promise<Machine> {
  const run = paths.run(image.name);
  await mkdir(run.directory, { recursive: true, mode: 0o700 });
  await mkdir(paths.temporary, { recursive: true });
  await touchImage(image);
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(paths, image.name);
    await rm(run.console, { force: true });
    await rm(run.pid, { force: true });
    const state: MachineState = {
      name: image.name,
      port,
      imageHash: image.hash,
      hostKey: image.hostKey,
      ...options,
      startedAt: new Date().toISOString(),
    };
    await writeAtomically(run.state, `${JSON.stringify(state, null, 2)}\n`);
    const started = await runCommand('qemu-system-x86_64', qemuParameters(paths, image, port, options), {
      environment: { TMPDIR: paths.temporary },
      timeoutMilliseconds: 60_000,
    });
    if (started.code === 0) {
      const machine = await findMachine(paths, image.name);
      if (machine) return machine;
    }
    await rm(run.state, { force: true });
    const reason = started.stderr.trim() || `exit status ${started.code}`;
    if (attempt < 3 && reason.includes('host forwarding rule')) {
      progress(`${image.name}: port ${port} was taken meanwhile, choosing another`);
      await rm(run.port, { force: true });
      continue;
    }
    throw new LabFailure('boot-failed', `QEMU did not start ${image.name}: ${reason}`);
  }
}

/** Ends the guest's QEMU for certain, and forgets its state. Returns false when none was running. */
export async function stopMachine(paths: LabPaths, name: GuestName): Promise<boolean> {
  const pid = await findProcess(paths, name);
  if (pid !== null) {
    kill(pid, 'SIGTERM');
    if (!(await endsWithin(paths, name, 2000))) {
      kill(pid, 'SIGKILL');
      if (!(await endsWithin(paths, name, 10_000))) {
        throw new LabFailure('still-running', `QEMU of ${name} (pid ${pid}) survived SIGKILL for 10 s.`);
      }
    }
  }
  await rm(paths.run(name).state, { force: true });
  await rm(paths.run(name).pid, { force: true });
  return pid !== null;
}

/** The last lines that the guest's kernel and systemd wrote to the serial console. */
export async function readConsoleTail(paths: LabPaths, name: GuestName, lines = 25): Promise<string> {
  const path = paths.run(name).console;
  const text = await readFile(path, 'latin1').catch(() => '');
  const printable = text.replace(/[^\x20-\x7e\n]/g, '').replace(/\[[0-9;?]+[A-Za-z]/g, '');
  return `${path}:\n${printable.trim().split('\n').slice(-lines).join('\n')}`;
}

function qemuParameters(paths: LabPaths, image: Image, port: number, options: MachineOptions): string[] {
  const run = paths.run(image.name);
  return [
    '-name',
    `skblens-lab-${image.name}`,
    '-machine',
    'q35',
    '-accel',
    'tcg,thread=multi',
    '-cpu',
    PROCESSOR,
    '-smp',
    String(options.processors),
    '-m',
    String(options.memoryMegabytes),
    '-nodefaults',
    '-no-reboot',
    '-display',
    'none',
    '-serial',
    `file:${commaDoubled(run.console)}`,
    '-kernel',
    image.kernel,
    '-initrd',
    image.initrd,
    '-append',
    KERNEL_COMMAND_LINE,
    '-drive',
    `file=${commaDoubled(image.disk)},format=raw,if=virtio,snapshot=on,cache=unsafe`,
    '-netdev',
    `user,id=net0,hostfwd=tcp:127.0.0.1:${port}-:22`,
    '-device',
    'virtio-net-pci,netdev=net0,romfile=',
    '-device',
    'virtio-rng-pci',
    '-pidfile',
    run.pid,
    '-daemonize',
  ];
}

/** QEMU's options are separated by commas; one that belongs to a path is written twice. */
function commaDoubled(path: string): string {
  return path.replaceAll(',', ',,');
}

/** The guest's last port when it is free, else any free one. */
async function choosePort(paths: LabPaths, name: GuestName): Promise<number> {
  const path = paths.run(name).port;
  const last = Number(await readFile(path, 'utf8').catch(() => ''));
  if (Number.isInteger(last) && last > 0 && last < 65536 && (await freePort(last)) !== null) return last;
  const others = new Set<number>();
  for (const other of GUEST_NAMES) {
    others.add(Number(await readFile(paths.run(other).port, 'utf8').catch(() => '')));
  }
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await freePort(0);
    if (port === null || others.has(port)) continue;
    await writeAtomically(path, `${port}\n`);
    return port;
  }
  throw new LabFailure('boot-failed', 'No free TCP port on 127.0.0.1 after 20 attempts.');
}

async function freePort(wanted: number): Promise<number | null> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

async function findProcess(paths: LabPaths, name: GuestName): Promise<number | null> {
  const pidFile = paths.run(name).pid;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parameters = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const index = parameters.indexOf('-pidfile');
    if (index < 0 || parameters[index + 1] !== pidFile) continue;
    if (!(parameters[0] ?? '').includes('qemu-system')) continue;
    // A zombie has no executable any more.
    if (await readlink(`/proc/${entry}/exe`).catch(() => null)) return Number(entry);
  }
  return null;
}

async function endsWithin(paths: LabPaths, name: GuestName, milliseconds: number): Promise<boolean> {
  const limit = Date.now() + milliseconds;
  for (;;) {
    if ((await findProcess(paths, name)) === null) return true;
    if (Date.now() > limit) return false;
    await delay(50);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look at the process table and now, which is what was wanted.
  }
}

/** Writes a file so that a reader sees the old or the new text, never a part. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, text, { mode: 0o600 });
  await rename(fresh, path);
}
