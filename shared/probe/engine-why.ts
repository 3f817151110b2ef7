/** Why an engine runs a probe: an entry of this catalogue with its blanks filled in. */
export interface EngineWhy {
  readonly code: EngineWhyCode;
  readonly values: Readonly<Record<string, string>>;
  /** The English sentence. */
  readonly text: string;
}

const en = {
  trampolines:
    'bpftrace {version} and BTF are there: a trampoline probe is the cheapest and sees typed arguments',
  kprobe: 'bpftrace {version} puts a kprobe on {function}: {message}',
  'kprobe-asked': 'bpftrace {version} puts the kprobe that was asked for; a trampoline would cost less',
  tracepoint: 'bpftrace {version} is there and reads tracepoints with their fields',
  'no-bpftrace': 'bpftrace is not there; tracefs needs nothing but root',
  'bpftrace-cannot': 'bpftrace cannot attach to {function} ({message}); tracefs can',
  asked: '{engine} was asked for',
} as const;

export type EngineWhyCode = keyof typeof en;

const zhCN: Record<EngineWhyCode, string> = {
  trampolines: '目标上有 bpftrace {version} 和 BTF：trampoline 探针开销最小，并能看到带类型的参数',
  kprobe: 'bpftrace {version} 在 {function} 上放置 kprobe：{message}',
  'kprobe-asked': 'bpftrace {version} 放置所要求的 kprobe；trampoline 的开销更小',
  tracepoint: '目标上有 bpftrace {version}，它能按字段读取 tracepoint',
  'no-bpftrace': '目标上没有 bpftrace；tracefs 只需要 root',
  'bpftrace-cannot': 'bpftrace 无法附着到 {function}（{message}）；tracefs 可以',
  asked: '按要求使用 {engine}',
};

export function engineWhy(code: EngineWhyCode, values: Readonly<Record<string, string>>): EngineWhy {
  return { code, values, text: fill(en[code], values) };
}

/** The sentence in the reader's language. */
export function engineWhyText(why: EngineWhy, locale: 'en' | 'zh-CN'): string {
  return fill((locale === 'en' ? en : zhCN)[why.code], why.values);
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
