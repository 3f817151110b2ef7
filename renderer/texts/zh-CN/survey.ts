import type { survey as en } from '../en/survey.ts';

export const survey: Readonly<Record<keyof typeof en, string>> = {
  none: '无',
  btf: '/sys/kernel/btf/vmlinux，{bytes} 字节',
  btfRemedy: '内核需要 CONFIG_DEBUG_INFO_BTF=y。',
  architectureRemedy: '只在 x86_64 上试过；不支持大端目标。',
  uidSaid: 'uid {uid}；bpftrace 说：{said}',
  uidCapable: 'uid {uid}，bpftrace 不需要 root 也能工作',
  uid: 'uid {uid}（不是 root）',
  capabilitiesRemedy:
    '请给该登录 CAP_BPF、CAP_PERFMON、CAP_DAC_READ_SEARCH 和 CAP_DAC_OVERRIDE，或者以 root 或有 sudo 或 doas 的用户连接。',
  paranoidRemedy: '请将 kernel.perf_event_paranoid 设为 2 或更低，或者以 root 或有 sudo 或 doas 的用户连接。',
  rootRemedy: '跟踪需要 root：请以 root 或有 sudo 或 doas 的用户连接。',
  rootOnlyRemedy: '这个 bpftrace 只能以 root 运行：请以 root 或有 sudo 或 doas 的用户连接。',
  bpftrace: '{version}，BTF 探针称为 {name}',
  bpftraceRemedy: '请在目标上安装：apt install bpftrace。',
  bpftraceOldRemedy: '比试过的最旧版本（0.17）还旧。',
  notReadable: '不可读',
  tracefsRemedy: '请挂载：mount -t tracefs tracefs /sys/kernel/tracing。',
  lockdownRemedy: '跟踪被拒绝：启动时请不要使用 lockdown=confidentiality。',
  integrityRemedy: 'kprobe 可能被拒绝；BTF 探针通常可用。',
  notBuiltIn: '未编入内核',
  unknown: '未知',
  ownTrafficRemedy: 'sshd 没有给出 SSH_CONNECTION：无法把我们自己的包排除在探针之外；速率限制仍然有效。',
};
