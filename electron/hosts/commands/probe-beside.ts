import type {
  Backend,
  CountersReading,
  RunState,
  RunTotals,
  SessionInfo,
} from '../../../shared/contract/api.ts';
import type { DeviceDescription, DeviceFacts, RunLoad } from '../../../shared/contract/target-state.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { FLAG_DEVICE } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { redirectByTc } from '../../../shared/device/redirect.ts';
import { arphrdName } from '../../../shared/packet/skb.ts';
import { costWarnings } from '../../../shared/probe/hot-functions.ts';
import { Reconciler } from '../../../shared/probe/reconcile.ts';
import { reconcileLines } from '../../../shared/probe/reconcile-text.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/** What is told of a target beside the packets of one probe: cost before, load meanwhile, counters and devices after. */
export class ProbeBeside {
  readonly #output: Output;
  readonly #host: string;
  readonly #reconciler = new Reconciler();
  #missed = 0;
  #bad: { readonly ifindex: number; readonly netns: number; readonly type: number } | null = null;
  #load: RunLoad | null = null;

  constructor(output: Output, host: string) {
    this.#output = output;
    this.#host = host;
  }

  /** What is known to be costly about the points of a probe. */
  warn(spec: ProbeSpec): void {
    for (const { code, function: name } of costWarnings(spec)) {
      this.#output.line({ type: 'warning', host: this.#host, code, function: name });
      this.#output.note(`skblens: ${printable(name)}: ${WARNINGS[code]}`);
    }
  }

  /** The inode of `--netns NAME|INODE`, null where it was not given. Throws `namespace-gone`. */
  async namespaceOf(backend: Backend, { session }: SessionInfo, text: string | null): Promise<number | null> {
    return text === null ? null : inodeOf(backend, session, text, this.#host);
  }

  /** Begins to read the counters of a namespace; null: of the one that commands run in. */
  async watch(backend: Backend, { session }: SessionInfo, netns: number | null): Promise<void> {
    // A target whose counters cannot be read can be probed all the same.
    await backend.watchCounters({ session, on: true, netns }).catch(() => undefined);
  }

  begin(
    spec: ProbeSpec,
    points: readonly { readonly name: string }[],
    release: string,
    replay: boolean,
  ): void {
    this.#reconciler.begin(
      spec,
      points.map(({ name }) => name),
      { release, replay },
    );
  }

  state(state: RunState, totals: RunTotals): void {
    this.#missed = totals.limited + totals.lost;
    if (state.kind === 'attached') this.#reconciler.attached();
    else if (state.kind !== 'starting') this.#reconciler.ended();
  }

  reading({ uptime, netns, values }: CountersReading): void {
    if (uptime !== undefined && netns !== undefined) this.#reconciler.reading({ uptime, netns, values });
  }

  records(records: Uint8Array): void {
    this.#reconciler.take(records);
  }

  /** A packet whose verdict is not as expected. */
  bad(record: EventRecord): void {
    if ((record.flags & FLAG_DEVICE) !== 0 && record.netns > 0)
      this.#bad ??= { ifindex: record.ifindex, netns: record.netns, type: record.deviceType };
  }

  load(load: RunLoad): void {
    this.#load = load;
    this.#output.line({ type: 'load', host: this.#host, ...load });
  }

  /** Why a run ended that nobody stopped. */
  loadText(): string {
    const load = this.#load;
    return load === null
      ? ''
      : `load ${load.load.toFixed(2)}, ${load.loadAtAttach.toFixed(2)} as it was attached, ${load.cpus} CPUs ${Math.round(load.busyPercent)} % busy`;
  }

  /** Says how much of the counters' growth the captured packets explain. */
  reconciliation(): void {
    const found = this.#reconciler.result(this.#missed);
    if (found === null) return;
    this.#output.line({ type: 'reconciliation', host: this.#host, ...found });
    for (const line of reconcileLines(found)) this.#output.note(`skblens: ${line}`);
  }

  /** Looks behind the device of the first packet that was not as expected. */
  async device(backend: Backend, { session }: SessionInfo, release: string): Promise<void> {
    if (this.#bad === null) return;
    const { ifindex, netns, type } = this.#bad;
    const facts = await backend.deviceFacts({ session, ifindex, netns });
    const redirect = redirectByTc(type, release);
    this.#output.line({ type: 'device', host: this.#host, ifindex, netns, redirect, ...facts });
    for (const line of deviceLines(facts, ifindex, netns)) this.#output.text(printable(line));
    this.#output.text(
      `  bpf_redirect from tc into ${arphrdName(type)} on this kernel: ${REDIRECTS[redirect]}`,
    );
  }
}

const WARNINGS = {
  scheduler: 'runs at every switch between tasks; a probe there slows the whole host',
  allocator: 'runs at every allocation; a probe there slows the whole host',
  locks: 'runs at every lock; a probe there slows the whole host, and may feed itself',
  time: 'runs whenever somebody asks for the time; a probe there slows the whole host',
  'every-packet': 'sees every packet of every protocol',
  interrupts: 'runs at every interrupt or system call; a probe there slows the whole host',
  'many-points': 'attaches to many functions: that takes long, and each costs',
} as const;

const REDIRECTS = {
  removed: 'the Ethernet header is removed (generic XDP never removes it)',
  kept: 'the Ethernet header stays on',
  depends: 'depends on the stable fixes of this kernel (generic XDP never removes the Ethernet header)',
  unknown: 'not known',
} as const;

function deviceLines(facts: DeviceFacts, ifindex: number, netns: number): string[] {
  const { device, others, looked, missing } = facts;
  return [
    device === null ? `device ${ifindex} of network namespace ${netns}: gone` : describe(device),
    ...others.map((one) => `  also on this host: ${describe(one)}`),
    `  looked into ${looked.namespaces} of ${looked.of} network namespaces${missing.length > 0 ? `; not there: ${missing.join(', ')}` : ''}`,
  ];
}

function describe(one: DeviceDescription): string {
  const ends = one.remote === '' ? '' : ` ${one.local || '*'} -> ${one.remote}`;
  const programs = one.programs.map(
    ({ hook, name, id }) => `${hook} ${name || '(no name)'}${id === null ? '' : ` id ${id}`}`,
  );
  const qdiscs = one.qdiscs.map(({ kind, handle }) => `${kind} ${handle}`);
  return `${one.name} (ifindex ${one.ifindex}, namespace ${one.netns}): ${one.kind || one.linkType}${ends}; ${programs.join(', ') || 'no BPF program'}; ${qdiscs.join(', ') || 'no qdisc'}`;
}

async function inodeOf(backend: Backend, session: string, text: string, host: string): Promise<number> {
  if (/^\d{1,10}$/.test(text) && Number(text) > 0) return Number(text);
  const all = await backend.networkNamespaces({ session });
  const found = all.find(({ files }) => files.some((file) => file.endsWith(`/${text}`)));
  if (found === undefined) throw new Fail('namespace-gone', { inode: text, host });
  return found.inode;
}
