/** Why a part of a filter runs where it does. */
const en = {
  'kernel-exact': 'The kernel decides it before anything is sent.',
  'both-points':
    'Some of the functions can decide it in the kernel; what the others send is decided on arrival.',
  'both-expected':
    'Where the expected header verifies, the kernel decides; a header that is elsewhere is found on arrival, so nothing is lost.',
  'arrival-content': 'Decided on arrival, at the offset where the header really is.',
  'arrival-verdict': 'The verdict is given on arrival.',
  'arrival-bpftrace': 'bpftrace cannot express it, so it is decided on arrival.',
  'arrival-tracefs': 'An event filter of tracefs cannot express it, so it is decided on arrival.',
} as const;

export type PartReason = keyof typeof en;

const zhCN: Readonly<Record<PartReason, string>> = {
  'kernel-exact': '在内核中判定，之后才发送。',
  'both-points': '部分函数可在内核中判定；其余的在到达后判定。',
  'both-expected': '期望的头部验证无误时由内核判定；位于别处的头部在到达后查找，因此不会漏掉。',
  'arrival-content': '到达后判定，按头部真正所在的偏移。',
  'arrival-verdict': '结论在到达后给出。',
  'arrival-bpftrace': 'bpftrace 无法表达，因此在到达后判定。',
  'arrival-tracefs': 'tracefs 的事件过滤器无法表达，因此在到达后判定。',
};

export function partText(reason: PartReason, locale: 'en' | 'zh-CN'): string {
  return (locale === 'en' ? en : zhCN)[reason];
}
