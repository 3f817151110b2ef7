import type { CountersReading } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { parseCounterFiles } from '../../../shared/counters/reading.ts';
import { startLeashed } from '../ssh/leash.ts';
import type { Leash } from '../ssh/leash.ts';
import type { Target } from '../ssh/command.ts';

/** Prints the inode of its network namespace, then its counter files once a second, each reading closed by an empty line. */
const WATCH_SCRIPT = `readlink /proc/self/ns/net
while cat /proc/uptime /proc/net/snmp && { cat /proc/net/netstat /proc/net/snmp6 /proc/net/softnet_stat /proc/net/dev 2>/dev/null; echo; }; do sleep 1; done`;

/** What the script of another namespace ends with when that namespace is gone. */
const GONE = 3;

/**
 * The same for another network namespace. Through a process in it /proc/PID/net shows its counters, and
 * nothing enters it; one without processes is entered once a second through the file that holds it. Neither
 * keeps a namespace alive, and the number of a process that was given away again is noticed.
 */
function watchScript(inode: number): string {
  return `inode=${inode}
find() {
  pid=$(ls -l /proc/[0-9]*/ns/net 2>/dev/null | sed -n "s|.*/proc/\\([0-9]*\\)/ns/net -> net:\\[$inode\\]\\$|\\1|p" | head -n 1)
  [ -n "$pid" ] && return
  file=$(stat -L -c '%i %n' /run/netns/* /var/run/docker/netns/* 2>/dev/null | sed -n "s|^$inode ||p" | head -n 1)
  [ -n "$file" ]
}
take() {
  if [ -n "$pid" ]; then
    [ "$(readlink "/proc/$pid/ns/net")" = "net:[$inode]" ] || return 1
    cd "/proc/$pid/net" || return 1
    cat /proc/uptime snmp && { cat netstat snmp6 softnet_stat dev 2>/dev/null; echo; }
  else
    nsenter "--net=$file" cat /proc/uptime /proc/net/snmp /proc/net/netstat /proc/net/snmp6 /proc/net/softnet_stat /proc/net/dev 2>/dev/null
    [ $? -lt 2 ] && echo
  fi
}
echo "net:[$inode]"
while find; do
  while take; do sleep 1; done
  cd /
done
exit ${GONE}
`;
}

const MAX_READING = 1 << 20;

/** What a watch tells. */
export interface CounterListener {
  reading(reading: CountersReading): void;
  /** It ended by itself; not told after it was stopped. */
  failed(failure: Fail): void;
}

/**
 * Starts to read the counters of one of the target's network namespaces once a second; returns its undo.
 * `netns` is the inode of the namespace, null the one that commands run in.
 */
export async function watchCounters(
  target: Target,
  netns: number | null,
  listener: CounterListener,
): Promise<() => void> {
  const script = netns === null ? WATCH_SCRIPT : watchScript(netns);
  target.onCommand(script, 'counters');
  const leash: Leash = await startLeashed(target.connection, {
    command: '/bin/sh',
    input: script,
    sudo: target.sudo,
  });
  const began = Date.now();
  let text = '';
  let inode: number | undefined;
  let stopped = false;
  leash.onStdout((chunk) => {
    text += chunk.toString('latin1');
    const readings = text.split('\n\n');
    text = readings.pop() ?? '';
    if (text.length > MAX_READING) text = '';
    inode ??= inodeOf(readings[0]);
    const last = readings.at(-1);
    if (last === undefined) return;
    const { uptime, values } = parseCounterFiles(last);
    listener.reading({
      at: Date.now() - began,
      values,
      ...(uptime === null ? {} : { uptime }),
      ...(inode === undefined ? {} : { netns: inode }),
    });
  });
  void leash.exit.then(({ code, signal }) => {
    if (stopped) return;
    const host = target.connection.config.alias;
    if (code === null && signal === null)
      return listener.failed(new Fail('connection-lost', { host, message: 'while the counters were read' }));
    listener.failed(
      netns !== null && code === GONE
        ? new Fail('namespace-gone', { inode: netns, host }, leash.stderr() || null)
        : new Fail(
            'command-failed',
            { command: 'cat /proc/net/snmp', host, status: code ?? -1 },
            leash.stderr(),
          ),
    );
  });
  return () => {
    stopped = true;
    leash.interrupt(0);
  };
}

/** `net:[4026531840]` in the first line. */
function inodeOf(reading: string | undefined): number | undefined {
  const found = /^net:\[(\d{1,10})\]$/m.exec(reading?.slice(0, 200) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The one watch that a session keeps: started, turned to another namespace, stopped, in any order and overlap. */
export class CounterWatch {
  #wanted: { readonly netns: number | null } | null = null;
  #stop: (() => void) | null = null;
  #lost = false;

  /** What it was asked for, unless it failed since; a lost connection leaves it wanted. */
  get wanted(): { readonly netns: number | null } | null {
    return this.#wanted;
  }

  /** Throws what starting a command throws; the watch is then not wanted any more. */
  async start(target: Target, netns: number | null, listener: CounterListener): Promise<void> {
    if (this.#wanted?.netns === netns && !this.#lost) return;
    this.stop();
    const mine = { netns };
    this.#wanted = mine;
    try {
      const stop = await watchCounters(target, netns, {
        reading: (reading) => {
          if (this.#wanted === mine) listener.reading(reading);
        },
        failed: (failure) => {
          if (this.#wanted !== mine) return;
          this.#stop = null;
          this.#lost = failure.failure.code === 'connection-lost';
          if (this.#lost) return;
          this.#wanted = null;
          listener.failed(failure);
        },
      });
      if (this.#wanted === mine) this.#stop = stop;
      else stop();
    } catch (error) {
      if (this.#wanted === mine) this.#wanted = null;
      throw error;
    }
  }

  stop(): void {
    this.#wanted = null;
    this.#lost = false;
    this.#stop?.();
    this.#stop = null;
  }
}
