import type { capture as en } from '../en/capture.ts';

export const capture: Readonly<Record<keyof typeof en, string>> = {
  'capture.kind': '抓包文件（.pcap、.pcapng）',
  'capture.label': '抓包文件',
  'capture.reading': '正在读取… {percent} %',
  'capture.packets.one': '{count} 个包',
  'capture.packets.other': '{count} 个包',
  'capture.more': '显示前 {shown} 个',
  'capture.expect': '预期',
  'capture.auto': '链路类型所声明的',
  'capture.close': '关闭文件',
  'capture.problem.not-a-capture': '这不是 pcap 或 pcapng 文件。',
  'capture.problem.compressed-capture': '文件已压缩：请先解压。',
  'capture.problem.capture-truncated': '文件在第 {offset} 字节处的记录中间中断。此前的内容均已读取。',
  'capture.problem.capture-damaged': '文件在第 {offset} 字节处损坏。此前的内容均已读取。',
  'capture.problem.packet-too-large': '第 {offset} 字节处的包声称的长度不合理。此前的内容均已读取。',
  'capture.problem.unknown-interface': '第 {offset} 字节处的包所属接口在文件中没有描述。此前的内容均已读取。',
};
