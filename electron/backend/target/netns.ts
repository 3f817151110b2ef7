import type { NetworkNamespace } from '../../../shared/contract/target-state.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import { visible } from '../ssh/visible.ts';

/**
 * Where processes are, which names hold a namespace, and what processes are called: one command each, however many
 * processes there are. A file under /run/netns holds a namespace if it is on nsfs, as /proc/self/ns/net is.
 */
const LIST_SCRIPT = `echo "own=$(stat -L -c '%d %i' /proc/self/ns/net)"
stat -L -c 'file=%d %i %n' /run/netns/* /var/run/docker/netns/* 2>/dev/null
ls -l /proc/[0-9]*/ns/net 2>/dev/null
grep '' /proc/[0-9]*/comm 2>/dev/null
echo listed=yes
`;

const LIMITS = { seconds: 20, bytes: 8 << 20 };
export const MAX_NAMESPACES = 2000;

/** Every network namespace that a process or a name holds, our own first. Throws `command-failed`. */
export async function listNamespaces(target: Target): Promise<readonly NetworkNamespace[]> {
  const result = await runCommand(target, LIST_SCRIPT, 'namespaces', LIMITS);
  const text = result.stdout.toString('utf8');
  const host = target.connection.config.alias;
  if (result.stderr.includes('not in this recording'))
    throw new Fail('not-recorded', { host, command: 'namespaces' });
  if (!/^listed=yes$/m.test(text))
    throw new Fail('command-failed', { command: 'namespaces', host, status: result.status }, result.stderr);
  return parseNamespaces(text);
}

interface Entry {
  readonly files: string[];
  processes: number;
  pid: number;
}

/** The output of LIST_SCRIPT; odd lines are passed over. */
export function parseNamespaces(text: string): NetworkNamespace[] {
  const found = new Map<number, Entry>();
  const entry = (inode: number): Entry | null => {
    const known = found.get(inode);
    if (known !== undefined || found.size >= MAX_NAMESPACES) return known ?? null;
    const made = { files: [], processes: 0, pid: Infinity };
    found.set(inode, made);
    return made;
  };
  const names = new Map<number, string>();
  let own: number | null = null;
  let nsfs = '';
  for (const line of text.split('\n')) {
    const [, self, selfInode] = /^own=(\d{1,20}) (\d{1,10})$/.exec(line) ?? [];
    if (self !== undefined) {
      nsfs = self;
      own = Number(selfInode);
      entry(own);
      continue;
    }
    const [, device, fileInode, file] = /^file=(\d{1,20}) (\d{1,10}) (\/\S.{0,250})$/.exec(line) ?? [];
    if (device !== undefined && file !== undefined) {
      if (device === nsfs) entry(Number(fileInode))?.files.push(visible(file));
      continue;
    }
    const [, pid, inode] = /\/proc\/(\d{1,10})\/ns\/net -> net:\[(\d{1,10})\]$/.exec(line) ?? [];
    if (pid !== undefined) {
      const holder = entry(Number(inode));
      if (holder === null) continue;
      holder.processes++;
      holder.pid = Math.min(holder.pid, Number(pid));
      continue;
    }
    const [, of, comm] = /^\/proc\/(\d{1,10})\/comm:(.{0,64})$/.exec(line) ?? [];
    if (of !== undefined && comm !== undefined && !names.has(Number(of))) names.set(Number(of), comm);
  }
  return [...found]
    .map(([inode, { files, processes, pid }]) => ({
      inode,
      files,
      processes,
      example: processes === 0 ? null : { pid, comm: visible(names.get(pid) ?? '') },
      own: inode === own,
    }))
    .sort(
      (one, other) =>
        Number(other.own) - Number(one.own) ||
        other.files.length - one.files.length ||
        one.inode - other.inode,
    );
}
