/** Part of the catalogue (failure-texts.ts): bpftrace, BTF, functions and probes. */
export const traceTexts = {
  'bpftrace-missing': {
    message: '{host} has no bpftrace.',
    remedy: 'Install it there: apt install bpftrace.',
  },
  'not-privileged': {
    message: '{user}@{host} may not trace the kernel: {message}.',
    remedy: 'Connect as root or as a user with sudo.',
  },
  'kernel-locked-down': {
    message: 'The kernel of {host} is locked down ({mode}): it refuses tracing even to root.',
    remedy: 'Boot without lockdown=confidentiality (Secure Boot may set it).',
  },
  'btf-missing': {
    message: '{host} has no /sys/kernel/btf/vmlinux.',
    remedy: 'Its kernel was built without CONFIG_DEBUG_INFO_BTF: use a kernel with BTF.',
  },
  'btf-damaged': {
    message: 'The BTF of {origin} cannot be read: {message}.',
    remedy: 'Fetch it again; if it stays so, report it with the file.',
  },
  'btf-only': {
    message: 'This is a BTF file without a host: functions and structs can be looked at, nothing can run.',
    remedy: 'Connect to a host to probe there.',
  },
  'btf-section-missing': {
    message: '{file} is an ELF file without a .BTF section.',
    remedy:
      'Give a vmlinux or module built with CONFIG_DEBUG_INFO_BTF, or a copy of /sys/kernel/btf/vmlinux; compressed kernels and modules are to be unpacked first.',
  },
  'btf-too-large': {
    message: '{file} is too large to be opened here: {bytes} bytes packed, {limit} are taken.',
    remedy: 'Use the command line: skblens functions --btf FILE, skblens struct --btf FILE NAME.',
  },
  'btf-download-damaged': {
    message: 'The BTF of {host} did not arrive whole: {message}.',
    remedy: 'A module may have been loaded or removed meanwhile: try again.',
  },
  'struct-unknown': {
    message: 'There is no struct, union, enum or typedef "{name}" in the BTF of {origin}.',
    remedy: 'Check the spelling; an enum is written: enum NAME.',
  },
  'function-not-attachable': {
    message: '{function} cannot be probed on {host}: {message}',
    remedy: 'Choose another function on the same path; its neighbours stand beside it in the list.',
  },
  'function-unknown': {
    message:
      '{function} cannot be probed on {host}: the running kernel has no such function in BTF or among its symbols.',
    remedy: 'Search the function list; compilers inline some functions, or rename them (.constprop, .isra).',
  },
  'function-misspelt': {
    message: '{function} cannot be probed: the kernel of {host} has no such function. Near to it: {near}.',
    remedy: 'Take one of these, or search the function list.',
  },
  'function-name-invalid': {
    message: '"{function}" is not a kernel function name.',
    remedy: 'Use letters, digits, underscore and dot, or module:function.',
  },
  'function-ambiguous': {
    message: '{function} is the name of several functions: {candidates}.',
    remedy: 'Write module:function, or choose a caller whose name is unique.',
  },
  'too-many-points': {
    message: '{function} means {count} places to attach to; {limit} is the limit.',
    remedy: 'Narrow the pattern, or say that you mean it (--yes): attaching may take minutes.',
  },
  'engine-unfit': {
    message: 'The engine {engine} cannot run this probe: {message}.',
    remedy: 'Leave the choice to skblens (--engine auto), or probe another kind of point.',
  },
  'tracefs-missing': {
    message: '{host} has no tracefs that can be read.',
    remedy: 'Mount it there: mount -t tracefs tracefs /sys/kernel/tracing',
  },
  'tracefs-refused': {
    message: 'The kernel of {host} refused {what}: {message}.',
    remedy: 'Leave the choice of engine to skblens (--engine auto), or probe less at once.',
  },
  'field-unknown': {
    message: 'The field {field} cannot be captured: {message}.',
    remedy:
      'Write it as in C, from an argument of the function on: skb->dev->mtu. The struct view shows the members.',
  },
  'function-without-sk_buff': {
    message: '{function} takes no struct sk_buff, so the filter {filter} has nothing to look at.',
    remedy: 'Probe it without a filter, or choose a function with an sk_buff argument.',
  },
  'filter-invalid': {
    message: 'The filter "{filter}" cannot be used: {message}.',
    remedy: 'What fits there: {known}.',
  },
  'probe-failed': {
    message: 'bpftrace on {host} could not run the probe on {function} (exit status {status}).',
    remedy: 'See what bpftrace said below.',
  },
  'probe-refused': {
    message: 'bpftrace on {host} refused {part}: {message}.',
    remedy: 'Change that part of the probe; what bpftrace said in full is below.',
  },
  'probe-killed': {
    message: '{engine} on {host} was killed by {signal} while it probed {function}.',
    remedy: 'Someone ended it there, or the kernel ran out of memory (dmesg tells): nothing of it is left.',
  },
  'probe-stream-damaged': {
    message: 'The stream of the probe held {count} lines that are not records of skblens.',
    remedy:
      'Something else writes into the output of bpftrace on {host}; the events shown are complete records.',
  },
  'namespace-gone': {
    message: '{host} has no network namespace {inode} any more.',
    remedy: 'Choose another one: nothing holds it, neither a process nor a file under /run/netns.',
  },
  'run-unknown': { message: 'There is no running probe {run}.', remedy: 'Start it again.' },
} as const;

export const traceTextsZhCN = {
  'bpftrace-missing': {
    message: '{host} 没有 bpftrace。',
    remedy: '请在那里安装：apt install bpftrace。',
  },
  'not-privileged': {
    message: '{user}@{host} 无权跟踪内核：{message}。',
    remedy: '请以 root 或有 sudo 的用户连接。',
  },
  'kernel-locked-down': {
    message: '{host} 的内核处于 lockdown({mode}):即使 root 也不能跟踪。',
    remedy: '启动时不要使用 lockdown=confidentiality(Secure Boot 可能会设置它)。',
  },
  'btf-missing': {
    message: '{host} 没有 /sys/kernel/btf/vmlinux。',
    remedy: '其内核未启用 CONFIG_DEBUG_INFO_BTF：请使用带 BTF 的内核。',
  },
  'btf-damaged': {
    message: '无法读取 {origin} 的 BTF：{message}。',
    remedy: '请重新获取；若仍如此，请连同文件一起报告。',
  },
  'btf-only': {
    message: '这是没有主机的 BTF 文件：可以查看函数和结构体，但不能运行任何东西。',
    remedy: '请连接到主机，在那里探测。',
  },
  'btf-section-missing': {
    message: '{file} 是没有 .BTF 节的 ELF 文件。',
    remedy:
      '请提供以 CONFIG_DEBUG_INFO_BTF 构建的 vmlinux 或模块，或 /sys/kernel/btf/vmlinux 的副本；压缩的内核和模块须先解压。',
  },
  'btf-too-large': {
    message: '{file} 太大，无法在此打开：压缩后 {bytes} 字节，上限为 {limit}。',
    remedy: '请使用命令行：skblens functions --btf FILE，skblens struct --btf FILE NAME。',
  },
  'btf-download-damaged': {
    message: '{host} 的 BTF 未完整到达：{message}。',
    remedy: '其间可能有模块被加载或移除：请重试。',
  },
  'struct-unknown': {
    message: '{origin} 的 BTF 中没有名为“{name}”的 struct、union、enum 或 typedef。',
    remedy: '请检查拼写；枚举写作 enum NAME。',
  },
  'function-not-attachable': {
    message: '{host} 上无法探测 {function}：{message}',
    remedy: '请选择同一路径上的其他函数；列表中它的邻居就在旁边。',
  },
  'function-unknown': {
    message: '{host} 上无法探测 {function}：运行内核的 BTF 和符号表中都没有该函数。',
    remedy: '请搜索函数列表；编译器会内联某些函数，或将其改名（.constprop、.isra）。',
  },
  'function-misspelt': {
    message: '无法探测 {function}：{host} 的内核没有该函数。相近的有：{near}。',
    remedy: '请选用其中之一，或搜索函数列表。',
  },
  'function-name-invalid': {
    message: '“{function}”不是内核函数名。',
    remedy: '使用字母、数字、下划线和点，或 module:function。',
  },
  'function-ambiguous': {
    message: '{function} 是多个函数的名字：{candidates}。',
    remedy: '请写成 module:function，或选择一个名字唯一的调用者。',
  },
  'too-many-points': {
    message: '{function} 意味着要附着到 {count} 处；上限为 {limit}。',
    remedy: '请缩小模式的范围，或确认这正是你的意思（--yes）：附着可能需要数分钟。',
  },
  'engine-unfit': {
    message: '引擎 {engine} 无法运行此探针：{message}。',
    remedy: '请让 skblens 自行选择（--engine auto），或探测另一类探测点。',
  },
  'tracefs-missing': {
    message: '{host} 没有可读的 tracefs。',
    remedy: '请在那里挂载：mount -t tracefs tracefs /sys/kernel/tracing',
  },
  'tracefs-refused': {
    message: '{host} 的内核拒绝了 {what}：{message}。',
    remedy: '请让 skblens 自行选择引擎（--engine auto），或一次少探测一些。',
  },
  'field-unknown': {
    message: '无法捕获字段 {field}：{message}。',
    remedy: '请像 C 那样从函数的参数写起：skb->dev->mtu。结构体视图列出了成员。',
  },
  'function-without-sk_buff': {
    message: '{function} 没有 struct sk_buff 参数，过滤器 {filter} 无从判断。',
    remedy: '不带过滤器探测，或选择带 sk_buff 参数的函数。',
  },
  'filter-invalid': { message: '过滤器“{filter}”不可用：{message}。', remedy: '此处可用：{known}。' },
  'probe-failed': {
    message: '{host} 上的 bpftrace 无法运行对 {function} 的探针（退出状态 {status}）。',
    remedy: '下面是 bpftrace 的原话。',
  },
  'probe-refused': {
    message: '{host} 上的 bpftrace 拒绝了 {part}：{message}。',
    remedy: '请修改探针的这一部分；bpftrace 的完整原话在下面。',
  },
  'probe-killed': {
    message: '{host} 上的 {engine} 在探测 {function} 时被 {signal} 终止。',
    remedy: '有人在那里结束了它，或内核内存不足（见 dmesg）：没有留下任何东西。',
  },
  'probe-stream-damaged': {
    message: '探针的数据流中有 {count} 行不是 skblens 的记录。',
    remedy: '{host} 上有其他东西写入了 bpftrace 的输出；已显示的事件都是完整记录。',
  },
  'namespace-gone': {
    message: '{host} 上已没有网络命名空间 {inode}。',
    remedy: '请另选一个：没有任何进程或 /run/netns 下的文件再持有它。',
  },
  'run-unknown': { message: '没有正在运行的探针 {run}。', remedy: '请重新启动。' },
} as const satisfies Record<keyof typeof traceTexts, { message: string; remedy: string }>;
