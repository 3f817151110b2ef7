import type { cost as en } from '../en/cost.ts';

export const cost: Readonly<Record<keyof typeof en, string>> = {
  'cost.label': '代价',
  'cost.ask': '它会被命中多少次？',
  'cost.asking': '正在计数一秒…',
  'cost.again': '再次计数',
  'cost.rate': '目前每秒约命中 {rate} 次，依据 {from}。',
  'cost.unknown': '没有内核计数器能说明它运行的频率。',
  'cost.warning.scheduler': '每次任务切换都会运行：在此处探测会拖慢整台主机。',
  'cost.warning.allocator': '每次内存分配都会运行：在此处探测会拖慢整台主机。',
  'cost.warning.locks': '每次加锁都会运行：在此处探测会拖慢整台主机，并可能自我触发。',
  'cost.warning.time': '每次读取时间都会运行：在此处探测会拖慢整台主机。',
  'cost.warning.every-packet': '会看到所有协议的每个数据包。',
  'cost.warning.interrupts': '每次中断或系统调用都会运行：在此处探测会拖慢整台主机。',
  'cost.warning.many-points': '代表许多函数：附着耗时长，且每一个都有代价。',

  'load.load': '负载',
  'load.loadAbout': '目标的平均负载，附着时为 {before}；{cpus} 个 CPU。急剧上升时探针会自动结束。',
  'load.ours': '我们的 CPU',
  'load.oursAbout': '我们在那里的进程占一个 CPU 的百分比，不含探针的内核部分。全部 CPU：{busy} % 忙。',
};
