/** A way into every guest. `alias` is appended to the guest's name in the ssh config (`bookworm-sudo`). */
export type Login = {
  readonly alias: string;
  readonly user: string;
  readonly shell: string;
  /** What `sudo` does for this user. */
  readonly sudo: 'is-root' | 'password' | 'no-password' | 'never';
  /** Whether sshd takes {@link LAB_PASSWORD} for this user, beside the key that all take. */
  readonly password: boolean;
};

/**
 * The password of every user that has one. It is no secret: the guests listen on 127.0.0.1 only and are thrown
 * away at `lab down`.
 */
export const LAB_PASSWORD = 'lab';

/** Where `sudo` is sudo-rs, on the guests that have it: first in the PATH of the login for it. */
export const SUDO_RS_DIRECTORY = '/opt/sudo-rs';

/** The users of every guest. The last three have login shells that are not POSIX, or differ from sh. */
export const LOGINS: readonly Login[] = [
  { alias: '', user: 'root', shell: '/bin/bash', sudo: 'is-root', password: false },
  { alias: '-sudo', user: 'sudoer', shell: '/bin/bash', sudo: 'password', password: true },
  { alias: '-nopasswd', user: 'nopasswd', shell: '/bin/bash', sudo: 'no-password', password: false },
  { alias: '-nobody', user: 'plain', shell: '/bin/bash', sudo: 'never', password: true },
  // Root by doas only, with its password.
  { alias: '-doas', user: 'doaser', shell: '/bin/bash', sudo: 'never', password: true },
  { alias: '-sudo-rs', user: 'rusty', shell: '/bin/bash', sudo: 'password', password: true },
  { alias: '-tcsh', user: 'tcsher', shell: '/bin/tcsh', sudo: 'no-password', password: false },
  { alias: '-fish', user: 'fisher', shell: '/usr/bin/fish', sudo: 'no-password', password: false },
  { alias: '-zsh', user: 'zsher', shell: '/bin/zsh', sudo: 'no-password', password: false },
];
