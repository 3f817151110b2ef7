/** Functions that the kernel or a tracer treats by name. */

/**
 * Refused for any BPF trampoline, as the trampoline itself calls them: btf_id_deny, kernel/bpf/verifier.c.
 */
export const trampolineDenied: ReadonlySet<string> = new Set([
  'migrate_disable',
  'migrate_enable',
  '__migrate_enable',
  '___migrate_enable',
  'rcu_read_unlock_strict',
  'preempt_count_add',
  'preempt_count_sub',
  '__rcu_read_lock',
  '__rcu_read_unlock',
]);

/**
 * They never return: fexit is refused since 6.15 (noreturn_deny, kernel/bpf/verifier.c), and before would
 * leak its trampoline.
 */
export const neverReturns: ReadonlySet<string> = new Set([
  '__ia32_sys_exit',
  '__ia32_sys_exit_group',
  '__x64_sys_exit',
  '__x64_sys_exit_group',
  '__kunit_abort',
  'kunit_try_catch_throw',
  '__module_put_and_kthread_exit',
  'do_exit',
  'do_group_exit',
  'kthread_complete_and_exit',
  'kthread_exit',
  'make_task_dead',
]);

/** Left out by bpftrace, as tracing them has hung machines. */
export function isHiddenByBpftrace(name: string): boolean {
  return (
    name.startsWith('rcu_') ||
    name === 'arch_cpu_idle' ||
    name === 'default_idle' ||
    name === 'bpf_dispatcher_xdp_func'
  );
}

/**
 * Called by tracers themselves: a probe there may be hit while another runs (RECURSIVE_KERNEL_FUNCS of
 * bpftrace).
 */
export const recursionRisks: ReadonlySet<string> = new Set([
  '_raw_spin_lock',
  '_raw_spin_lock_irqsave',
  '_raw_spin_unlock_irqrestore',
  'queued_spin_lock_slowpath',
]);

const tracepointPrefixes = [
  '__traceiter_',
  '__probestub_',
  '__bpf_trace_',
  'perf_trace_',
  'do_perf_trace_',
  'trace_event_raw_event_',
  'do_trace_event_raw_event_',
  'trace_event_get_offsets_',
  'trace_raw_output_',
];

/** Code the tracepoint macros make; ftrace leaves it alone. */
export function isTracepointGlue(name: string): boolean {
  return tracepointPrefixes.some((prefix) => name.startsWith(prefix));
}
