/** A network namespace of the target: each has its own devices, counters and rules. */
export interface NetworkNamespace {
  /** Inode number of the namespace, as records and `lsns -t net` have it. */
  readonly inode: number;
  /** Files that hold it: `/run/netns/NAME` of `ip netns`, those of docker. */
  readonly files: readonly string[];
  /** How many processes we saw in it, and the one with the lowest number. */
  readonly processes: number;
  readonly example: { readonly pid: number; readonly comm: string } | null;
  /** The one that our own commands run in. */
  readonly own: boolean;
}

/** A BPF program at a device. `id` is what `bpftool prog show id` takes; null where only its presence is known. */
export interface DeviceProgram {
  /** `xdp generic`, `xdp driver`, `xdp offloaded`, `tc ingress`, `tc egress`, `tcx ingress`, `netkit primary`, `lwt xmit`, … */
  readonly hook: string;
  readonly id: number | null;
  readonly name: string;
}

/** A queueing discipline: `clsact ffff:`, `fq_codel 0:`. */
export interface DeviceQdisc {
  readonly kind: string;
  readonly handle: string;
}

/** A network device of the target and what may change packets there. */
export interface DeviceDescription {
  readonly ifindex: number;
  readonly name: string;
  /** Inode of its network namespace. */
  readonly netns: number;
  /** As iproute2 calls it (`ether`, `ipip`, `none`), and the kind of virtual device (`veth`, `tun`, `gre`); empty: none. */
  readonly linkType: string;
  readonly kind: string;
  readonly up: boolean;
  readonly mtu: number | null;
  /** Ends of a tunnel, where it has them; empty: none. */
  readonly local: string;
  readonly remote: string;
  readonly programs: readonly DeviceProgram[];
  readonly qdiscs: readonly DeviceQdisc[];
}

/** What stands behind a device that a packet was seen on. */
export interface DeviceFacts {
  /** Null: there is no such device there (any more). */
  readonly device: DeviceDescription | null;
  /** The namespace's own; null where it could not be found. */
  readonly namespace: NetworkNamespace | null;
  /** Devices of this host, all namespaces, that have a BPF program: each could have redirected the packet. */
  readonly others: readonly DeviceDescription[];
  /** Namespaces that were looked into, of those there are. */
  readonly looked: { readonly namespaces: number; readonly of: number };
  /** What was run, as it was run. */
  readonly commands: readonly string[];
  /** Programs that are not there or could not do it (`bpftool`): without them the answer has gaps. */
  readonly missing: readonly string[];
}

/** Why a probe may be costly; the text of a code is in renderer/texts. */
export interface CostWarning {
  readonly code: 'scheduler' | 'allocator' | 'locks' | 'time' | 'every-packet' | 'interrupts' | 'many-points';
  readonly function: string;
}

/** What a probe may cost, before it is attached. */
export interface ProbeCost {
  /** Hits a second that its points would have had just now; null where nothing cheap tells it. */
  readonly perSecond: number | null;
  /** The counter that the figure comes from (`Ip.InReceives`), or empty. */
  readonly from: string;
  readonly warnings: readonly CostWarning[];
}

/** The target while a probe runs. */
export interface RunLoad {
  /** Load average over a minute (/proc/loadavg), and as the probe was attached. */
  readonly load: number;
  readonly loadAtAttach: number;
  readonly cpus: number;
  /** Of all CPUs, not idle, since the reading before; percent. */
  readonly busyPercent: number;
  /** What our processes there take, in percent of one CPU. The kernel side of a probe is not in it. */
  readonly ourPercent: number;
  readonly engine: 'bpftrace' | 'tracefs';
}
