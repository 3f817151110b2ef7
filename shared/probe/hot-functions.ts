import type { CounterValues } from '../counters/snmp.ts';
import { growth } from '../counters/growth.ts';
import type { CostWarning } from '../contract/target-state.ts';
import { PACKET_PATH } from './packet-path.ts';
import { parsePoint } from './point.ts';
import type { ProbeSpec } from './spec.ts';

/**
 * Functions that run so often that a probe on them is felt by everything on the host, and why. A trampoline
 * costs some 50 ns a call, a breakpoint or kprobe_multi more; at a million calls a second that is a CPU's twentieth
 * before the probe has done anything. Names of kernel/sched, mm, kernel/locking and kernel/time, Linux 6.1 to 7.2.
 */
const HOT: readonly (readonly [code: CostWarning['code'], names: RegExp])[] = [
  [
    'scheduler',
    /^(?:__schedule|schedule(?:_idle|_timeout|_hrtimeout\w*)?|finish_task_switch|context_switch|try_to_wake_up|wake_up_process|default_wake_function|__wake_up\w*|(?:en|de)queue_(?:task|entity)\w*|pick_next_task\w*|update_curr\w*|update_rq_clock|sched_clock\w*|ttwu_\w+|select_task_rq\w*|do_idle|cpuidle_\w+)$/,
  ],
  [
    'allocator',
    /^(?:__alloc_skb|alloc_skb_with_frags|build_skb|napi_alloc_skb|__netdev_alloc_skb|kmem_cache_(?:alloc|free)\w*|__?kmalloc\w*|kfree|kvfree|__?k[mz]alloc\w*|___?slab_alloc|__slab_free|skb_release_\w+|kfree_skbmem|consume_skb|__kfree_skb|kfree_skb\w*|sk_skb_reason_drop|napi_consume_skb|__alloc_pages\w*|__free_pages\w*|free_unref_\w+|get_page_from_freelist)$/,
  ],
  [
    'locks',
    /^(?:_raw_(?:spin|read|write)_\w+|queued_spin_lock_slowpath|native_queued_spin_lock_slowpath|mutex_(?:un)?lock\w*|__mutex_\w+|rwsem_\w+|(?:down|up)_(?:read|write)\w*|rcu_\w+|__rcu_\w+|preempt_\w+|local_bh_\w+|__local_bh_\w+|__cond_resched)$/,
  ],
  [
    'time',
    /^(?:ktime_get\w*|hrtimer_\w+|__hrtimer_\w+|timekeeping_\w+|tick_\w+|read_tsc|update_process_times)$/,
  ],
  [
    'interrupts',
    /^(?:__do_softirq|do_softirq|handle_softirqs|irq_(?:enter|exit)\w*|irqtime_\w+|handle_irq_event\w*|common_interrupt|net_rx_action|napi_poll|__napi_poll|process_backlog|do_syscall_64|syscall_(?:enter|exit)_\w+|exc_page_fault|handle_mm_fault|__handle_mm_fault)$/,
  ],
];

/** Tracepoints that are hit as often. */
const HOT_TRACEPOINTS: readonly (readonly [code: CostWarning['code'], group: string, names: RegExp])[] = [
  ['scheduler', 'sched', /^sched_(?:switch|waking|wakeup|stat_\w+|migrate_task)$/],
  ['allocator', 'kmem', /./],
  ['allocator', 'skb', /^consume_skb$/],
  ['locks', 'lock', /./],
  ['interrupts', 'irq', /./],
  ['interrupts', 'raw_syscalls', /./],
  ['time', 'timer', /./],
];

const MANY_POINTS = 20;

/**
 * Which counters grow by one as a function is called (net/ipv4, net/ipv6, net/core): their sum a second is how often a
 * probe there would be hit. Segments that were merged or split make it an estimate.
 */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  ip_rcv: ['Ip.InReceives'],
  ip_rcv_core: ['Ip.InReceives'],
  ip_rcv_finish: ['Ip.InReceives'],
  ip_local_deliver: ['Ip.InDelivers'],
  ip_local_deliver_finish: ['Ip.InDelivers'],
  ip_protocol_deliver_rcu: ['Ip.InDelivers'],
  ip_forward: ['Ip.ForwDatagrams'],
  ip_forward_finish: ['Ip.ForwDatagrams'],
  ip_local_out: ['Ip.OutRequests'],
  __ip_local_out: ['Ip.OutRequests'],
  ip_output: ['Ip.OutRequests', 'Ip.ForwDatagrams'],
  ip_finish_output: ['Ip.OutRequests', 'Ip.ForwDatagrams'],
  ip_finish_output2: ['Ip.OutRequests', 'Ip.ForwDatagrams'],
  __ip_queue_xmit: ['Tcp.OutSegs'],
  ipv6_rcv: ['Ip6.InReceives'],
  ip6_rcv_core: ['Ip6.InReceives'],
  ip6_rcv_finish: ['Ip6.InReceives'],
  ip6_input: ['Ip6.InDelivers'],
  ip6_forward: ['Ip6.OutForwDatagrams'],
  ip6_output: ['Ip6.OutRequests', 'Ip6.OutForwDatagrams'],
  ip6_finish_output2: ['Ip6.OutRequests', 'Ip6.OutForwDatagrams'],
  icmp_rcv: ['Icmp.InMsgs'],
  icmp_echo: ['Icmp.InEchos'],
  icmpv6_rcv: ['Icmp6.InMsgs'],
  tcp_v4_rcv: ['Tcp.InSegs'],
  tcp_v6_rcv: ['Tcp.InSegs'],
  udp_rcv: ['Udp.InDatagrams', 'Udp.NoPorts', 'Udp.InErrors'],
  udpv6_rcv: ['Udp6.InDatagrams', 'Udp6.NoPorts', 'Udp6.InErrors'],
};

const STEPS = new Map(PACKET_PATH.map((step) => [step.name, step]));

/** What is known of the points of a probe without asking the target: each function once, the first reason that fits. */
export function costWarnings(spec: Pick<ProbeSpec, 'function' | 'also'>): readonly CostWarning[] {
  const warnings: CostWarning[] = [];
  const texts = [spec.function, ...spec.also];
  if (texts.length > MANY_POINTS) warnings.push({ code: 'many-points', function: spec.function });
  for (const text of texts) {
    const point = parsePoint(text);
    if (point === null) continue;
    const hot =
      point.kind === 'tracepoint'
        ? HOT_TRACEPOINTS.find(([, group, names]) => point.group === group && names.test(point.name))?.[0]
        : HOT.find(([, names]) => names.test(point.name))?.[0];
    const code =
      hot ??
      (point.pattern ? 'many-points' : STEPS.get(point.name)?.family === 'any' ? 'every-packet' : undefined);
    if (code !== undefined && !warnings.some((one) => one.code === code && one.function === text))
      warnings.push({ code, function: text });
  }
  return warnings;
}

/**
 * Hits a second of all points of a probe between two readings `seconds` apart, and the counters behind the figure.
 * Null where a point is none of those that a counter tells of: half a figure would only calm.
 */
export function estimateRate(
  spec: Pick<ProbeSpec, 'function' | 'also'>,
  before: Readonly<CounterValues>,
  now: Readonly<CounterValues>,
  seconds: number,
): { readonly perSecond: number; readonly from: readonly string[] } | null {
  if (!(seconds > 0)) return null;
  const from = new Set<string>();
  let count = 0;
  for (const text of [spec.function, ...spec.also]) {
    const name = parsePoint(text)?.name ?? '';
    const names = countersOf(name, now);
    if (names.length === 0) return null;
    for (const counter of names) {
      if (now[counter] === undefined || before[counter] === undefined) return null;
      count += growth(counter, before[counter], now[counter]);
      from.add(counter);
    }
  }
  return { perSecond: count / seconds, from: [...from] };
}

function countersOf(name: string, values: Readonly<CounterValues>): readonly string[] {
  if (Object.hasOwn(COUNTED, name)) return COUNTED[name] ?? [];
  const step = STEPS.get(name);
  if (step?.stage !== 'device' || step.direction === 'forward') return [];
  const column = step.direction === 'receive' ? 'rx_packets' : 'tx_packets';
  return Object.keys(values).filter((key) => key.startsWith('Device.') && key.endsWith(`.${column}`));
}
