import { createHash } from 'node:crypto';
import { customizeScript } from './guest-setup.ts';
import type { GuestName } from './guest-names.ts';

/** All that decides what stands in an image, apart from the packages the mirror serves on the day. */
export type Recipe = {
  readonly name: GuestName;
  readonly suite: string;
  readonly mirror: string;
  readonly packages: readonly string[];
  readonly aptOptions: readonly string[];
  readonly diskMegabytes: number;
  /** sh script, run on this machine with the guest's root directory as $1, before the packages' kernel. */
  readonly essentialScript: string;
  /** sh script, run on this machine with the guest's root directory as $1, after all packages. */
  readonly customizeScript: string;
};

const PACKAGES = [
  'linux-image-cloud-amd64',
  'initramfs-tools',
  'systemd-sysv',
  'udev',
  'kmod',
  'openssh-server',
  'sudo',
  'opendoas',
  'procps',
  'iproute2',
  'iputils-ping',
  'bpftrace',
  'bpftool',
  'tcpdump',
  'python3',
  'busybox',
  'tcsh',
  'fish',
  'zsh',
];

/**
 * Kept small so that software emulation unpacks it fast: only the drivers of QEMU's disk and network and the
 * file system of the root.
 */
const ESSENTIAL_SCRIPT = `set -eu
mkdir -p "$1/etc/initramfs-tools/conf.d"
echo 'MODULES=list' > "$1/etc/initramfs-tools/conf.d/lab"
printf 'virtio_pci\\nvirtio_blk\\nvirtio_net\\next4\\n' > "$1/etc/initramfs-tools/modules"
`;

/** The recipe of a guest, with the public key (one line of an OpenSSH .pub file) that logs in to it. */
export function recipeOf(name: GuestName, clientPublicKey: string): Recipe {
  return {
    name,
    suite: name,
    mirror: process.env['SKBLENS_DEBIAN_MIRROR'] || 'http://deb.debian.org/debian',
    // Debian has sudo-rs since trixie.
    packages: name === 'bookworm' ? PACKAGES : [...PACKAGES, 'sudo-rs'],
    // A mirror that stands still lets sid's Release file run out; its signature is checked all the same.
    aptOptions: name === 'sid' ? ['Acquire::Check-Valid-Until "false"'] : [],
    diskMegabytes: 4096,
    essentialScript: ESSENTIAL_SCRIPT,
    customizeScript: customizeScript(name, clientPublicKey),
  };
}

/** The key of an image in the cache: 12 hexadecimal digits of the SHA-256 of its recipe. */
export function recipeHash(recipe: Recipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
}
