import { z } from 'zod';
import { Fail } from '../../../shared/contract/failure.ts';
import type { CleanupReceipt } from '../../../shared/contract/ssh-session.ts';
import type { ChannelExit } from './channel.ts';
import { runCommand } from './command.ts';
import type { Target } from './command.ts';
import { TRACEFS_LEFT } from '../../../shared/probe/tracefs-script.ts';
import { visible } from './visible.ts';

/** What ran, for the look afterwards. */
export interface RanOnTarget {
  readonly command: string;
  /** The leash's mark: in the environment of every process of it. */
  readonly mark: string;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly began: number;
  readonly ended: number;
  readonly exit: ChannelExit;
}

const LIMITS = { seconds: 15, bytes: 4 << 20 };
const MAX_LISTED = 20;
/** Kinds of BPF programs that a probe of ours may load. */
const TRACING = /^(?:tracing|kprobe|tracepoint|raw_tracepoint|perf_event|raw_tracepoint_writable)$/;
/** The target's clock counts whole seconds here, and attaching takes some. */
const SLACK_SECONDS = 2;

/**
 * Looks for what carries the mark: one grep over /proc, its pattern written so that it does not find
 * itself. What ends just now (the last `sleep` of the guard's timer) is given three seconds. Then the loaded BPF programs as bpftool has them, where it is there and may be used, and what is in tracefs by our name without an owner.
 */
function lookScript(mark: string): string {
  const pattern = `${mark.slice(0, -1)}[${mark.slice(-1)}]`;
  return `
look() {
  for file in $(grep -ls '${pattern}' /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=\${file#/proc/}
    pid=\${pid%%/*}
    name=$(cat "/proc/$pid/comm" 2>/dev/null) && echo "process=$pid $name"
  done
}
found=$(look)
for wait in 1 1 1; do
  [ -z "$found" ] && break
  sleep $wait
  found=$(look)
done
printf '%s\\n' "$found"
echo "now=$(date +%s)"
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ] && command -v bpftool >/dev/null 2>&1; then echo "programs=$(bpftool -j prog show 2>/dev/null)"; fi
${TRACEFS_LEFT}echo looked=yes
`;
}

const program = z.object({
  id: z.number(),
  type: z.string(),
  name: z.string().optional(),
  loaded_at: z.number().optional(),
  pids: z.array(z.object({ pid: z.number(), comm: z.string() })).optional(),
});

/**
 * Checks the target after a run: no process with its mark, and no BPF program that was loaded since
 * its start and that no living process holds. `target` null: the connection is gone, and nothing was
 * looked at.
 */
export async function takeReceipt(target: Target | null, ran: RanOnTarget): Promise<CleanupReceipt> {
  const seconds = (ran.ended - ran.began) / 1000;
  const { code, signal } = ran.exit;
  const exit = code !== null ? `exit status ${code}` : signal;
  const base = { command: ran.command, seconds, exit };
  const unseen = (why: string): CleanupReceipt => ({
    ...base,
    processes: null,
    programs: null,
    clean: false,
    summary: `Not looked at: ${why}. The target ends what it ran by itself, within seconds of the connection.`,
  });
  if (target === null) return unseen('the connection is gone');
  let text: string;
  try {
    const result = await runCommand(target, lookScript(ran.mark), 'receipt', LIMITS);
    text = result.stdout.toString('utf8');
  } catch (error) {
    return unseen(error instanceof Fail ? error.message.replace(/\.$/, '') : 'the look failed');
  }
  if (!/^looked=yes$/m.test(text)) return unseen('the look was cut short');
  const processes = [
    ...new Set([...text.matchAll(/^process=(\d+ .*)$/gm)].map((match) => visible(match[1] ?? ''))),
  ].slice(0, MAX_LISTED);
  const traced = [...text.matchAll(/^tracefs=(skblens_\d{1,10}_\d{1,20})$/gm)].map(
    (match) => `tracefs ${match[1]}`,
  );
  const loaded = strayPrograms(text, seconds);
  const programs = traced.length === 0 ? loaded : [...(loaded ?? []), ...traced].slice(0, MAX_LISTED);
  const clean = processes.length === 0 && (programs ?? []).length === 0;
  const looked =
    programs === null
      ? 'no process with its mark; BPF programs could not be listed'
      : 'no process with its mark, no BPF program without a holder';
  const summary = clean
    ? `Nothing is left: ${looked}.`
    : `Left on the target: ${[...processes, ...(programs ?? [])].join('; ')}.`;
  return { ...base, processes, programs, clean, summary };
}

/** Of `bpftool -j prog show`: tracing programs younger than the run, without a process that holds them. */
export function strayPrograms(text: string, seconds: number): string[] | null {
  const now = Number(/^now=(\d{1,12})$/m.exec(text)?.[1] ?? Number.NaN);
  const json = /^programs=(\[.*\])$/m.exec(text)?.[1];
  if (json === undefined || Number.isNaN(now)) return null;
  let listed: unknown;
  try {
    listed = JSON.parse(json);
  } catch {
    return null;
  }
  const parsed = z.array(program).safeParse(listed);
  if (!parsed.success) return null;
  const since = now - Math.ceil(seconds) - SLACK_SECONDS;
  return parsed.data
    .filter(
      ({ type, loaded_at: loaded, pids }) => TRACING.test(type) && (loaded ?? 0) >= since && !pids?.length,
    )
    .slice(0, MAX_LISTED)
    .map(({ id, type, name }) => visible(`BPF program ${id} (${type} ${name ?? ''})`));
}
