import type { device as en } from '../en/device.ts';

export const device: Readonly<Record<keyof typeof en, string>> = {
  'device.title': '是谁造成的？',
  'device.look': '查看 {device} 背后',
  'device.again': '再看一次',
  'device.looking': '正在逐个命名空间询问那里的 ip、tc 和 bpftool…',
  'device.gone': '网络命名空间 {netns} 中已没有设备 {ifindex}。',
  'device.programs': '程序',
  'device.noPrograms': '没有 BPF 程序',
  'device.unnamed': '无名',
  'device.qdiscs': '排队规则',
  'device.tunnel': '隧道',
  'device.others': '本机上可能将它送到这里的其他设备',
  'device.noOthers': '没有其他设备带有 BPF 程序：写入此帧的可能是某个进程，或对端的另一台主机。',
  'device.otherEnd': '此隧道的另一端',
  'device.in': '命名空间 {netns}',
  'device.looked': '已查看 {of} 个网络命名空间中的 {looked} 个。',
  'device.missing': '不存在或无法使用：{tools}；结果有缺漏。',
  'device.commands': '命令',
  'device.redirect.removed':
    '在内核 {kernel} 上，tc 的 bpf_redirect 送往 {arphrd} 前会去掉以太网头；通用 XDP 的从不去掉。',
  'device.redirect.kept': '在内核 {kernel} 上，bpf_redirect 送往 {arphrd} 前保留以太网头。',
  'device.redirect.depends':
    '在内核 {kernel} 上，tc 的 bpf_redirect 送往 {arphrd} 前是否去掉以太网头取决于其稳定版补丁；通用 XDP 从不去掉。',
  'device.redirect.unknown': '不清楚在内核 {kernel} 上 bpf_redirect 送往 {arphrd} 前是否去掉以太网头。',
};
