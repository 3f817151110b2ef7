/**
 * What the survey of a target says of it (electron/backend/target/survey.ts), word for word: a sentence
 * is found by these patterns and then told in the page's language. The longer of two that begin alike
 * stands first. Names of things, paths and numbers need no words.
 */
export const survey = {
  none: 'none',
  btf: '/sys/kernel/btf/vmlinux, {bytes} bytes',
  btfRemedy: 'The kernel needs CONFIG_DEBUG_INFO_BTF=y.',
  architectureRemedy: 'Tried on x86_64 only; big-endian targets are not supported.',
  uidSaid: 'uid {uid}; bpftrace says: {said}',
  uidCapable: 'uid {uid}, and bpftrace works without root',
  uid: 'uid {uid}',
  capabilitiesRemedy:
    'Give the login CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE, or connect as root or as a user with sudo or doas.',
  paranoidRemedy:
    'Set kernel.perf_event_paranoid to 2 or lower, or connect as root or as a user with sudo or doas.',
  rootRemedy: 'Tracing needs root: connect as root or as a user with sudo or doas.',
  rootOnlyRemedy: 'This bpftrace runs as root only: connect as root or as a user with sudo or doas.',
  bpftrace: '{version}, BTF probes are called {name}',
  bpftraceRemedy: 'Install it on the target: apt install bpftrace.',
  bpftraceOldRemedy: 'Older than the oldest version that was tried (0.17).',
  notReadable: 'not readable',
  tracefsRemedy: 'Mount it: mount -t tracefs tracefs /sys/kernel/tracing.',
  lockdownRemedy: 'Tracing is refused: boot without lockdown=confidentiality.',
  integrityRemedy: 'Kprobes may be refused; BTF probes usually work.',
  notBuiltIn: 'not built in',
  unknown: 'unknown',
  ownTrafficRemedy:
    'sshd gave no SSH_CONNECTION: our own packets cannot be left out of a probe; the rate limit still holds.',
} as const;
