import type { counters as en } from '../en/counters.ts';

export const counters: Readonly<Record<keyof typeof en, string>> = {
  'counters.title': '计数器',
  'counters.about': '来自 {host} 的 /proc/net/snmp，每秒一次。',
  'counters.inHdrErrors': '因 IP 头错误而丢弃的数据包',
  'counters.value': '当前',
  'counters.delta': '自开始观察以来',
  'counters.rate': '每秒',
  'counters.name': '计数器',
  'counters.chart': '每秒 InHdrErrors',
  'counters.waiting': '正在读取计数器…',
  'counters.moving': '仅显示变化的',
  'counters.table': 'Ip 与 Icmp 计数器',
  'counters.again': '重新观察',
  'counters.stillNone': '自开始观察以来没有计数器变化。',
  'counters.steady': '自开始观察以来没有变化。',
  'counters.growing': '正在增长：用“IP 头错误”过滤探测 ip_rcv_core，看看是哪些数据包。',
  'counters.probe': '探测 ip_rcv_core',
};
