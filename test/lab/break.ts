import {
  DEFAULT_CASE,
  FAULT_CASES,
  faultCase,
  GOOD_IPV4,
  GOOD_IPV6,
  type CounterName,
  type FaultCase,
  DEFAULT_COUNT,
} from './cases.ts';
import { LabFailure } from './failure.ts';
import type { Guest } from './guest.ts';
import { TUN_SCRIPT } from './guest-tun.ts';
import { XDP_SCRIPT } from './guest-xdp.ts';
import { ETH_P_IPV6, toHex } from './packets.ts';

export type BreakOptions = {
  /** Default `xdp`. */
  readonly case?: string;
  /** Bad packets, each with a good one beside it. Default 100: with 200 ms, time enough to attach a probe meanwhile. */
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
  const { source } = fault;
  if (source.kind === 'tun') return tunCommand([fault], count, intervalMilliseconds);
  requireRanges(count, intervalMilliseconds);
  // With less, ping floods, and a flooded queue drops packets.
  const interval = Math.max(2, intervalMilliseconds);
  return {
    command: `python3 - ${source.tunnel} ${source.receiver} ${count} ${interval}`,
    input: XDP_SCRIPT,
  };
}

/** Sends the bad packets of a case from inside the guest. May be repeated, and cases may follow each other. */
export async function breakGuest(guest: Guest, options: BreakOptions = {}): Promise<BreakResult> {
  const { count = DEFAULT_COUNT, intervalMilliseconds = 200 } = options;
  const fault = faultCase(options.case ?? DEFAULT_CASE);
  const command = faultCommand(fault, count, intervalMilliseconds);
  const text = await runFault(guest, fault.name, command, count * intervalMilliseconds);
  return parseBreakResult(fault.name, text);
}

/** Every TUN case one after the other, in one login and so in a few seconds. Results in the order of the table. */
export async function breakGuestByTun(
  guest: Guest,
  options: Omit<BreakOptions, 'case'> = {},
): Promise<BreakResult[]> {
  const { count = DEFAULT_COUNT, intervalMilliseconds = 200 } = options;
  const faults = FAULT_CASES.filter(({ source }) => source.kind === 'tun');
  const command = tunCommand(faults, count, intervalMilliseconds);
  const text = await runFault(guest, 'tun', command, faults.length * count * intervalMilliseconds);
  const reports = text.split(/^(?=namespace\t)/m);
  return faults.map(({ name }, index) => parseBreakResult(name, reports[index] ?? ''));
}

function tunCommand(faults: readonly FaultCase[], count: number, intervalMilliseconds: number): GuestCommand {
  requireRanges(count, intervalMilliseconds);
  const words = ['python3', '-', String(count), String(intervalMilliseconds)];
  for (const { source } of faults) {
    if (source.kind !== 'tun') continue;
    const good = source.protocol === ETH_P_IPV6 ? GOOD_IPV6 : GOOD_IPV4;
    words.push(source.protocol.toString(16), source.bad === null ? '-' : toHex(source.bad), toHex(good));
  }
  return { command: words.join(' '), input: TUN_SCRIPT };
}

async function runFault(
  guest: Guest,
  what: string,
  { command, input }: GuestCommand,
  sendingMilliseconds: number,
): Promise<string> {
  const timeoutMilliseconds = 240_000 + 2 * sendingMilliseconds;
  const done = await guest.runInput(command, input, { timeoutMilliseconds });
  if (done.code === 0) return done.stdout;
  throw new LabFailure(
    'fault-failed',
    `The fault ${what} failed in ${guest.name} (${done.code}): ${lastLines(done.stderr)}`,
    `npm run lab -- fix ${guest.name}`,
  );
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

function requireRanges(count: number, intervalMilliseconds: number): void {
  requireWhole('count', count, 1, MOST_PACKETS);
  requireWhole('interval', intervalMilliseconds, 0, 60_000);
}

function requireWhole(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new LabFailure('usage', `${what} is ${value}; it must be a whole number from ${least} to ${most}.`);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-4).join(' | ');
}
