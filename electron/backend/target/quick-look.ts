import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import { readIdentity } from './btf-download.ts';
import type { KernelIdentity } from './btf-download.ts';
import { factLines, readBpftraceVersion } from './survey.ts';
import type { KernelFacts } from './kernel-types.ts';

/**
 * All that a list of functions needs to know of a target whose kernel is in the cache, in three programs: where
 * each start of one takes 40 ms, a survey takes seconds. bpftrace is not started either: the
 * line of `ls` for its file tells whether it is still the one whose version is known.
 */
const QUICK_SCRIPT = `
export LC_ALL=C
while read -r name id rest; do case $name in Uid:) echo "uid=$id" ;; esac; done </proc/self/status
echo "system=$(uname -rm)"
program=$(command -v bpftrace)
echo "bpftrace=$program"
if IFS= read -r line 2>/dev/null </sys/kernel/tracing/available_filter_functions; then echo "may=1"; fi
ls -lnL /sys/kernel/btf \${program:+"$program"}
echo notes
od -An -v -tx1 </sys/kernel/notes 2>/dev/null
`;

export interface QuickLook {
  readonly identity: KernelIdentity;
  readonly release: string;
  readonly machine: string;
  /** The line of `ls` for bpftrace, '' where there is none. */
  readonly bpftraceFile: string;
}

/** Null where the login is not root, or the target answers otherwise than a Linux does. Throws `btf-missing`. */
export async function lookQuickly(target: Target): Promise<QuickLook | null> {
  const { stdout, status } = await runCommand(target, QUICK_SCRIPT, 'kernel identity', {
    seconds: 30,
    bytes: 1 << 20,
  });
  const text = stdout.toString('latin1');
  const [head = '', notes] = text.split(/^notes\n/m);
  const lines = factLines(head);
  const [release, machine] = (lines.get('system') ?? '').split(' ');
  if (status !== 0 || notes === undefined || lines.get('uid') !== '0' || !release || !machine) return null;
  const program = lines.get('bpftrace') ?? '';
  // An empty one would end every line.
  const bpftraceFile =
    program === ''
      ? ''
      : (head.split('\n').find((line) => line.startsWith('-') && line.endsWith(` ${program}`)) ?? '');
  if (program !== '' && bpftraceFile === '') return null;
  const files = [...head.matchAll(/^-.*\s(\d+) [A-Z][a-z]{2} .*\s([^\s/]+)$/gm)];
  // The text of identifyKernel's own script: one kernel has one key.
  const identity = readIdentity(
    [
      `notes=${notes.replace(/\s/g, '')}`,
      ...files.map(([, size, name]) => `btf=${size} ${name}`),
      `may=${lines.get('may') ?? '0'} 0`,
      '',
    ].join('\n'),
    target.connection.config.alias,
  );
  return { identity, release, machine, bpftraceFile };
}

/** What bpftrace calls itself there. */
export async function askBpftrace(target: Target): Promise<KernelFacts['bpftrace']> {
  const script = 'bpftrace --version 2>&1';
  const { stdout } = await runCommand(target, script, 'version of bpftrace', {
    seconds: 30,
    bytes: 64 << 10,
  });
  return readBpftraceVersion(stdout.toString('utf8'));
}
