/** The target's load as one look at /proc shows it. */
export interface LoadReading {
  /** Seconds since boot. */
  readonly uptime: number;
  /** Load average over a minute. */
  readonly load: number;
  readonly cpus: number;
  /** Clock ticks of all CPUs since boot: in all, and idle (with iowait). */
  readonly ticks: number;
  readonly idle: number;
  /** Clock ticks of our own processes. */
  readonly ours: number;
}

/** By how much the load may rise: by two for each CPU, and by sixteen on small machines. */
const RISE_A_CPU = 2;
const LEAST_RISE = 16;
/** So many readings in a row: one alone may be a cron job. */
const IN_A_ROW = 3;
/** Attaching itself is work, and belongs to the figure before. */
const BUSY_PERCENT = 80;

export interface LoadState {
  readonly load: number;
  readonly loadAtAttach: number;
  readonly cpus: number;
  readonly busyPercent: number;
  readonly ourPercent: number;
}

/**
 * Decides whether a probe has become too much for its target. A load average is slow: with k more processes that want
 * to run it has risen by 0.63 k after a minute. So a rise by two for each CPU, on a machine that is busy, in three readings
 * in a row, is no fluctuation. The kernel side of a probe works in the name of whoever runs: it shows as busy CPUs and
 * as a longer queue, not as time of our processes.
 */
export class LoadGuard {
  #first: LoadReading | null = null;
  #last: LoadReading | null = null;
  #high = 0;

  /** Takes the next reading. `stop` is true from the reading on at which the probe should end; `state` is null for the first. */
  take(reading: LoadReading): { readonly state: LoadState | null; readonly stop: boolean } {
    const before = this.#last;
    this.#first ??= reading;
    this.#last = reading;
    if (before === null || reading.uptime <= before.uptime) return { state: null, stop: false };
    const state = loadState(this.#first, before, reading);
    this.#high = tooMuch(state) ? this.#high + 1 : 0;
    return { state, stop: this.#high >= IN_A_ROW };
  }
}

export function tooMuch({ load, loadAtAttach, cpus, busyPercent }: LoadState): boolean {
  return load - loadAtAttach >= Math.max(LEAST_RISE, RISE_A_CPU * cpus) && busyPercent >= BUSY_PERCENT;
}

/** USER_HZ: what /proc counts in, on every architecture of interest here. */
const TICKS_A_SECOND = 100;

function loadState(first: LoadReading, before: LoadReading, now: LoadReading): LoadState {
  const ticks = now.ticks - before.ticks;
  const busy = ticks > 0 ? 1 - (now.idle - before.idle) / ticks : 0;
  const ours = (now.ours - before.ours) / TICKS_A_SECOND / (now.uptime - before.uptime);
  return {
    load: now.load,
    loadAtAttach: first.load,
    cpus: now.cpus,
    busyPercent: Math.min(100, Math.max(0, 100 * busy)),
    ourPercent: Math.max(0, 100 * ours),
  };
}

/**
 * /proc/uptime, /proc/loadavg, the lines of /proc/stat that begin with `cpu`, and /proc/PID/stat of our processes
 * (proc(5)). A process's name may hold anything, so its fields are counted from the last `)`. Null: not all came.
 *
 *     81.30 150.02
 *     0.15 0.07 0.05 2/65 442
 *     cpu  3056 0 1720 68845 35 0 61 0 0 0
 *     cpu0 3056 0 1720 68845 35 0 61 0 0 0
 *     431 (bpftrace) S 420 …
 */
export function parseLoad(text: string): LoadReading | null {
  let uptime: number | null = null;
  let load: number | null = null;
  let all: number[] | null = null;
  let cpus = 0;
  let ours = 0;
  for (const line of text.split('\n')) {
    const clock = /^(\d{1,12}\.\d{1,9}) \d{1,15}\.\d{1,9}$/.exec(line);
    const average = /^(\d{1,7}\.\d\d) \d{1,7}\.\d\d \d{1,7}\.\d\d \d+\/\d+ \d+$/.exec(line);
    const process = /^\d{1,10} \(.*\) (\S .*)$/.exec(line)?.[1]?.split(' ');
    if (clock) uptime ??= Number(clock[1]);
    else if (average) load ??= Number(average[1]);
    else if (/^cpu {2}\d/.test(line)) all ??= line.slice(5).trim().split(' ').slice(0, 8).map(Number);
    else if (/^cpu\d+ /.test(line)) cpus++;
    // utime and stime are fields 14 and 15, the state is the third.
    else if (process) ours += (Number(process[11]) || 0) + (Number(process[12]) || 0);
  }
  if (uptime === null || load === null || all === null || all.some(Number.isNaN)) return null;
  return {
    uptime,
    load,
    cpus: Math.max(1, cpus),
    ticks: all.reduce((sum, one) => sum + one, 0),
    idle: (all[3] ?? 0) + (all[4] ?? 0),
    ours,
  };
}
