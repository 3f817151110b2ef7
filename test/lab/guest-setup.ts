import type { GuestName } from './guest-names.ts';
import { LAB_PASSWORD, LOGINS, SUDO_RS_DIRECTORY } from './logins.ts';

/** The guest's address in QEMU's user network, which is 10.0.2.0/24 with the gateway at .2. */
const GUEST_ADDRESS = '10.0.2.15/24';

/** Units that cost boot time or wake up later, and serve nothing in a guest that lives for minutes. */
const MASKED_UNITS = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'man-db.timer',
  'systemd-tmpfiles-clean.timer',
  'getty@tty1.service',
  'getty.target',
  'serial-getty@ttyS0.service',
  'systemd-networkd-wait-online.service',
  'systemd-firstboot.service',
  'systemd-hwdb-update.service',
  'systemd-journal-catalog-update.service',
  'systemd-update-done.service',
  'systemd-machine-id-commit.service',
  'systemd-random-seed.service',
  'systemd-pstore.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'ldconfig.service',
  'keyboard-setup.service',
  'console-setup.service',
  'networking.service',
  'systemd-binfmt.service',
  'systemd-journal-flush.service',
  // The initial RAM disk has loaded the drivers; this would add those of the emulated CPU's extras.
  'systemd-udev-trigger.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'modprobe@fuse.service',
  'modprobe@configfs.service',
  'modprobe@dm_mod.service',
  'modprobe@loop.service',
];

/**
 * The sh script that turns a bare Debian tree ($1) into a guest: users, keys, sshd, network, fewer units. The
 * host key is made on this machine's side of the tree, so that its public half can be read before the boot.
 */
export function customizeScript(name: GuestName, clientPublicKey: string): string {
  return `set -eu
root=$1
in_guest() { chroot "$root" "$@"; }

echo ${name} > "$root/etc/hostname"
printf '127.0.0.1 localhost\\n127.0.1.1 ${name}\\n::1 localhost ip6-localhost\\n' > "$root/etc/hosts"
: > "$root/etc/fstab"
systemd_id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')
echo "$systemd_id" > "$root/etc/machine-id"

${usersScript(clientPublicKey)}
echo 'permit doaser as root' > "$root/etc/doas.conf"
mkdir -p "$root${SUDO_RS_DIRECTORY}"
[ ! -e "$root/usr/bin/sudo-rs" ] || ln -s /usr/bin/sudo-rs "$root${SUDO_RS_DIRECTORY}/sudo"
rm -f "$root"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C 'skblens lab ${name}' -f "$root/etc/ssh/ssh_host_ed25519_key"
cat > "$root/etc/ssh/sshd_config.d/lab.conf" <<'END'
${sshdConfig(name)}END

cat > "$root/etc/systemd/system/lab-network.service" <<'END'
[Unit]
Description=Static address in QEMU's user network
Before=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip link set eth0 up
ExecStart=/sbin/ip address replace ${GUEST_ADDRESS} dev eth0
ExecStart=/sbin/ip route replace default via 10.0.2.2
[Install]
WantedBy=multi-user.target
END
in_guest systemctl -q enable lab-network.service ssh.service
in_guest systemctl -q mask ${MASKED_UNITS.join(' ')}
in_guest systemctl -q set-default multi-user.target
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\\nStorage=volatile\\n' > "$root/etc/systemd/journald.conf.d/lab.conf"
rm -rf "$root"/var/cache/apt/archives/*.deb
touch "$root/etc/.updated" "$root/var/.updated"
`;
}

function usersScript(clientPublicKey: string): string {
  const lines: string[] = [];
  for (const { user, shell, sudo, password } of LOGINS) {
    const home = user === 'root' ? '/root' : `/home/${user}`;
    if (user !== 'root') lines.push(`in_guest useradd --create-home --shell ${shell} ${user}`);
    if (password) lines.push(`echo '${user}:${LAB_PASSWORD}' | in_guest chpasswd`);
    if (sudo === 'password') lines.push(`echo '${user} ALL=(ALL:ALL) ALL' > "$root/etc/sudoers.d/${user}"`);
    if (sudo === 'no-password') {
      lines.push(`echo '${user} ALL=(ALL:ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/${user}"`);
    }
    lines.push(
      `mkdir -p "$root${home}/.ssh"`,
      `cat > "$root${home}/.ssh/authorized_keys" <<'END'`,
      clientPublicKey.trim(),
      'END',
      `chmod 700 "$root${home}/.ssh"`,
      `in_guest chown -R ${user}: ${home}/.ssh`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function sshdConfig(name: GuestName): string {
  const lines = [
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication yes',
    'UseDNS no',
    'MaxStartups 100',
  ];
  // Every connection comes from QEMU's gateway: one test of a wrong password would shut out all the others.
  if (name !== 'bookworm') lines.push('PerSourcePenalties no');
  lines.push('Match User rusty', `  SetEnv PATH=${SUDO_RS_DIRECTORY}:/usr/local/bin:/usr/bin:/bin`);
  return `${lines.join('\n')}\n`;
}
