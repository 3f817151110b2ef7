import { DEFAULT_CASE, faultCase, GOOD_IPV4, GOOD_IPV6, type CounterName, type FaultCase } from './cases.ts';
import { LabFailure } from './failure.ts';
import type { Guest } from './guest.ts';
import { TUN_SCRIPT } from './guest-tun.ts';
import { XDP_SCRIPT } from './guest-xdp.ts';
import { ETH_P_IPV6, toHex } from './packets.ts';

export type BreakOptions = {
  /** Default `xdp`. */
  readonly case?: string;
  /** Bad packets, each with a good one beside it. Default 20. */
  readonly count?: number;
  /** Between two bad packets. Default 200. */
  readonly intervalMilliseconds?: number;
};

/** What a fault did, told by the guest itself. */
export type BreakResult = {
  readonly case: string;
  readonly sentBad: number;
  readonly sentGood: number;
  /** Good packets that the kernel answered. */
  readonly answered: number;
  /** The network namespace of the counters: `initial`, or a name under /run/netns; and its inode number. */
  readonly namespace: string;
  readonly namespaceInode: number;
  readonly counters: Readonly<Record<CounterName, { readonly before: number; readonly after: number }>>;
};

/** A command for the guest's root shell, and what goes to its standard input. */
export type GuestCommand = { readonly command: string; readonly input: string };

/** The most bad packets of one run, so that it ends within the time limit of its ssh. */
const MOST_PACKETS = 1_000_000;

/** The command that sends the packets of a case. Throws `usage` for a count or interval out of range. */
export function faultCommand(fault: FaultCase, count: number, intervalMilliseconds: number): GuestCommand {
  requireWhole('count', count, 1, MOST_PACKETS);
  requireWhole('interval', intervalMilliseconds, 0, 60_000);
  const { source } = fault;
  if (source.kind === 'xdp') {
    // ping of an ordinary user refuses less than 2 ms, and root's needs some; a flood would drop packets.
    const interval = Math.max(2, intervalMilliseconds);
    return {
      command: `python3 - ${source.tunnel} ${source.receiver} ${count} ${interval}`,
      input: XDP_SCRIPT,
    };
  }
  const good = source.protocol === ETH_P_IPV6 ? GOOD_IPV6 : GOOD_IPV4;
  const bad = source.bad === null ? '-' : toHex(source.bad);
  const protocol = source.protocol.toString(16);
  return {
    command: `python3 - ${count} ${intervalMilliseconds} ${protocol} ${bad} ${toHex(good)}`,
    input: TUN_SCRIPT,
  };
}

/** Sends the bad packets of a case from inside the guest. May be repeated, and cases may follow each other. */
export async function breakGuest(guest: Guest, options: BreakOptions = {}): Promise<BreakResult> {
  const { count = 20, intervalMilliseconds = 200 } = options;
  const fault = faultCase(options.case ?? DEFAULT_CASE);
  const { command, input } = faultCommand(fault, count, intervalMilliseconds);
  const timeoutMilliseconds = 120_000 + count * (intervalMilliseconds + 20);
  const done = await guest.runInput(command, input, { timeoutMilliseconds });
  if (done.code !== 0) {
    throw new LabFailure(
      'fault-failed',
      `The fault ${fault.name} failed in ${guest.name} (${done.code}): ${lastLines(done.stderr)}`,
      `npm run lab -- fix ${guest.name}`,
    );
  }
  return parseBreakResult(fault.name, done.stdout);
}

/** Removes all that any fault set up in the guest. Throws `fault-failed` with what could not be removed. */
export async function fixGuest(guest: Guest): Promise<void> {
  const done = await guest.runInput('python3 - remove', XDP_SCRIPT);
  const left = done.stdout
    .split('\n')
    .filter((line) => line.startsWith('left\t'))
    .map((line) => line.slice(5));
  if (done.code === 0 && left.length === 0) return;
  throw new LabFailure(
    'fault-failed',
    left.length > 0
      ? `${guest.name} still has ${left.join(', ')}.`
      : `fix ended with ${done.code}: ${lastLines(done.stderr)}`,
    `npm run lab -- down ${guest.name}`,
  );
}

/** Reads the lines that guest-python.ts describes. Throws `fault-failed` when one is missing or malformed. */
export function parseBreakResult(name: string, text: string): BreakResult {
  const sent = new Map<string, number>();
  const counters = new Map<string, { before: number; after: number }>();
  let answered: number | null = null;
  let namespace: { name: string; inode: number } | null = null;
  for (const line of text.split('\n')) {
    const [kind, first = '', second = '', third = ''] = line.split('\t');
    if (kind === 'sent') sent.set(first, whole(second, line));
    if (kind === 'answered') answered = whole(first, line);
    if (kind === 'namespace') namespace = { name: first, inode: whole(second, line) };
    if (kind === 'counter') counters.set(first, { before: whole(second, line), after: whole(third, line) });
  }
  const counter = (wanted: CounterName) => counters.get(wanted) ?? missing(`counter ${wanted}`, text);
  return {
    case: name,
    sentBad: sent.get('bad') ?? missing('sent bad', text),
    sentGood: sent.get('good') ?? missing('sent good', text),
    answered: answered ?? missing('answered', text),
    namespace: namespace?.name ?? missing('namespace', text),
    namespaceInode: namespace?.inode ?? missing('namespace', text),
    counters: {
      InHdrErrors: counter('InHdrErrors'),
      InCsumErrors: counter('InCsumErrors'),
      Ip6InHdrErrors: counter('Ip6InHdrErrors'),
    },
  };
}

function whole(text: string, line: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new LabFailure('fault-failed', `The guest's line "${line}" has no number where one belongs.`);
}

function missing(what: string, text: string): never {
  throw new LabFailure('fault-failed', `The guest did not say "${what}"; it said: ${lastLines(text)}`);
}

function requireWhole(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new LabFailure('usage', `${what} is ${value}; it must be a whole number from ${least} to ${most}.`);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join(' | ');
}
