// @ts-check
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withLock } from './lock.mjs';

/**
 * The programs of this machine that tests run, and the Debian package each comes in. Nothing here is
 * needed by skblens itself.
 */
export const programs = /** @type {const} */ ({
  chromium: 'chromium',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ssh-agent': 'openssh-client',
  'qemu-system-x86_64': 'qemu-system-x86',
  mmdebstrap: 'mmdebstrap',
  'mkfs.ext4': 'e2fsprogs',
  tshark: 'tshark',
  tcpdump: 'tcpdump',
  bpftool: 'bpftool',
  pahole: 'dwarves',
  ip: 'iproute2',
  tmux: 'tmux',
  cc: 'gcc',
  zstd: 'zstd',
  xz: 'xz-utils',
  busybox: 'busybox',
  dash: 'dash',
  bash: 'bash',
  mksh: 'mksh',
  zsh: 'zsh',
  fish: 'fish',
  tcsh: 'tcsh',
  flock: 'util-linux',
});

/** Packages with no program of their own: Chromium draws Chinese text with the first, tests compile against the others. */
const plainPackages = ['fonts-noto-cjk', 'libbpf-dev', 'libc6-dev'];

/** @typedef {keyof typeof programs} ProgramName */

/**
 * Whether a program is in $PATH or among the system's own, where an ordinary user's $PATH does not look.
 *
 * @param {string} program
 */
export function hasProgram(program) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && isExecutable(join(folder, program)));
}

/**
 * Installs what tests need and this machine lacks, as root on a system with apt. Elsewhere it says on
 * stderr which command does; the tests concerned then skip themselves, or fail where CI is set.
 */
export async function ensureSystem() {
  if (missingPackages().length === 0) return;
  await withLock('system', async () => {
    const missing = missingPackages();
    if (missing.length === 0) return;
    const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
    if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
      process.stderr.write(
        `skblens: tests need what this machine lacks, and only root can install it. As root run:\n\n    ${command}\n\n`,
      );
      return;
    }
    process.stderr.write(`skblens: installing ${missing.join(' ')}\n`);
    if (missing.includes('tshark')) answerTsharkQuestion();
    if (install(missing)) return;
    runApt(['update', '-q']);
    if (!install(missing)) process.stderr.write(`skblens: this failed, see above: ${command}\n`);
  });
}

function missingPackages() {
  const missing = Object.entries(programs)
    .filter(([program]) => !hasProgram(program))
    .map(([, name]) => /** @type {string} */ (name));
  const plain = existsSync('/usr/bin/dpkg-query') ? plainPackages.filter((name) => !isInstalled(name)) : [];
  return [...new Set([...missing, ...plain])];
}

function isInstalled(/** @type {string} */ name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Status}', name], { encoding: 'utf8' });
  return stdout === 'installed';
}

function install(/** @type {string[]} */ names) {
  return runApt(['install', '-q', '-y', '--no-install-recommends', ...names]) === 0;
}

/** tshark's package asks who may capture; our tests only read files. */
function answerTsharkQuestion() {
  spawnSync('debconf-set-selections', [], {
    input: 'wireshark-common wireshark-common/install-setuid boolean false\n',
    stdio: ['pipe', 2, 2],
  });
}

function runApt(/** @type {string[]} */ args) {
  const { status } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status;
}

function isExecutable(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
