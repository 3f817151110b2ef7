import { parseBreakResult } from './break.ts';
import type { BreakResult } from './break.ts';
import { FAULT_CASES } from './cases.ts';
import { LabFailure } from './failure.ts';
import { FLOOD_SCRIPT } from './guest-flood.ts';
import type { Guest } from './guest.ts';
import { toHex } from './packets.ts';

/** What a flood did, told by the guest itself. */
export type FloodResult = BreakResult & {
  /** Seconds that it sent for. */
  readonly took: number;
};

const MOST_RATE = 100_000;
const MOST_SECONDS = 120;

/**
 * Sends packets that ip_rcv_core drops as bad (an Ethernet frame where IPv4 is said to be) at up to `rate` a second
 * inside the guest: fewer where its processors do not manage more.
 */
export async function floodGuest(guest: Guest, rate: number, seconds: number): Promise<FloodResult> {
  if (!(rate >= 1 && rate <= MOST_RATE && seconds > 0 && seconds <= MOST_SECONDS))
    throw new LabFailure('usage', `A flood of ${rate} a second for ${seconds} s.`, 'Ask for less.');
  const source = FAULT_CASES.find(({ name }) => name === 'ethernet')?.source;
  const bad = source?.kind === 'tun' ? source.bad : null;
  if (!bad) throw new LabFailure('usage', 'There is no fault case "ethernet".', 'npm run lab -- cases');
  const done = await guest.runInput(`python3 - ${rate} ${seconds} 0800${toHex(bad)}`, FLOOD_SCRIPT, {
    timeoutMilliseconds: 240_000 + 1000 * seconds,
  });
  const took = /^took\t([\d.]+)$/m.exec(done.stdout)?.[1];
  if (done.code !== 0 || took === undefined)
    throw new LabFailure(
      'fault-failed',
      `The flood failed: ${done.stderr.slice(-400)}`,
      'npm run lab -- fix',
    );
  return { ...parseBreakResult('flood', done.stdout), took: Number(took) };
}

const BUSY_MARK = '/run/skblens-lab-busy';

/**
 * Keeps the guest busy with so many processes that want to run, each with the least claim to it, until `idleGuest`, or for
 * so many seconds.
 */
export async function busyGuest(guest: Guest, processes: number, seconds: number): Promise<void> {
  const script = `import os, signal, time
MARK = '${BUSY_MARK}'
end = time.monotonic() + ${Math.min(seconds, MOST_SECONDS)}
open(MARK, 'w').close()
children = []
for _ in range(${Math.min(processes, 1000)}):
    child = os.fork()
    if child == 0:
        os.nice(19)
        while time.monotonic() < end:
            pass
        os._exit(0)
    children.append(child)
while time.monotonic() < end and os.path.exists(MARK):
    time.sleep(0.2)
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
`;
  const done = await guest.runInput('python3 -', script, { timeoutMilliseconds: 240_000 + 1000 * seconds });
  if (done.code !== 0)
    throw new LabFailure('fault-failed', `It was not kept busy: ${done.stderr.slice(-400)}`, 'Try again.');
}

export async function idleGuest(guest: Guest): Promise<void> {
  await guest.run(`rm -f ${BUSY_MARK}`);
}
